"""docs/rota.md: every command on it is typed, in its order, on a line with the page's own files."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.__main__ import Roof
from handlers.cli.commands import app
from handlers.cli.front import obey
from handlers.rehearsal.clock import Clock
from tests.stories.lives import HOUSE
from tests.stories.planning import THURSDAY, echo, says
from tests.stories.stage import Phone, Stage, staged

PAGE = (HOUSE / "docs" / "rota.md").read_text()
FILES = {"toml": "rota.toml", "csv": "december.csv"}
NEW_YORK = "--from 2026-12-07T00:00 --zone America/New_York"
TYPED = {
    f"rota show --file rota.toml {NEW_YORK}": "Mon 2026-12-07 18:00",
    f"rota gaps --file rota.toml {NEW_YORK}": "Tue 2026-12-08 02:00",
    f"rota fair --file rota.toml {NEW_YORK}": "To be asked next: Cleo",
    f"rota show --file december.csv {NEW_YORK}": "Bo, Cleo",
    "rota apply rota.toml --dry-run": "Nothing was saved.",
    "rota apply rota.toml": "Saved as version 1.",
    "rota export rota-now.toml": "Written.",
    "rota cover Bo --for Alma --from 2026-12-07T18:00 --zone America/New_York": "Bo",
    "rota swap Cleo Bo --from 2026-12-09T18:00 --back-from 2026-12-11T18:00 --zone America/New_York": "Cleo",
    "rota at 2026-12-07T20:00 --zone America/New_York": "Bo",
    "rota history": "command line",
    "rota gaps": "nobody",
    "rota fair": "To be asked next:",
    "rota link Alma": "/calendar/",
    'rota link --schedule "on call"': "/calendar/",
    "rota link --list": "Alma",
    "rota link Alma --revoke": "has ended",
}
"""Each command of the page, in its order, and a word of what it answers."""

WORDS = {  # of the page, in its order: who sends it, and how it is answered
    "WHO": ("Cleo", "On call now: Alma"),
    "NEXT": ("Cleo", "Your next shifts: Wed 9 Dec 18:00-02:00"),
    "COVER Wednesday night": ("Cleo", "Cover for Wed 9 Dec 18:00-02:00?"),
    "COVER": ("Bo", "Open: 1: Cleo, Wed 9 Dec 18:00-02:00"),
    "COVER 1": ("Bo", "You serve for Cleo: Wed 9 Dec 18:00-02:00"),
    "COVER 1 CAN'T": ("Bo", "1: given back"),
    "COVER 1 DROP": ("Cleo", "Cover 1 is taken back"),
    "SWAP Thursday night": ("Alma", "Swap Thu 10 Dec 18:00-02:00 for a"),
    "AWAY 20-24 Dec": ("Cleo", "OK notes it"),
    "AWAY": ("Cleo", "Away: "),
    "HELP ROTA": ("Cleo", "NEXT: your shifts."),
    "OFF": ("Cleo", "You are OFF"),
    "ON": ("Cleo", "You are ON"),
    "COVER Friday night FOR Bo": ("Sam", "Cover for Bo, Fri 11 Dec 18:00-02:00"),
    "COVER Friday night FOR Bo BY Cleo": ("Sam", "Cleo serves for Bo, Fri 11 Dec 18:00-02:00"),
    "ADD Cleo Thursday 18-22": ("Sam", "Put Cleo on call Thu 10 Dec 18:00-22:00"),
    "REMOVE Alma Thursday night": ("Sam", "Take Alma off call Thu 10 Dec 18:00-02:00"),
    "GAPS": ("Sam", "Next 14 days, your time. Nobody on call: "),
    "LINE CLOSED until 08:00": ("Sam", "closed the line until"),
    "LINE OPEN": ("Sam", "opened the line"),
}
COUNT = {"COVER Wednesday night", "AWAY 20-24 Dec"}
"""Those that are agreed to when they are read back; the others are let be."""


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Stage]:
    """A line on a Thursday in November, and the page's files in its folder."""
    from storage.engine import migrate

    (tmp_path / "data").mkdir(mode=0o700)
    url = f"sqlite:///{tmp_path}/data/greenroom.db"
    migrate(url)
    (tmp_path / "data" / "greenroom.db").chmod(0o600)
    for kind, name in FILES.items():
        found = re.search(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.M | re.S)
        assert found is not None
        (tmp_path / name).write_text(found[1])
    async with staged(tmp_path, url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def three(line: Stage) -> dict[str, Phone]:
    """Everybody on the page."""
    phones = {name: await line.staff(name, "sms") for name in ("Alma", "Bo", "Cleo")}
    phones["Sam"] = await line.staff("Sam", "sms", roles=("supervisor", "admin"))
    return phones


async def typed(line: Stage, words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """A command in the line's folder, on its clock, while it runs."""
    capsys.readouterr()
    code = await asyncio.to_thread(obey, app, Roof(line.town.clock.now), shlex.split(words))
    return code, " ".join(capsys.readouterr().out.split())


async def test_every_command_of_the_page_does_what_it_says(
    line: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the page's order, on the page's own files."""
    monkeypatch.chdir(tmp_path)
    assert re.findall(r"^ {4}greenroom (.+)$", PAGE, flags=re.M) == list(TYPED)
    await three(line)
    for words, answer in TYPED.items():
        code, shown = await typed(line, words, capsys)
        assert code == 0, words
        assert answer in shown, (words, shown)


async def test_what_the_page_says_of_a_reminder(
    line: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day before Alma's night she cannot come: both are asked, Cleo has it."""
    monkeypatch.chdir(tmp_path)
    phones = await three(line)
    assert (await typed(line, "rota apply rota.toml", capsys))[0] == 0
    line.town.clock.move(datetime(2026, 12, 6, 23, 1, tzinfo=UTC) - line.town.clock.now())
    await phones["Alma"].shows("You are on call: Mon 7 Dec 18:00-02:00 (on call). OK or CAN'T?")
    assert "You are on call: Mon 7 Dec 18:00-02:00 (on call). OK or CAN'T?" in PAGE
    await line.settled()
    await says(line, phones["Alma"], "CAN'T")
    await phones["Cleo"].shows("Alma asks for cover")
    await phones["Bo"].shows("Alma asks for cover")
    assert "You serve for Alma" in (await says(line, phones["Cleo"], "OK"))[0]
    await phones["Alma"].shows("Cleo serves for you")
    _, shown = await typed(line, "rota at 2026-12-07T20:00 --zone America/New_York", capsys)
    assert "Cleo" in shown


async def test_every_word_of_the_page_does_what_it_says(
    line: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By SMS, on Monday evening; where a number is to be sent back, it is."""
    monkeypatch.chdir(tmp_path)
    table = PAGE.partition("## From a phone")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([^`]+)`", table, flags=re.M) == list(WORDS)
    phones = await three(line)
    assert (await typed(line, "rota apply rota.toml", capsys))[0] == 0
    line.town.clock.move(datetime(2026, 12, 7, 23, 30, tzinfo=UTC) - line.town.clock.now())
    await line.settled()
    for words, (name, answer) in WORDS.items():
        said = " ".join(await says(line, phones[name], words))
        if words.startswith("LINE") and "Is that you?" in said:
            said = " ".join(await says(line, phones[name], echo(said)))
        assert answer in said, (words, said)
        if words in COUNT:
            await says(line, phones[name], "OK")


async def test_what_the_page_says_of_gaps(
    line: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the morning Sam hears of some; OK, and of those not again."""
    monkeypatch.chdir(tmp_path)
    sam = (await three(line))["Sam"]
    assert (await typed(line, "rota apply rota.toml", capsys))[0] == 0
    line.town.clock.move(datetime(2026, 11, 27, 14, 1, tzinfo=UTC) - line.town.clock.now())
    await line.rounds()
    await sam.shows("ota gap")
    await line.settled()
    said = ""
    for _ in range(6):  # what does not fit into one text is listed next
        line.town.clock.move(timedelta(seconds=21))
        said = " ".join(await says(line, sam, "OK"))
        if "Noted." in said:
            break
    assert "Noted." in said
    line.town.clock.move(timedelta(days=1))
    await line.rounds()
    assert sum("nobody speaks Spanish" in text for text in sam.texts) == 1
