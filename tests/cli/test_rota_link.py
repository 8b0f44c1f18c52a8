"""`greenroom rota link`: a link to a calendar is shown once, listed without itself, and ended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.redact import Secret
from storage.audit import Entry
from storage.work import Work
from tests.cli.conftest import NUMBER, Think, Type

LINK = re.compile(r"https://line\.example\.org/calendar/([A-Za-z0-9_-]{22,})\.ics")


@pytest.fixture
def planned(line: Type, rota_file: Path) -> Type:
    """Alma and Bo, and a rota in force."""
    for name, number in (("Alma", NUMBER), ("Bo", "+12025550148")):
        assert line("staff", "add", name, "--sms", number).code == 0
    assert line("rota", "apply", str(rota_file)).code == 0
    return line


def token(shown: str) -> Secret[str]:
    found = LINK.search(shown)
    assert found is not None
    return Secret(found[1])


def test_a_link_is_made_listed_and_ended(planned: Type, think: Think) -> None:
    """For a person, in any case of her name, and for a schedule; the trail names ids, never the link."""
    shown = planned("rota", "link", "alma")
    assert shown.code == 0
    hers = token(shown.out)
    alls = token(planned("rota", "link", "--schedule", "on call", "--json").json["url"])
    found = [think(lambda work, one=one: work.feeds.find(one)) for one in (hers, alls)]
    assert [feed.whose.schedule for feed in found if feed] == [None, "on call"]

    listed = planned("rota", "link", "--list", "--json")
    assert [(one["name"], one["schedule"], one["fetched"]) for one in listed.json] == [
        (None, "on call", None), ("Alma", None, None),
    ]  # fmt: skip
    assert "Alma" in planned("rota", "link", "--list").out
    assert hers.reveal() not in listed.out

    new = token(planned("rota", "link", "Alma").out)
    assert think(lambda work: work.feeds.find(hers)) is None
    ended = planned("rota", "link", "Alma", "--revoke", "--json")
    assert (ended.code, ended.json) == (0, {"calendar": "Alma", "url": None, "ended": 1})
    assert think(lambda work: work.feeds.find(new)) is None
    assert planned("rota", "link", "--schedule", "on call", "--revoke").code == 0
    assert "No calendar has a link." in planned("rota", "link", "--list").out

    trail = [one for one in think(_entries) if one.what.startswith("calendar link")]
    assert [(one.what.split()[-1], one.detail) for one in trail] == [
        ("made", "1"), ("made", "schedule on call"), ("made", "1"), ("ended", "1"), ("ended", "schedule on call"),
    ]  # fmt: skip


def _entries(work: Work) -> list[Entry]:
    return list(work.audit.entries())


def test_a_link_ends_with_the_person(planned: Type, think: Think) -> None:
    """Who is off the line has no calendar."""
    hers = token(planned("rota", "link", "Alma").out)
    assert planned("staff", "remove", "Alma").code == 0
    assert think(lambda work: work.feeds.find(hers)) is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "NAME, or --schedule"),
        (("Alma", "--schedule", "on call"), 2, "NAME, or --schedule"),
        (("--list", "Alma"), 2, "--list stands alone"),
        (("Nobody",), 1, "greenroom staff list"),
        (("--schedule", "ON CALL"), 1, "greenroom rota show"),
        (("Alma", "--revoke"), 1, "has no link"),
        (("--schedule", "gone", "--revoke"), 1, "has no link"),
    ],
)
def test_what_cannot_be_linked_is_one_sentence(
    planned: Type, words: tuple[str, ...], code: int, said: str
) -> None:
    """With its cure."""
    shown = planned("rota", "link", *words)
    assert (shown.code, shown.out, shown.err.count("\n")) == (code, "", 1)
    assert said in shown.err


def test_a_line_without_an_address_has_no_links(planned: Type, tmp_path: Path) -> None:
    """Telegram by polling needs no public_url; a calendar does."""
    config = tmp_path / "config.toml"
    text = re.sub(r"(?s)\[sms\].*?\n\n", "", config.read_text())
    config.write_text(text.replace('public_url = "https://line.example.org"\n', ""))
    shown = planned("rota", "link", "Alma")
    assert shown.code == 3
    assert "web.public_url" in shown.err
