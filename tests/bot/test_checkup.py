"""Every rule of the check-up, both ways: a line in good order, and the same with one thing wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot import checkup, facts
from bot.facts import Facts, Folder, Page, Schema, Seen, Trouble
from bot.findings import Finding, Level
from bot.people import Medium, Role, Staff, StaffId, Standing
from bot.redact import Secret
from bot.rota import Unit
from bot.settings import Config
from bot.windows import Window
from tests.bot.cast import ALMA, BO, CHARLIE, SAM, person
from tests.bot.checkup_cast import (
    CONFIG,
    GOOD,
    KEYS,
    NOW,
    NUMBER,
    OURS,
    OUTSIDE,
    PEOPLE,
    PUBLIC,
    STAFF,
    TEXTERS,
    found,
    layer,
    new,
    rota_of,
    set_up,
)


def only(given: Facts, level: Level, subject: str, *words: str) -> Finding:
    """The one finding that the change has brought, besides findings that are good."""
    one, *others = [f for f in new(given) if f.level is not Level.OK]
    assert not others, others
    assert (one.level, one.subject) == (level, subject)
    assert all(word in f"{one.finding} {one.cure}" for word in words), one
    assert one.cure
    return one


def configured(config: Config) -> Facts:
    return replace(GOOD, config=config)


def people(*staff: Staff, **more: Any) -> Facts:
    return replace(GOOD, line=facts.Line(people=staff, rota=more.pop("rota", PEOPLE.rota)), **more)


def outside(**changes: Any) -> Facts:
    return replace(GOOD, outside=replace(OUTSIDE, **changes))


def numbered(**changes: Any) -> Facts:
    """The second of our numbers is set otherwise."""
    return outside(twilio=facts.Twilio(seen=Seen.WELL, numbers=(NUMBER, replace(NUMBER, **changes))))


def bots(*, texters: facts.Bot = TEXTERS, staff: facts.Bot = STAFF) -> Facts:
    return outside(bots={"texters": texters, "staff": staff})


def worded(*words: tuple[str, str]) -> facts.Bot:
    return replace(TEXTERS, words=tuple((place, Secret(text)) for place, text in words))


# --- a line in good order


def test_a_line_in_good_order() -> None:
    """Nothing fails; what only a person can look up is said all the same."""
    assert [f.subject for f in found(GOOD)] == []
    assert {f.subject for f in found(GOOD, Level.REMINDER)} == {"sms", "sms.messaging_service"}
    good = {f.subject for f in found(GOOD, Level.OK)}
    assert good >= {"secrets", "database", "people", "rota", "clock", "web.public_url", "sms", "sms.numbers"}
    assert good >= {"telegram.texters", "telegram.staff"}


def test_every_finding_is_one_line_with_a_cure() -> None:
    """Whatever is found, a person can read it and do something about it."""
    broken = replace(
        people(person(1, "Alma", standing=Standing.DEAD), rota=None),
        config=set_up(web={"public_url": "https://line.example.org"}),
        outside=None,
        beside=("keys.keyring",),
    )
    for finding in (*checkup.findings(GOOD), *checkup.findings(broken)):
        assert "\n" not in finding.finding + finding.cure
        assert finding.finding.endswith(".")
        assert bool(finding.cure) == (finding.level is not Level.OK)


# --- keys and the trail


def with_keys(*keys: facts.HeldKey, trail: bool = True) -> facts.Facts:
    return replace(GOOD, line=replace(PEOPLE, keys=keys, trail=trail))


def test_epoch_keys_that_are_overdue() -> None:
    """While the line is down nobody changes them: that is said, with what it means."""
    late = replace(PEOPLE, rotation=NOW - timedelta(minutes=11))
    only(replace(GOOD, line=late), Level.WARNING, "keys", "old backup", "greenroom keys rotate")
    soon = replace(PEOPLE, rotation=NOW - timedelta(minutes=9))
    assert found(replace(GOOD, line=soon)) == found(GOOD)


def test_hosts_that_are_silent_since_the_keys_changed() -> None:
    """One that is switched off keeps the old keys: when it was heard of last tells which one it is."""
    away = replace(PEOPLE, silent=(NOW,))
    only(replace(GOOD, line=away), Level.WARNING, "keys", f"{NOW:%Y-%m-%d %H:%M} UTC", "destroy that file")


def test_copies_that_nobody_asks_carriers_to_delete() -> None:
    """While the line is down, or its channel is gone from the configuration, they stay where they are."""
    late = replace(PEOPLE, overdue=7)
    only(replace(GOOD, line=late), Level.WARNING, "carriers", "7 messages", "Start the line")


def test_fewer_than_two_keys() -> None:
    """Nothing can be sealed then; a proposed key, or one of somebody who is no supervisor, is none."""
    for keys in ((), KEYS[:1], (KEYS[0], replace(KEYS[0], counts=False))):
        only(with_keys(*keys), Level.WARNING, "supervisor keys", "24 hours", "staff key new")
    stray = found(with_keys(KEYS[0], replace(KEYS[0], owner=ALMA.id)))
    assert [one.subject for one in stray] == ["supervisor keys"] * 2
    assert "staff key end" in stray[1].cure


def test_a_key_of_last_year() -> None:
    """Yearly, new seals only."""
    old = replace(KEYS[0], since=(NOW - timedelta(days=400)).date())
    only(with_keys(*KEYS, old), Level.WARNING, "supervisor keys", "1 keys are older than a year")


def test_a_broken_trail() -> None:
    """Somebody has been at the database."""
    only(with_keys(*KEYS, trail=False), Level.FAIL, "audit", "changed, moved or taken out", "greenroom audit")


# --- this machine


def test_no_channel_at_all() -> None:
    """Nobody could write to it."""
    lonely = replace(GOOD, config=set_up(sms=None, telegram=None), outside=facts.Outside(), line=None)
    only(lonely, Level.FAIL, "channels", "[sms]", "[telegram]")


@pytest.mark.parametrize("host", ["line.example.org", "example.com", "a.b.example.net"])
def test_an_address_of_the_example(host: str) -> None:
    """Reserved names lead nowhere; without a carrier that calls us it does not matter."""
    example = set_up(web={"public_url": f"https://{host}"})
    assert "web.public_url" in [f.subject for f in found(replace(configured(example), outside=None))]
    polling = set_up(web={"public_url": f"https://{host}"}, sms=None)
    assert "web.public_url" not in [f.subject for f in found(replace(configured(polling), outside=None))]


def test_an_account_of_the_example() -> None:
    """AC and 32 zeros is nobody's."""
    only(configured(set_up(sms={"account_sid": "AC" + "0" * 32})), Level.FAIL, "sms.account_sid")


def test_a_missing_secret() -> None:
    """The trouble is told as the start would tell it, the key's name once."""
    trouble = Trouble("sms.auth_token: the file /keys/twilio does not exist.", "Write the secret there.")
    finding = only(
        replace(GOOD, secrets={**GOOD.secrets, "sms.auth_token": trouble}), Level.FAIL, "sms.auth_token"
    )
    assert finding.finding == "The file /keys/twilio does not exist."
    assert not any(f.subject == "secrets" for f in checkup.findings(replace(GOOD, secrets={"x": trouble})))


def test_root_and_pepper_are_the_same() -> None:
    """Two files with one key in them."""
    only(replace(GOOD, alike=(("keys.root", "keys.pepper"),)), Level.FAIL, "keys.pepper", "same")


@pytest.mark.parametrize("key", ["keys.keyring", "keys.root"])
def test_a_key_in_the_folder_of_the_database(key: str) -> None:
    """One copied folder would open everything."""
    only(replace(GOOD, beside=(key,)), Level.FAIL, key, "folder")


@pytest.mark.parametrize(
    ("mode", "level"),
    [(0o700, None), (0o500, None), (0o750, Level.WARNING), (0o755, Level.WARNING), (0o770, Level.FAIL),
     (0o722, Level.FAIL), (0o777, Level.FAIL)],
)  # fmt: skip
def test_folders_of_others(mode: int, level: Level | None) -> None:
    """Looking in is bad, writing is worse."""
    given = replace(GOOD, folders=(Folder("keys", Path("/keys"), mode),))
    if level is None:
        assert new(given) == []
    else:
        only(given, level, "folders", "/keys", "chmod 700")


def test_a_setting_without_effect() -> None:
    """She has set it and believes in it."""
    only(configured(set_up(policy={"minors": "ask"})), Level.WARNING, "policy.minors", "no effect")


@pytest.mark.parametrize("schema", [s for s in Schema if s is not Schema.CURRENT])
def test_a_database_that_cannot_be_used(schema: Schema) -> None:
    """Missing, old, newer, away, or locked: each with its own cure."""
    only(replace(GOOD, schema=schema, line=None), Level.FAIL, "database")


def test_a_database_that_was_not_looked_at() -> None:
    """Without keys nothing is known about people, and that is said."""
    only(replace(GOOD, schema=None, line=None), Level.WARNING, "database", "secrets")


# --- people and rota


def test_nobody_works_here() -> None:
    """An admin and nobody else."""
    given = people(CHARLIE)
    assert [f.finding for f in new(given) if f.subject == "people" and f.level is Level.FAIL] == [
        "Nobody here takes conversations."
    ]


def test_nobody_has_joined() -> None:
    """Invited is not joined."""
    given = people(*(replace(p, contacts=person(p.id, p.name, standing=Standing.INVITED).contacts)
                     for p in (ALMA, BO, SAM)))  # fmt: skip
    said = [f.finding for f in new(given) if f.subject == "people"]
    assert "None of the 3 people who take conversations can be reached." in said


def test_no_supervisor() -> None:
    """Nobody is left to ask after the counselors."""
    only(people(ALMA, BO), Level.WARNING, "people", "no supervisor")


def test_a_supervisor_who_cannot_be_reached() -> None:
    """She is there on paper."""
    gone = person(3, "Sam", Role.SUPERVISOR, standing=Standing.OPTED_OUT)
    only(people(ALMA, BO, gone), Level.WARNING, "people", "No supervisor can be reached")


def test_no_rota() -> None:
    """Nobody is ever asked."""
    only(people(ALMA, BO, SAM, rota=None), Level.FAIL, "rota", "greenroom rota apply")


def test_a_rota_without_on_call() -> None:
    """The ladder asks that schedule first, by its name."""
    only(people(ALMA, BO, SAM, rota=rota_of(layer(ALMA.id), name="backup")), Level.FAIL, "rota", '"on call"')


def test_nobody_for_two_weeks() -> None:
    """A rota of people who have left: their turns are nobody's."""
    given = people(ALMA, BO, SAM, rota=rota_of(layer(StaffId(99))))
    only(given, Level.FAIL, "rota", "Nobody is on call for the next 14 days")


def test_gaps() -> None:
    """Nights without anybody, the first of them by the line's own clock."""
    days = Window(closes=20 * 60)
    planned = rota_of(layer(ALMA.id, BO.id, unit=Unit.DAY, window=days))
    only(
        people(ALMA, BO, SAM, rota=planned), Level.WARNING, "rota", "Mon 02 Mar 15:00", "greenroom rota gaps"
    )


def test_the_rota_ends_soon() -> None:
    """A gap after the last shift is a gap too."""
    ends = rota_of(layer(ALMA.id, BO.id, until=datetime(2026, 3, 9)))
    finding = only(people(ALMA, BO, SAM, rota=ends), Level.WARNING, "rota")
    assert finding.finding == "Nobody is on call from Sun 08 Mar 20:00 to Mon 16 Mar 08:00."


def test_beyond_two_weeks_is_not_looked_at() -> None:
    """Fourteen days ahead, no more."""
    later = rota_of(layer(ALMA.id, BO.id, until=datetime(2026, 3, 17)))
    assert new(people(ALMA, BO, SAM, rota=later)) == []


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing.INVITED, "1 not joined yet"),
        (Standing.OPTED_OUT, "1 opted out"),
        (Standing.DEAD, "1 blocked the line or gone"),
    ],
)
def test_on_call_alone_and_unreachable(standing: Standing, said: str) -> None:
    """The rota says that somebody is there, and nobody is."""
    lost = person(1, "Alma", standing=standing)
    given = people(lost, BO, SAM, rota=rota_of(layer(ALMA.id)))
    finding = only(given, Level.FAIL, "rota", said, "nobody else is on call for the next 14 days")
    assert "Alma" not in finding.finding + finding.cure


def test_on_call_unreachable_with_company() -> None:
    """Bo is there; Alma's turn is only said."""
    english = person(2, "Bo", languages=("en", "uk"))
    given = people(person(1, "Alma", standing=Standing.DEAD), english, SAM)
    finding = [f for f in new(given) if f.subject == "rota"]
    assert [f.level for f in finding] == [Level.WARNING]
    assert "somebody else is on call" in finding[0].finding


def test_on_call_by_a_channel_that_is_gone() -> None:
    """She joined by Telegram, and the line has none any more."""
    contact = replace(ALMA.contacts[0], medium=Medium.TELEGRAM)
    alma = replace(ALMA, contacts=(contact,))
    given = people(
        alma, BO, SAM, rota=rota_of(layer(ALMA.id)), config=set_up(telegram=None),
        outside=replace(OUTSIDE, bots={}),
    )  # fmt: skip
    said = [f.finding for f in new(given) if f.level is Level.FAIL]
    assert any("not in the configuration" in one for one in said)


def test_a_language_gap() -> None:
    """Two are on, and one language is nobody's."""
    only(people(ALMA, SAM, BO, rota=rota_of(layer(ALMA.id, SAM.id))), Level.WARNING, "rota", "Ukrainian")


def test_a_language_of_somebody_unreachable_is_a_gap() -> None:
    """Bo speaks it, and has blocked the line."""
    lost = person(2, "Bo", languages=("uk", "en"), standing=Standing.DEAD)
    assert any("Ukrainian" in f.finding for f in new(people(ALMA, lost, SAM)))


# --- clock and public address


def test_offline_is_said() -> None:
    """What was not looked at is not passed over."""
    finding = only(replace(GOOD, outside=None), Level.REMINDER, "network", "--offline")
    assert "Twilio" in finding.finding


@pytest.mark.parametrize(
    ("ahead", "said"), [(timedelta(minutes=7), "7 minutes ahead"), (timedelta(hours=-3), "3 hours behind")]
)
def test_a_wrong_clock(ahead: timedelta, said: str) -> None:
    """In either direction, and roughly how much."""
    only(outside(ahead=(ahead,)), Level.FAIL, "clock", said)


def test_one_carriers_wrong_clock_is_not_ours() -> None:
    """The one that is nearest to ours counts."""
    assert new(outside(ahead=(timedelta(hours=1), timedelta(seconds=-3)))) == []


def test_no_time_to_compare_with() -> None:
    """Nobody said what time it is."""
    only(outside(ahead=()), Level.REMINDER, "clock")


@pytest.mark.parametrize(
    ("page", "local", "level", "said"),
    [
        (Page.NOT_READY, Page.NOT_READY, Level.WARNING, "not ready"),
        (Page.NO_NAME, Page.LINE, Level.FAIL, "DNS"),
        (Page.NO_TLS, Page.LINE, Level.FAIL, "certificate"),
        (Page.ELSEWHERE, Page.LINE, Level.FAIL, "redirection"),
        (Page.SOMETHING_ELSE, Page.NOBODY, Level.FAIL, "Something else"),
        (Page.NOBODY, Page.LINE, Level.FAIL, "The line runs here"),
        (Page.NOBODY, Page.NOBODY, Level.WARNING, "greenroom run"),
        (Page.NOBODY, None, Level.WARNING, "greenroom run"),
    ],
)
def test_the_public_address(page: Page, local: Page | None, level: Level, said: str) -> None:
    """Carriers reach this line there, or it is said why not; before the first start nobody is blamed."""
    only(outside(public=page, local=local), level, "web.public_url", said)


def test_an_address_of_this_machine() -> None:
    """From here it looks well; for a stand-in on this machine it is."""
    local = "http://127.0.0.1:8080"
    urls = replace(NUMBER, sms_url=Secret(OURS.replace(PUBLIC, local)))
    twilio = facts.Twilio(seen=Seen.WELL, numbers=(urls, urls))
    given = replace(outside(twilio=twilio), config=set_up(web={"public_url": local}))
    only(given, Level.FAIL, "web.public_url", "no carrier can reach it")
    rehearsed = set_up(web={"public_url": local}, sms={"api_url": "http://127.0.0.1:1"})
    assert new(replace(given, config=rehearsed)) == []


# --- Twilio


@pytest.mark.parametrize(
    ("seen", "code", "subject", "said"),
    [
        (Seen.REFUSED, "20003", "sms.auth_token", "refuses"),
        (Seen.STRANGELY, "20005", "sms", "error 20005"),
        (Seen.NOT_AT_ALL, "", "sms", "cannot be reached"),
    ],
)
def test_an_account_that_does_not_answer_well(seen: Seen, code: str, subject: str, said: str) -> None:
    """Whose fault it is, and Twilio's own number for it."""
    only(outside(twilio=facts.Twilio(seen=seen, code=code)), Level.FAIL, subject, said)


def test_a_number_that_is_not_on_the_account() -> None:
    """It is named by its place, never written out."""
    twilio = facts.Twilio(seen=Seen.WELL, numbers=(NUMBER, None))
    finding = only(
        outside(twilio=twilio), Level.FAIL, "sms.numbers, the second", "not on this Twilio account"
    )
    assert "555" not in finding.finding + finding.cure


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sms_url": Secret("")}, "do not come to this line"),
        ({"sms_url": Secret("https://demo.twilio.com/welcome/sms/reply")}, "do not come to this line"),
        ({"sms_url": Secret(OURS.replace("https", "http"))}, "do not come to this line"),
        ({"application": True}, "do not come to this line"),
        ({"posts": False}, "by GET"),
        ({"sms_url": Secret(f"{PUBLIC}/sms/inbound")}, "try again"),
        ({"sms_url": Secret(f"{PUBLIC}/sms/inbound#rc=5")}, "try again"),
        ({"sms_url": Secret(f"{PUBLIC}/sms/inbound#rc=50&rp=all")}, "try again"),
        ({"fallback_url": Secret("https://elsewhere.example.net/")}, "another address"),
        ({"fallback_url": Secret(f"{PUBLIC}.example.net/")}, "another address"),
        ({"texts": False}, "cannot do SMS"),
    ],
)
def test_a_number_whose_texts_go_astray(changes: dict[str, Any], said: str) -> None:
    """To nobody, to somebody else, once and never again, or on to others."""
    only(numbered(**changes), Level.FAIL, "sms.numbers, the second", said)


@pytest.mark.parametrize(
    "url", [OURS, f"{PUBLIC}/sms/inbound#rp=all&rc=5", f"{PUBLIC}/sms/inbound#rc=5&rp=all&ct=2000"]
)
def test_a_number_that_is_set_well(url: str) -> None:
    """The overrides in any order, with others."""
    assert new(numbered(sms_url=Secret(url))) == []


def test_reminders_for_us_numbers() -> None:
    """Registration for a long code, verification for a toll-free number, nothing for another country."""

    def said(*numbers: str) -> str:
        given = configured(set_up(sms={"numbers": numbers}))
        return " ".join(f.finding for f in found(given, Level.REMINDER))

    assert "A2P" in said("+12025550100")
    free = phonenumbers.example_number_for_type("US", PhoneNumberType.TOLL_FREE)
    toll_free = phonenumbers.format_number(free, PhoneNumberFormat.E164)
    assert "A2P" not in said(toll_free)
    assert "toll-free" in said(toll_free)
    assert "A2P" not in said("+447700900100")
    assert "toll-free" not in said("+447700900100")


def test_the_opt_out_reminder() -> None:
    """The carrier answers STOP; without SMS it does not."""
    assert any("STOP" in f.finding for f in found(GOOD, Level.REMINDER))
    quiet = replace(configured(set_up(sms=None)), outside=replace(OUTSIDE, twilio=None, public=None))
    assert not any("STOP" in f.finding for f in found(quiet, Level.REMINDER))


def test_a_messaging_service() -> None:
    """It may take over where texts go; without one a campaign has nothing to hold on to."""
    assert any("There is none" in f.finding for f in found(GOOD, Level.REMINDER))
    only(
        configured(set_up(sms={"messaging_service": "MG" + "1" * 32})),
        Level.REMINDER,
        "sms.messaging_service",
        "Defer to sender",
    )


# --- Telegram


@pytest.mark.parametrize(
    ("seen", "subject", "said"),
    [
        (Seen.REFUSED, "telegram.staff.token", "refuses"),
        (Seen.STRANGELY, "telegram.staff", "not Telegram"),
        (Seen.NOT_AT_ALL, "telegram.staff", "cannot be reached"),
    ],
)
def test_a_bot_that_does_not_answer_well(seen: Seen, subject: str, said: str) -> None:
    """Each bot by itself."""
    only(bots(staff=facts.Bot(seen=seen)), Level.FAIL, subject, said)


def test_two_bots_that_do_not_answer_are_not_the_same() -> None:
    """Nothing is known about them."""
    away = facts.Bot(seen=Seen.NOT_AT_ALL)
    assert not any(f.subject == "telegram" for f in new(bots(texters=away, staff=away)))


def test_one_bot_for_both() -> None:
    """Found by Telegram's answer, and offline by the tokens themselves."""
    only(bots(staff=replace(STAFF, id=TEXTERS.id)), Level.FAIL, "telegram", "same bot")
    pair = (("telegram.texters.token", "telegram.staff.token"),)
    assert any(f.subject == "telegram" for f in new(replace(GOOD, alike=pair, outside=None)))


WEBHOOKS = set_up(telegram={"updates": "webhook"})


@pytest.mark.parametrize("config", [CONFIG, WEBHOOKS], ids=["polling", "webhook"])
def test_a_webhook_of_somebody_else(config: Config) -> None:
    """Somebody reads along; where is not printed."""
    theirs = Secret("https://elsewhere.example.net/bot")
    given = replace(bots(texters=replace(TEXTERS, webhook=theirs)), config=config)
    finding = only(given, Level.FAIL, "telegram.texters", "/revoke")
    assert "elsewhere" not in finding.finding + finding.cure


def test_the_other_bots_address_is_not_ours_either() -> None:
    """Staff's words must not come in as texters'."""
    only(
        bots(staff=replace(STAFF, webhook=Secret(f"{PUBLIC}/telegram/texters"))),
        Level.FAIL,
        "telegram.staff",
    )


def test_our_own_webhook() -> None:
    """Right when the line listens by webhook, left over when it polls."""
    ours = replace(TEXTERS, webhook=Secret(f"{PUBLIC}/telegram/texters"))
    assert new(replace(bots(texters=ours), config=WEBHOOKS)) == []
    only(bots(texters=ours), Level.WARNING, "telegram.texters", "polls")


@pytest.mark.parametrize(
    ("place", "text", "level"),
    [
        ("name", "Model Hotline", Level.FAIL),
        ("name", "Гаряча лінія", Level.FAIL),
        ("name", "Atelier Union", Level.FAIL),
        ("user name", "atelierunion_bot", Level.WARNING),
        ("user name", "modelhotline_bot", Level.WARNING),
        ("description", "Have you been harassed? Write to us.", Level.WARNING),
        ("short description", "Línea de ayuda", Level.WARNING),
    ],
)
def test_words_that_break_discretion(place: str, text: str, level: Level) -> None:
    """A lock screen shows the name; the rest is seen by whoever opens the chat."""
    finding = only(bots(texters=worded((place, text))), level, f"telegram.texters, {place}")
    assert "Atelier" not in finding.finding


def test_the_staff_bot_may_name_the_organisation() -> None:
    """Staff know whom they work for; the topic does not belong on their lock screens either."""
    named = replace(STAFF, words=(("name", Secret("Atelier Union")), ("description", Secret("The hotline."))))
    assert new(bots(staff=named)) == []
    told = replace(STAFF, words=(("name", Secret("Hotline staff")),))
    only(bots(staff=told), Level.WARNING, "telegram.staff, name", "hotline")


def test_groups() -> None:
    """Neither bot belongs into one."""
    only(
        bots(texters=replace(TEXTERS, joins_groups=True)), Level.WARNING, "telegram.texters", "/setjoingroups"
    )
    only(bots(staff=replace(STAFF, reads_groups=True)), Level.WARNING, "telegram.staff", "/setprivacy")


def test_now_is_not_asked_for() -> None:
    """The same facts, the same findings."""
    assert checkup.findings(GOOD) == checkup.findings(replace(GOOD, now=NOW))
