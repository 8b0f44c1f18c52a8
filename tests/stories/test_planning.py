"""The rota planned from phones: dates as people write them, read back, counting only after OK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.changes import Status
from handlers.rehearsal.clock import Clock
from handlers.rehearsal.phones import TelegramPhone
from tests.stories.planning import (
    FRIDAY,
    NIGHT,
    SATURDAY,
    THURSDAY,
    asks,
    echo,
    expires,
    nights,
    says,
    serves,
    status,
    three,
)
from tests.stories.stage import Phone, Stage, new, staged, texts


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on the Thursday morning before."""
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def test_cover_for_friday_night(line: Stage) -> None:
    """Read back first; OK asks the colleagues, once, however often it is said; the list names it; COVER 1 takes it."""
    alma, bo, cleo = await three(line)
    new(bo), new(cleo)
    sure = f"Cover for {NIGHT}? OK asks 2 colleagues, CAN'T does nothing."
    assert await says(line, alma, "COVER Friday night") == [sure]
    assert bo.silent
    assert await says(line, alma, "CAN'T") == ["Nothing was done."]
    assert await says(line, alma, "Cover 27.11. at 23:00") == [sure]
    (asked,) = await says(line, alma, "OK")
    assert asked.startswith(f"Cover 1: Alma, {NIGHT}. Colleagues asked: 2.")
    assert len(new(bo)) == 1
    assert len(new(cleo)) == 1
    (told,) = await says(line, alma, "OK")
    assert told.startswith(f"Cover 1 is still open: Alma, {NIGHT}.")
    assert bo.silent

    assert await says(line, cleo, "COVER") == [f"Open: 1: Alma, {NIGHT}. COVER 1 takes 1."]
    (told,) = await says(line, cleo, "COVER 1")
    assert told.startswith(f"You serve for Alma: {NIGHT}")
    assert await serves(line) == {"Cleo"}
    assert await says(line, cleo, "COVER") == ["No request is open. COVER Fri night asks for one."]
    (told,) = await says(line, cleo, "cover 1 can’t")
    assert told.startswith("1: given back")
    assert await serves(line) == {"Alma"}
    assert bo.silent
    assert await says(line, alma, "COVER 1 DROP") == [f"Cover 1 is taken back: {NIGHT}."]
    assert await says(line, bo, "COVER 1") == ["1: no longer open. Nothing was done."]


async def test_part_of_a_shift_by_button(line: Stage) -> None:
    """Two hours of it; the rest stays hers. A button of the read-back before counts no more."""
    alma, bo, _cleo = await three(line)
    assert isinstance(alma, TelegramPhone)
    await says(line, alma, "COVER Friday night")
    old = alma.screen[-1]
    (sure,) = await says(line, alma, "COVER Fri 23-01")
    assert sure.startswith("Cover for Fri 27 Nov 23:00-01:00?")
    await alma.press("OK", on=old)
    await line.settled()
    assert new(alma) == ["A newer question took its place: please answer that one."]
    await alma.press("OK", on=alma.screen[-2])
    await line.settled()
    assert await status(line, 1) is Status.OPEN
    await says(line, bo, "OK")
    assert await serves(line, FRIDAY[0] + timedelta(minutes=59)) == {"Alma"}
    assert await serves(line, FRIDAY[0] + timedelta(hours=1)) == {"Bo"}
    assert await serves(line, FRIDAY[0] + timedelta(hours=3)) == {"Alma"}


async def test_what_is_not_understood_is_asked_back(line: Stage) -> None:
    """With examples and her next shifts; nothing is done, nobody is asked, and an old read-back lapses."""
    alma, bo, _ = await three(line)
    new(bo)
    for text in (
        "COVER Fridya night",
        "COVER soon",
        "COVER me",
        "SWAP 31 Nov",
        "AWAY later",
    ):
        (told,) = await says(line, alma, text)
        assert "no date understood" in told, text
        assert f"Next shifts: {NIGHT}, Mon 30 Nov 22:00-07:00" in told, text
    for text in ("COVER Saturday night", "COVER Friday afternoon", "COVER Fri 21-06"):
        (told,) = await says(line, alma, text)
        assert told.startswith("Not on call then, so there is nothing to cover. Next shifts: Fri 27 Nov"), (
            text
        )
    assert await says(line, alma, "COVER 24 Nov 2026") == ["That time is over. Nothing was done."]
    assert await says(line, alma, "COVER 99") == ["There is no request 99. COVER lists those that are open."]
    await says(line, alma, "COVER Friday night")
    await line.later(minutes=16)
    assert await says(line, alma, "OK") == ["Too late: that is over."]
    assert bo.silent


async def test_in_her_own_language_and_zone(line: Stage) -> None:
    """Oksana plans by Kyiv's clock, in Ukrainian; Bo reads New York's."""
    oksana = await line.staff("Oksana", "telegram", languages=("uk",))
    bo = await line.staff("Bo", "sms")
    await nights(line, "Oksana", "Bo")

    def moves(work: object) -> None:
        person = work.staff.by_name("Oksana")  # type: ignore[attr-defined]
        work.staff.set_zone(person, "Europe/Kyiv")  # type: ignore[attr-defined]

    await line.do(moves)
    new(bo)
    (sure,) = await says(line, oksana, "COVER у суботу вранці")
    assert sure.startswith("Заміна на сб 28 лист 05:00-14:00?")
    await says(line, oksana, "ОК")
    (asked,) = new(bo)
    assert asked.startswith(f"Oksana asks for cover: {NIGHT} (your time).")


async def test_swap(line: Stage) -> None:
    """Each is asked for her own nearest shift in return, read out; OK makes two changes in one; CAN'T undoes both."""
    alma, bo, cleo = await three(line)
    new(bo), new(cleo)
    (sure,) = await says(line, alma, "SWAP Friday night")
    assert sure.startswith(f"Swap {NIGHT} for a colleague's nearest shift? OK asks 2 colleagues,")
    await says(line, alma, "OK")
    (asked,) = new(bo)
    assert f"you serve {NIGHT}, and Alma serves Sat 28 Nov 22:00-07:00 for you" in asked
    (asked,) = new(cleo)
    assert "Alma serves Sun 29 Nov 22:00-07:00 for you" in asked
    before = await line.do(lambda work: work.rota.version())
    (told,) = await says(line, bo, "OK")
    assert told.startswith(f"Swapped with Alma: you serve {NIGHT}, not Sat 28 Nov 22:00-07:00")
    assert await line.do(lambda work: work.rota.version()) == before + 1
    assert (await serves(line), await serves(line, SATURDAY)) == ({"Bo"}, {"Alma"})
    assert any("You serve in return: Sat 28 Nov 22:00-07:00" in text for text in new(alma))
    new(alma)
    nobody = "Nobody is left to ask; the admins know."
    both = f"You serve Sat 28 Nov 22:00-07:00 again, not {NIGHT}."
    assert await says(line, bo, "CAN'T") == [f"1: swap undone. {both} {nobody}"]
    assert f"Swap with Bo is off: you serve {NIGHT}, not Sat 28 Nov 22:00-07:00. {nobody}" in new(alma)
    assert (await serves(line), await serves(line, SATURDAY)) == ({"Alma"}, {"Bo"})

    await says(line, alma, "COVER 1 DROP")
    (sure,) = await says(line, alma, "SWAP Friday night FOR Sunday night")
    assert sure.startswith(f"Swap {NIGHT} for Sun 29 Nov 22:00-07:00? OK asks 1 colleague")
    # No slice of Cleo's Sunday night: Alma's own begins on Monday.
    (told,) = await says(line, alma, "SWAP Friday night FOR Mon")
    assert told.startswith("No colleague has a shift then to swap")
    (sure,) = await says(line, alma, "SWAP Friday night FOR Tue")
    assert sure.startswith(f"Swap {NIGHT} for Tue 1 Dec 22:00-07:00? OK asks 1 colleague")
    (told,) = await says(line, alma, "SWAP Friday night FOR Friday night")
    assert told.startswith("No colleague has a shift then to swap")


async def test_away(line: Stage) -> None:
    """Noted after OK; it warns of her shifts and asks for cover only on another OK; nobody asks her meanwhile."""
    alma, bo, cleo = await three(line)
    new(bo), new(cleo)
    (sure,) = await says(line, alma, "AWAY 27-28 Nov")
    assert (
        sure
        == f"Away Fri 27 Nov - Sat 28 Nov? Shifts of yours fall in it: {NIGHT}. OK notes it, CAN'T does nothing."
    )
    noted, offered = await says(line, alma, "OK")
    assert noted.startswith("Noted: away Fri 27 Nov - Sat 28 Nov.")
    assert offered.startswith(f"Your shifts then are still yours: {NIGHT}. OK asks for cover")
    assert bo.silent
    assert await serves(line) == {"Alma"}
    # OK once more, perhaps to the question before; then she has had the time to read this one.
    assert await says(line, alma, "OK") == [offered]
    assert bo.silent
    # She is there after all: the button that stands on her screen asks nobody any more.
    await says(line, alma, "AWAY 1 DROP")
    assert isinstance(alma, TelegramPhone)
    asked = next(one for one in reversed(alma.screen) if one.text == offered)
    await alma.press("OK", on=asked)
    await line.settled()
    assert new(alma)[-1].startswith("That absence was taken back, so nobody is asked.")
    assert bo.silent
    await says(line, alma, "AWAY 27-28 Nov")
    await says(line, alma, "OK")
    # An admin gives her Bo's Saturday meanwhile: her OK is for what she has read, the other is read back first.
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    for words in ("COVER Saturday night FOR Bo BY Alma", "OK"):
        await says(line, charlie, words)
    asked = next(one for one in reversed(alma.screen) if one.text == offered)
    new(bo)
    await line.later(seconds=21)
    await alma.press("OK", on=asked)
    await line.settled()
    assert len(new(bo)) == 1
    saturday = "Your shifts then are still yours: Sat 28 Nov 22:00-07:00. OK asks for cover"
    assert any(text.startswith(saturday) for text in new(alma))
    await says(line, alma, "CAN'T")
    await says(line, alma, "COVER 1 CAN'T")
    new(bo)
    (sure,) = await says(line, bo, "COVER Saturday night")
    assert "OK asks 1 colleague" in sure  # Cleo: Alma is away

    assert (await says(line, bo, "AWAY 20-28 Nov"))[0].startswith("Away Fri 20 Nov - Sat 28 Nov?")
    assert (await says(line, bo, "OK"))[0].startswith("Noted: away ")
    await says(line, bo, "AWAY 1 DROP")

    (told,) = await says(line, alma, "AWAY 28 Nov - 1 Dec")
    assert told.startswith("You are away then already")
    for text in ("AWAY 20 Nov 2026", "AWAY 2-3 Nov 2026"):
        assert await says(line, alma, text) == ["That time is over. Nothing was noted."], text
    for text in ("AWAY 10 Dec - 3 Dec", "AWAY 1 Dec 2026 - 1 Dec 2028", "AWAY 1 May 2099"):
        (told,) = await says(line, alma, text)
        assert told.startswith("The end must come after the beginning"), text
    (told,) = await says(line, alma, "away")
    assert told.startswith("Away: 1: Fri 27 Nov - Sat 28 Nov.")
    assert await says(line, alma, "AWAY 2 DROP") == ["There is no number 2. AWAY lists yours."]
    assert await says(line, alma, "AWAY 1 DROP") == ["Taken back: away Fri 27 Nov - Sat 28 Nov."]
    (told,) = await says(line, alma, "AWAY")
    assert told.startswith("Nothing is noted.")


async def test_ok_twice_while_the_next_question_is_on_its_way(line: Stage) -> None:
    """She cannot have read it: nobody is asked, and it stands there once more in the end."""
    alma, bo, _cleo = await three(line)
    await says(line, alma, "AWAY 27-28 Nov")
    new(alma), new(bo)
    assert isinstance(alma, TelegramPhone)
    gate = line.town.telegram.faults.hold("sendMessage", where=lambda sent: "still yours" in sent["text"])
    await alma.write("OK", to="staff")
    async with asyncio.timeout(20):
        await gate.reached()
    await alma.write("OK", to="staff")
    await asyncio.sleep(0.3)
    gate.open()
    await line.settled()
    assert [text.partition(":")[0] for text in new(alma)][-1] == "Your shifts then are still yours"
    assert bo.silent


async def test_an_admin_plans_for_others(line: Stage) -> None:
    """A request for Alma, Bo in her place at once, somebody added and removed; whom it touches hears of it."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await line.rounds(seconds=1)
    new(alma), new(bo)
    (sure,) = await says(line, charlie, "COVER Friday night FOR Alma")
    assert sure.startswith(f"Cover for Alma, {NIGHT} (your time)? Asks 2 colleagues. Is that you?")
    await says(line, charlie, "OK")
    assert bo.silent
    await says(line, charlie, echo(sure))
    assert any(text.startswith(f"Cover 1: Alma, {NIGHT}") for text in new(alma))
    assert len(new(bo)) == 1
    await says(line, charlie, "COVER 1 DROP")
    assert f"Cover 1 is taken back: {NIGHT}." in new(alma)
    await asks(line)
    (sure,) = await says(line, charlie, "COVER 2 DROP")
    assert sure.startswith(f"Take back cover 2: Alma, {NIGHT} (your time)? Is that you? Text COVER ")
    assert await status(line, 2) is Status.OPEN
    assert await says(line, charlie, echo(sure)) == [f"Cover 2 is taken back: {NIGHT}."]
    new(alma), new(bo)

    (sure,) = await says(line, charlie, "COVER Friday night FOR alma BY bo")
    assert sure.startswith(f"Bo serves for Alma, {NIGHT} (your time)? Is that you? Text COVER ")
    assert await says(line, charlie, echo(sure)) == [f"Bo serves for Alma: {NIGHT} (your time)."]
    assert new(alma) == [f"Bo serves for you: {NIGHT} (your time)."]
    (told,) = new(bo)
    assert told.startswith(f"You serve for Alma: {NIGHT}")
    assert await serves(line) == {"Bo"}

    (sure,) = await says(line, charlie, "ADD Cleo Friday 21-06")
    assert sure.startswith("Put Cleo on call Fri 27 Nov 21:00-06:00 (your time)?")
    await says(line, charlie, echo(sure))
    assert await serves(line) == {"Bo", "Cleo"}
    (sure,) = await says(line, charlie, "REMOVE Cleo Friday night")
    assert sure.startswith("Take Cleo off call Fri 27 Nov 21:00-06:00")
    await says(line, charlie, echo(sure))
    assert await serves(line) == {"Bo"}
    (told,) = await says(line, charlie, "REMOVE Cleo Friday night")
    assert told.startswith("Cleo is not on call then. Nothing was done. Next: Sun 29 Nov")
    (sure,) = await says(line, charlie, "REMOVE Bo Friday night")
    assert "That leaves a gap." in sure
    (told,) = await says(line, charlie, "GAPS")
    assert told.startswith("Next 14 days, your time. Nobody on call: now - Fri 27 Nov 22:00; ")
    assert "more." in told
    assert await says(line, charlie, "COVER Friday night FOR Zoe") == [
        "Nobody on this line is called Zoe. Nothing was done."
    ]
    # He was told last that he serves, and nobody is there whom it could be for.
    assert await says(line, bo, "ADD Cleo Friday 21-06") == [
        "Not understood. You serve as agreed; CAN'T gives it back."
    ]
    assert await says(line, bo, "thanks!") == ["You serve as agreed. CAN'T gives it back."]
    assert await serves(line) == {"Bo"}
    trail = await line.do(lambda work: [one.what for one in work.audit.entries()])
    assert {"shift taken", "shift added", "shift removed"} <= set(trail)


async def test_the_night_that_runs_is_what_is_left_of_it(line: Stage) -> None:
    """At a minute past midnight Alma can have it covered by every name it has, and an admin may take it off her or put
    Bo beside her; what is read back is what counts."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))

    async def reads_back(phone: Phone, words: str, said: str) -> None:
        told = await says(line, phone, words)  # news of the night may come beside it
        assert any(text.startswith(said) for text in told), (words, told)

    line.town.clock.move(FRIDAY[0] + timedelta(hours=1, minutes=58) - line.town.clock.now())
    await reads_back(alma, "COVER tonight 23-01", "Cover for Fri 27 Nov 23:58-01:00?")
    await reads_back(charlie, "ADD Bo 00:30-03", "Put Bo on call Sat 28 Nov 00:30-03:00 (your time)?")
    line.town.clock.move(timedelta(minutes=3))
    left = "Sat 28 Nov 00:01-07:00"
    for words in ("tonight", "Friday night", "27.11.", "Fri 22-07", "the 27th", "now", "now until 7", "0-7"):
        await reads_back(alma, f"COVER {words}", f"Cover for {left}? OK asks")
    for words, said in {
        "COVER Friday night FOR Alma": f"Cover for Alma, {left}",
        "COVER now FOR Alma BY Bo": f"Bo serves for Alma, {left}",
        "REMOVE Alma tonight": f"Take Alma off call {left}",
        "ADD Bo now until 3": "Put Bo on call Sat 28 Nov 00:01-03:00",
        "ADD Bo Fri 22-07": f"Put Bo on call {left}",
    }.items():
        await reads_back(charlie, words, said)
    await says(line, charlie, "OK")
    assert await serves(line, line.town.clock.now() + timedelta(minutes=1)) == {"Alma", "Bo"}
    await reads_back(bo, "COVER tonight", f"Cover for {left}?")
    await reads_back(bo, "AWAY until Sunday", "Away Sat 28 Nov 00:01 - Mon 30 Nov 00:00")
    await reads_back(bo, "AWAY now", "AWAY: no date understood")
    await says(line, alma, "COVER ahora hasta las 7")
    await says(line, alma, "OK")
    assert await status(line, 1) is Status.OPEN
    # That nobody takes it is said while something can be done about it, once, and not when the night is over.
    new(alma), new(charlie)
    for minutes in (16, 1, 7 * 60):
        line.town.clock.move(timedelta(minutes=minutes))
        await expires(line)
    yours = f"Nobody has taken your shift yet: {left}. Until somebody does, it is yours."
    theirs = f"Nobody has taken the shift of Alma yet: {left}."
    assert [text for text in new(alma) if "taken" in text or "took" in text] == [yours]
    assert [text for text in new(charlie) if "taken" in text or "took" in text] == [
        f"{theirs} You can: COVER day FOR name BY name."
    ]
    assert await status(line, 1) is Status.EXPIRED


async def test_names_that_look_like_times(line: Stage) -> None:
    """The longest name that is somebody's; what is refused says whose shifts there are, and what works."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    for name in ("Juan", "Juan Domingo", "Kim", "Kim By"):
        await line.staff(name, "sms")
    for words, said in {
        "ADD Juan Domingo domingo 10-12": "Put Juan Domingo on call Sun 29 Nov 10:00-12:00",
        "ADD Juan domingo 10-12": "Put Juan on call Sun 29 Nov 10:00-12:00",
        "COVER Friday night FOR Alma BY Kim By": f"Kim By serves for Alma, {NIGHT}",
        "COVER Friday night, FOR Alma, BY Kim.": f"Kim serves for Alma, {NIGHT}",
        "COVER Friday night FOR Kim By BY Bo": "Kim By is not on call then. Nothing was done. Next: -",
        "COVER Friday night FOR Kim By": "Kim By is not on call then.",
        "COVER Friday night FOR Alma BY Zoe": "Nobody on this line is called Zoe.",
        "REMOVE Alma, Friday night": f"Take Alma off call {NIGHT}",
        "REMOVE Alma Saturday night": f"Alma is not on call then. Nothing was done. Next: {NIGHT}",
        "COVER Friday 28 FOR Alma": "No date understood. Write Fri night or 27 Nov 21-06. "
        f"Next shifts of Alma: {NIGHT}",
        "ADD Bo Friday 28": "ADD needs a name, a day and hours, such as ADD Bo Fri 21-06.",
        "ADD Bo Friday": "ADD needs the hours. Write ADD Bo Fri 21-06.",
    }.items():
        told = await says(line, charlie, words)
        assert any(text.startswith(said) for text in told), (words, told)
    (told,) = await says(line, bo, "SWAP Saturday night FOR Tuesday")
    assert "On other days some have" in told
    (told,) = await says(line, alma, "COVER Friday night for me please")
    assert told.startswith(f"Cover for {NIGHT}?")


async def test_who_took_a_shift_is_taken_off_it(line: Stage) -> None:
    """Bo serves for Alma: REMOVE Bo is true of what he took, ADD Alma is answered by what brings it back. Whom Cleo
    serves for may go without anybody hearing of a gap that is none."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    await line.rounds(seconds=1)
    for words in ("COVER Friday night FOR Alma BY Bo", "REMOVE Bo Friday 23-01"):
        await says(line, charlie, words)
        await says(line, charlie, "OK")
    one, late = FRIDAY[0] + timedelta(minutes=90), FRIDAY[0] + timedelta(hours=4)
    assert [await serves(line, at) for at in (FRIDAY[0], one, late)] == [{"Bo"}, set(), {"Bo"}]
    (told,) = await says(line, charlie, "ADD Alma Saturday 03-05")
    assert told.startswith("Alma gave that shift to Bo, and ADD does not bring it back.")
    (told,) = await says(line, charlie, "ADD Alma Friday 23-01")
    assert told.endswith("First REMOVE Bo from all of it.")
    for words in ("COVER Friday 22-23 FOR Bo BY Cleo", "COVER Saturday 01-07 FOR Bo BY Cleo"):
        await says(line, charlie, words)
        await says(line, charlie, "OK")
    assert [await serves(line, at) for at in (FRIDAY[0], one, late)] == [{"Cleo"}, set(), {"Cleo"}]
    new(alma), new(bo), new(charlie)
    await bo.write("STOP")
    await line.rounds(seconds=40)
    assert not [text for text in (*new(alma), *new(charlie)) if "Nobody serves" in text]
    await says(line, charlie, "REMOVE Cleo Saturday 01-07")
    await says(line, charlie, "OK")
    assert [await serves(line, at) for at in (FRIDAY[0], one, late)] == [{"Cleo"}, set(), set()]


async def test_what_an_admin_has_ended_is_undone_by_nobody(line: Stage) -> None:
    """Bo has Alma's night, is taken off it and put there again: that is no longer what he took. His CAN'T and STOP make
    it nobody else's, and nobody reads that it is; START takes nothing from him. Alma can be put there."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    await line.rounds(seconds=1)
    await asks(line)
    await says(line, bo, "OK")

    async def plans(words: str) -> None:
        told = await says(line, charlie, words)
        assert any("OK does it" in text for text in told), (words, told)
        await says(line, charlie, "OK")

    await plans("REMOVE Bo Friday night")
    assert (await serves(line), await status(line, 1)) == (set(), Status.CANCELLED)
    await plans("ADD Alma Friday 22-07")
    assert await serves(line) == {"Alma"}
    await plans("REMOVE Alma Friday 22-07")
    await plans("ADD Bo Friday 22-07")
    new(alma), new(charlie)
    assert await says(line, bo, "COVER 1 CAN'T") == ["1: no longer open. Nothing was done."]
    await bo.write("STOP")
    await line.rounds(seconds=40)
    assert await says(line, bo, "START") == ["Welcome back. You get offers again."]
    assert await serves(line) == {"Bo"}
    await expires(line)
    assert not [text for text in (*new(alma), *new(charlie)) if "Bo" in text or "dropped" in text]


async def test_who_is_on_call_and_backup_at_once(line: Stage) -> None:
    """REMOVE takes her off both and says so, of the hours of one alone it says what is left; COVER asks for both. That
    Cleo is away is said before she is put on call."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    await nights(line, "Alma", "Bo", "Cleo", backup="Alma")
    await line.rounds(seconds=1)
    (sure,) = await says(line, alma, "COVER Friday night")
    assert sure == f"Cover for {NIGHT} (on call, backup)? OK asks 2 colleagues, CAN'T does nothing."
    new(bo)
    assert len(await says(line, alma, "OK")) == 2
    one, two = new(bo)
    assert one.startswith(f"Alma asks for cover: {NIGHT} (your time).")
    assert two.startswith(f"Alma asks for cover: {NIGHT} (backup) (your time).")
    (told,) = await says(line, alma, "COVER")
    assert told.startswith(f"Open: 1: Alma, {NIGHT}; 2: Alma, {NIGHT} (backup). COVER")
    (sure,) = await says(line, charlie, "COVER 2 DROP")
    assert sure.startswith(f"Take back cover 2: Alma, {NIGHT} (backup) (your time)?")
    await says(line, charlie, "CAN'T")
    for number in (1, 2):
        await says(line, alma, f"COVER {number} DROP")

    for words in ("AWAY 27-28 Nov", "OK"):
        await says(line, cleo, words)
    (sure,) = await says(line, charlie, "COVER Friday night FOR Alma BY Cleo")
    assert sure.startswith(
        f"Cleo serves for Alma, {NIGHT} (on call, backup) (your time)? Cleo is away then. OK"
    )
    new(alma)
    await says(line, charlie, "OK")
    told = [f"Cleo serves for you: {NIGHT}{which} (your time)." for which in ("", " (backup)")]
    assert sorted(new(alma)) == sorted(told)
    assert (await serves(line), await serves(line, schedule="backup")) == ({"Cleo"}, {"Cleo"})
    (sure,) = await says(line, charlie, "ADD Cleo Saturday 10-12")
    assert "Cleo is away then." in sure

    (sure,) = await says(line, charlie, "REMOVE Cleo Friday night")
    assert sure.startswith(f"Take Cleo off call {NIGHT} (on call, backup) (your time)?")
    new(cleo)
    await says(line, charlie, "OK")
    assert f"Charlie took you off call: {NIGHT} (your time). You do not serve then." in new(cleo)
    assert (await serves(line), await serves(line, schedule="backup")) == (set(), set())
    (told,) = await says(line, charlie, "GAPS")
    assert told.startswith(
        "Next 14 days, your time. Nobody on call, no backup: now - Sat 28 Nov 22:00; Sun 29"
    )
    await nights(line, "Cleo", "Bo", "Alma", backup="Alma", weeks=True)
    (told,) = await says(line, charlie, "GAPS")
    both = "Nobody on call, no backup: now - Fri 27 Nov 22:00"
    assert told.startswith(f"Next 14 days, your time. {both}; Nobody on call: Sat 28 Nov 07:00-22:00; ")
    (sure,) = await says(line, charlie, "REMOVE Alma Sunday 20-08")
    assert sure.startswith("Take Alma off call Sun 29 Nov 20:00-08:00 (backup) (your time)?")
    (done,) = await says(line, charlie, "OK")
    assert done == "Alma is off (backup): Sun 29 Nov 20:00-08:00 (your time). Still serves then: on call."
    assert new(alma)[-1].endswith("You still serve then: on call.")


@pytest.mark.parametrize("words", ["REMOVE Alma Friday night", "COVER Friday night FOR Alma BY Bo"])
async def test_an_admins_number_is_forged(line: Stage, words: str) -> None:
    """A blind OK, a wrong number, another's, a counselor's, a late one: the rota stays, and each is told so. By
    Telegram a button is enough."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    sam = await line.staff("Sam", "telegram", roles=("admin",))
    assert isinstance(sam, TelegramPhone)
    await line.rounds(seconds=1)
    word = words.split()[0]
    wrong = f"That number does not fit, or comes too late. Nothing was done. Begin again with {word}."
    before = await line.do(lambda work: work.rota.version())
    (sure,) = await says(line, charlie, words)
    new(alma)
    assert await says(line, charlie, "OK") == [
        f"OK alone does nothing here: a sender can be forged. Text {word} and the number."
    ]
    await says(line, bo, echo(sure))
    assert await says(line, sam, echo(sure)) == [wrong]
    number = int(echo(sure).split()[1])
    assert await says(line, charlie, f"{word} {10_000 + (number + 1) % 90_000}") == [wrong]
    assert await says(line, charlie, echo(sure)) == [wrong]
    (sure,) = await says(line, charlie, words)
    await line.later(minutes=16)
    assert await says(line, charlie, echo(sure)) == [wrong]
    (sure,) = await says(line, charlie, words)
    assert await says(line, charlie, "CAN'T") == ["Nothing was done."]
    assert await says(line, charlie, echo(sure)) == [wrong]
    assert alma.silent
    assert await line.do(lambda work: work.rota.version()) == before

    await says(line, sam, words)
    asked = next(one for one in reversed(sam.screen) if "OK does it" in one.text)
    await sam.press("OK", on=asked)
    await line.settled()
    assert await line.do(lambda work: work.rota.version()) == before + 1


HOWEVER = ("{n}", "ok {n}", "REMOVE{n} please.")


async def test_the_number_however_it_is_written(line: Stage) -> None:
    """Charlie plans and talks with Robin: with or without its word the number is the answer, also one that counts no
    more, and Robin reads none. A sentence is for him; a number that never was hers is held and asked about."""
    await line.staff("Alma", "telegram")
    charlie = await line.staff("Charlie", "sms", roles=("counselor", "admin"))
    robin = line.texter("sms")
    await line.rota("Charlie")
    await line.rounds(seconds=1)
    code = await line.talk(robin, charlie)
    await line.rota("Charlie", "Alma")
    before = await line.do(lambda work: work.rota.version())
    number = ""
    for at, text in enumerate(HOWEVER):
        (sure,) = await says(line, charlie, f"REMOVE Alma Saturday {at:02}:00-{at + 1:02}:00")
        old, number = number, echo(sure).split()[1]
        (told,) = await says(line, charlie, text.format(n=number))
        assert told.startswith("Alma is off call:"), (text, told)
        if old:
            assert await says(line, charlie, old) == ["That has its answer already."]
    assert await line.do(lambda work: work.rota.version()) == before + len(HOWEVER)

    wrong = "That number does not fit, or comes too late. Nothing was done. Begin again with REMOVE."
    numbers = []
    for hours in ("20:00-21:00", "21:00-22:00"):
        (sure,) = await says(line, charlie, f"REMOVE Alma Saturday {hours}")
        numbers.append(echo(sure).split()[1])
    old, number = numbers
    for text in (old, f"REMOVE {old}"):
        assert await says(line, charlie, text) == [
            f"Nothing was done: {old} was replaced by a newer number, which still waits. Text REMOVE and that one."
        ]
    assert await says(line, charlie, f"ADD {number}") == [
        f"Nothing was done: {number} goes with REMOVE. Text REMOVE {number} to do it."
    ]
    assert robin.silent
    other = str(10_000 + (int(number) + 1) % 90_000)
    await texts(robin, "and?")
    await line.settled()
    new(charlie)
    assert await says(line, charlie, f"call {number} now") == []
    assert new(robin) == [f"call {number} now"]
    held = f"{other} is not the number, so nothing was done. Is it for the texter? Text {code}."
    assert await says(line, charlie, other) == [held]
    assert robin.silent
    await says(line, charlie, code)
    assert new(robin) == [other]
    assert await says(line, charlie, f"CAN'T {number}") == ["Nothing was done."]
    assert await says(line, charlie, number) == [wrong]

    (sure,) = await says(line, charlie, "LINE CLOSED")
    late = echo(sure).split()[1]
    await line.later(minutes=16)
    assert (await says(line, charlie, late))[0].startswith("That number does not fit")
    # What was held as a mistyped number goes to nobody once she has tried again, or dropped what waited for it.
    for again in ("CAN'T", "LINE 10000"):
        await says(line, charlie, "LINE CLOSED")
        (held,) = await says(line, charlie, other)
        assert held.startswith(f"{other} is not the number")
        await says(line, charlie, again)
        assert await says(line, charlie, "I am here") == [f"Not sent. Which conversation? {code}"]
        await says(line, charlie, code)
        assert new(robin) == ["I am here"]
    (sure,) = await says(line, charlie, "LINE CLOSED")
    assert await says(line, charlie, "ok") == [
        "OK alone does nothing here: a sender can be forged. Text LINE and the number."
    ]
    (told,) = await says(line, charlie, echo(sure).split()[1])
    assert told.startswith("Charlie has closed the line.")
    assert robin.silent

    # Nobody could be meant: what is no answer is asked back, and a wrong number ends it.
    await says(line, charlie, f"DONE {code}")
    await line.later(minutes=20)
    (sure,) = await says(line, charlie, "REMOVE Alma Saturday 22:00-23:00")
    assert await says(line, charlie, "what?") == [
        "Not understood. Text REMOVE and the number to do it, CAN'T to leave it."
    ]
    number = echo(sure).split()[1]
    other = str(10_000 + (int(number) + 1) % 90_000)
    assert await says(line, charlie, other) == [wrong]
    assert await says(line, charlie, number) == [wrong]


async def test_who_guesses_numbers_is_stopped(line: Stage) -> None:
    """Five wrong ones a day, also such as may be a texter's: then the right one counts no more, the others who answer
    for the line hear of it once, and the trail has it. Tomorrow it counts again."""
    await line.staff("Alma", "telegram")
    charlie = await line.staff("Charlie", "sms", roles=("counselor", "admin"))
    sam = await line.staff("Sam", "telegram", roles=("admin",))
    robin = line.texter("sms")
    await line.rota("Charlie")
    await line.rounds(seconds=1)
    await line.talk(robin, charlie)
    await line.rota("Charlie", "Alma")
    words = "REMOVE Alma Sunday 20:00-21:00"
    (sure,) = await says(line, charlie, words)
    number = int(echo(sure).split()[1])
    new(sam)
    for guess in range(1, 7):
        await texts(robin, "and?")
        await line.settled()
        await says(line, charlie, str(10_000 + (number + guess) % 90_000))
    assert robin.silent
    refused = "Too many wrong numbers today: none of yours counts until tomorrow. Ask another admin."
    for text in (str(number), f"REMOVE {number}", f"REMOVE {10_000 + (number + 7) % 90_000}", words):
        assert await says(line, charlie, text) == [refused], text
    assert robin.silent
    told = "Wrong numbers came from Charlie's phone, as if somebody guessed. Please call Charlie."
    assert new(sam).count(told) == 1
    trail = await line.do(lambda work: [one.what for one in work.audit.entries()])
    assert trail.count("wrong numbers") == 1
    await line.later(hours=24)
    # What a day brings (reminders, gaps) comes at its own pace beside it.
    (sure,) = [text for text in await says(line, charlie, words) if text.startswith("Take Alma off call")]
    assert any(text.startswith("Alma is off call:") for text in await says(line, charlie, echo(sure)))


async def test_the_giver_has_gone(line: Stage) -> None:
    """Alma is removed: her request is closed, an OK takes nothing, and the admin knows."""
    _alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await asks(line)
    await line.remove("Alma")
    await expires(line)
    assert any(text.startswith("Cover 1 is closed") for text in new(charlie))
    assert await says(line, bo, "OK") == ["1: no longer open. Nothing was done."]


async def test_a_part_of_what_she_asked_for_is_gone(line: Stage) -> None:
    """Alma's night is asked for, and an admin gives Cleo two hours of it: what is left is hers, and she hears that
    nobody is asked about it any more."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await asks(line)
    (sure,) = await says(line, charlie, "COVER Friday 23-01 FOR Alma BY Cleo")
    await says(line, charlie, echo(sure))
    new(alma)
    await expires(line)
    told = "Cover 1 is closed: a part of that shift is no longer yours. You still serve "
    assert [text.removeprefix(told) for text in new(alma) if text.startswith("Cover 1 is closed")] == [
        "Fri 27 Nov 22:00-23:00, Sat 28 Nov 01:00-07:00. COVER asks for it anew."
    ]
    assert await says(line, bo, "OK") == ["1: no longer open. Nothing was done."]


async def test_who_next_and_off(line: Stage) -> None:
    """Who is there and who comes; OFF says who is left, and the admins hear when nobody is."""
    alma, bo, _cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    assert await says(line, bo, "WHO") == ["Nobody is on call now. From Fri 27 Nov 22:00: Alma."]
    assert await says(line, bo, "NEXT") == [
        "Your next shifts: Sat 28 Nov 22:00-07:00, Tue 1 Dec 22:00-07:00, Fri 4 Dec 22:00-07:00."
    ]
    assert (await says(line, bo, "NEXT 5"))[0].count("22:00") == 5
    assert await says(line, charlie, "NEXT") == ["No shift of yours is planned."]
    await line.later(hours=37)
    # Reminders of the other nights come at their own pace meanwhile.
    assert "On call now: Alma. From Sat 28 Nov 07:00 nobody." in await says(line, bo, "WHO")
    new(charlie)
    off = "You are OFF: no new offers. ON brings them back. Nobody else is on call now; the admins are told."
    assert off in await says(line, alma, "OFF")
    assert off in await says(line, alma, "OFF")
    assert sum(text.startswith("Alma is on a break (OFF), and nobody is left") for text in new(charlie)) == 1
    assert "On call now: Alma (OFF). From Sat 28 Nov 07:00 nobody." in await says(line, bo, "WHO")


async def test_words_for_a_texter_that_look_like_a_plan(line: Stage) -> None:
    """Alma counsels and is an admin: "Remove the pills from the room today" names nobody of ours, so it is held and
    asked about, and SEND sends it. With no texter about, the answer says that nobody has that name."""
    alma = await line.staff("Alma", "sms", roles=("admin", "counselor"))
    await line.rota("Alma")
    words = "Remove the pills from the room today"
    assert "Nobody on this line" in (await says(line, alma, words))[0]
    robin = line.texter("sms")
    await line.talk(robin, alma)
    assert "not sent. It begins with the command REMOVE" in (await says(line, alma, words))[0]
    assert words not in robin.texts
    await alma.write("SEND")
    await robin.shows(words)
