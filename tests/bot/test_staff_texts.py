"""What staff read by SMS: two segments at most, whatever their names are and however long a date is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from bot import listing, moments, phrases, segments
from bot.phrases import Phrase, catalogue
from bot.voice import SHORT, Voice, shorter
from tests.bot.test_phrases import fields

ENGLISH = catalogue("en")
LANGUAGES = phrases.languages()
HOME = ZoneInfo("Europe/Kyiv")
LINE = Voice("Greenroom", HOME)
EVENINGS = [datetime(2026, 1, 1, 20, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
NAMES = ("Bartholomew Fairweat", "María Martínez Pérez", "Олександра Ковальчук")
"""Twenty letters; one that is not in the alphabet of SMS costs the whole text its plain letters. Names are what an
admin calls people, so each stands in texts of every language."""

NOT_SENT = ("page.", "calendar.", "button.", "length.", "colleagues.", "medium.", "what.", "found.", "why.")
"""Pieces of texts, and what no phone of staff shows."""
WORDS_OF_DATES = tuple(
    place for place in ENGLISH if place.startswith("when.") and place not in ("when.how", "when.which")
)
THEIRS = ("speaker.", "edited", "missed", "not.sent")
"""These carry somebody's own words: they are as long as those."""

LONGER = {
    "key.asked.approve": "a fingerprint to be read aloud, and what to do in either case: once in a year",
    "key.asked": "a fingerprint, and what to do in either case: once in a year",
    "key.ended.few": "a fingerprint and the danger: once in a year",
    "reveal.asked": "who asks, why, and both answers: it must not be half understood",
}
"""What takes three segments or more in some language or with some name, and why it may."""


TAKES = ("cover.take", "cover.take.admin")
OTHERS = ("cover.others", "cover.others.drop", "cover.others.none", "cover.others.told")
TO_ADMINS = ("cover.others", "cover.others.none")
"""How {asked} ends a text that says to admins what they can do."""

LABELS = ("gaps.of.on.call", "gaps.of.backup")


def longest(said: list[str]) -> str:
    return max(said, key=lambda text: segments.count(segments.plain(text)).units)


def others(language: str, places: tuple[str, ...]) -> str:
    return max((phrases.say(place, language, count="12", number="1234") for place in places), key=len)


@cache
def values(language: str, name: str) -> dict[str, str]:
    """The longest that each brace is filled with in earnest."""
    span = longest([moments.span(at, at + timedelta(hours=9), HOME, language) for at in EVENINGS])
    moment = longest([moments.moment(at, HOME, language) for at in EVENINGS])
    people = dict.fromkeys(("name", "by", "taker", "giver"), name)
    spans = dict.fromkeys(("span", "back", "gained", "lost", "items", "choices"), span)
    small = dict.fromkeys(("count", "open", "most", "colleagues", "gaps"), "12")
    return {
        **people,
        **spans,
        **small,
        "at": moment,
        "until": moment,
        "shifts": f"{span}, {phrases.say('and.more', language, count='12')}",
        "names": f"{name}, {name}",
        "missing": ": ".join((longest([phrases.say(place, language) for place in LABELS]), span)),
        "requests": f"123: SWAP {name}, {span}",
        "aways": f"1: {span}",
        "take": " " + max((phrases.say(place, language, number="1234") for place in TAKES), key=len),
        "asked": others(language, OTHERS),
        "number": "48213",
        "hours": "120",
        "all": "168",
        "days": "184",
        "minutes": "120",
        "percent": "100",
        "least": "1",
        "code": "K7R2",
        "codes": "K7R2, M3XA, 7QDW",
        "schedule": "on call",
        "left": "backup",
        "word": "REMOVE",
        "language": "uk",
        "medium": "telegram",
        "country": "Ukraine",
        "prefix": "+1 202 555",
        "reason": "ten pranks in a row",
        "address": "+12025550123",
        "fingerprint": "ABCD EFGH JKLM NPQR",
        "line": "Greenroom",
        "day": "2027-09-30T00:00:00+00:00",
        "time": "2026-09-01T12:00:00+00:00/2026-12-23T12:15:00+00:00",
        "notes": "offer.no.speaker=uk",
        "told": "",
        "why": "unreachable",
        "found": "mail",
        "what": "voice",
    }


def to_staff() -> list[str]:
    """Every text that a phone of staff can show."""
    places = list(ENGLISH)
    return [
        place
        for place in places[places.index("staff.invitation") :]
        if not place.startswith((*NOT_SENT, *THEIRS))
        and place not in WORDS_OF_DATES
        and not place.endswith(SHORT)
    ]


READ_BACK = {
    "cover.sure.for": "COVER",
    "cover.sure.for.nobody": "COVER",
    "cover.sure.by": "COVER",
    "cover.sure.by.away": "COVER",
    "cover.sure.drop": "COVER",
    "plan.add.sure": "ADD",
    "plan.add.sure.away": "ADD",
    "plan.remove.sure": "REMOVE",
    "plan.remove.sure.gap": "REMOVE",
}
"""What is read back to admins in one text with the number to send, and the word of it."""
BOTH = "on call, backup"
BACKUPS = ("cover", "swap.ask", "plan.remove")
"""Texts of which that name which schedule is meant: both where it is read back, else the backup."""


def told(place: str) -> list[str]:
    """The sentences that its brace {told} can be."""
    kind = place.split(".")[0]
    return [one for one in ENGLISH if one.startswith(f"{kind}.told." if kind == "card" else f"{kind}.")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_to_staff_is_two_segments_at_most(language: str, name: str) -> None:
    """Each more is money at every shift of everybody; a longer one says here why."""
    filled = values(language, name)
    over = set()
    for place in to_staff():
        names = fields(ENGLISH[place])
        for sentence in told(place) if "told" in names else [""]:
            said = {one: filled[one] for one in names} | ({"told": sentence} if sentence else {})
            if {"asked", "take"} <= set(names):
                said["asked"] = others(language, TO_ADMINS)
            if "span" in said and place.startswith(BACKUPS) and place not in READ_BACK:
                said["span"] += f" ({BOTH if place.startswith('cover.sure') else 'backup'})"
            if place == "cover.not.on":
                said["shifts"] = ", ".join(listing.within([filled["span"]] * 3))
            text = LINE.say(Phrase(place, said), language, country="UA")
            assert "{" not in text
            assert ".." not in text, text
            if segments.staff(text) > listing.MOST:
                over.add(place)
    for sure, word in READ_BACK.items():
        both = [
            Phrase(place, {one: filled[one] for one in fields(ENGLISH[place])} | {"word": word})
            for place in (sure, "sure.echo")
        ]
        if sure.startswith(BACKUPS):
            both[0].arguments["span"] += f" ({BOTH})"
        text = " ".join(LINE.say(one, language) for one in both)
        if segments.staff(text) > listing.MOST:
            text = " ".join(LINE.say(shorter(one), language) for one in both)
        if segments.staff(text) > listing.MOST:
            over.add(sure)
    assert over <= LONGER.keys()


def said(place: str, language: str, name: str) -> str:
    """With the schedules that are meant, where that is said."""
    filled = values(language, name)
    span = f"{filled['span']} ({BOTH})" if place.startswith(BACKUPS) else filled["span"]
    return f" {phrases.say(place, language, **filled | {'span': span})}" if place else ""


@pytest.mark.parametrize("place", [place.removesuffix(SHORT) for place in ENGLISH if place.endswith(SHORT)])
def test_a_shorter_form_is_said_somewhere(place: str) -> None:
    """Where the longer one takes three segments; it needs nothing that whoever says that did not give."""
    assert fields(ENGLISH[place + SHORT]) <= fields(ENGLISH[place])
    behind = "sure.echo" if place in READ_BACK else "cover.sure.by" if place == "sure.echo" else ""
    assert any(
        segments.staff(said(place, language, name) + said(behind, language, name)) > listing.MOST
        for language in LANGUAGES
        for name in NAMES
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_ends_where_two_segments_do(language: str) -> None:
    """And says how many more there are; of what fits none is left out."""
    span = values(language, "Bo")["span"]

    def whole(listed: str) -> str:
        return LINE.say(Phrase("next", {"shifts": listed}), language)

    for many in range(1, 15):
        listed = listing.fitting([span] * many, whole, lambda left: f"+{left}")
        assert segments.staff(whole(listed)) <= listing.MOST
        shown = listed.count(span)
        assert listed.endswith(f"+{many - shown}" if shown < many else span)
        assert segments.staff(whole(", ".join([span] * many))) > listing.MOST or shown == many


def test_a_number_of_colleagues_has_its_form() -> None:
    """Ukrainian has one for 21 and another for 11."""
    forms = {1: "1 колегу", 2: "2 колег", 5: "5 колег", 11: "11 колег", 21: "21 колегу"}
    for count, said in forms.items():
        assert said in LINE.say(Phrase("cover.sure", {"span": "-", "colleagues": str(count)}), "uk")
    assert "asks 1 colleague," in LINE.say(Phrase("cover.sure", {"span": "-", "colleagues": "1"}), "en")
