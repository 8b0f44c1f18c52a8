"""A shift changes hands among colleagues, from their phones: asked, taken once, given back, run out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.changes import Status
from bot.covers import Deal
from handlers import covering
from handlers.rehearsal.clock import Clock
from storage.work import Work
from tests.stories.planning import FRIDAY, NIGHT, THURSDAY, asks, expires, nights, says, serves, status, three
from tests.stories.stage import Stage, new, staged, texts


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on the Thursday morning before."""
    async with staged(tmp_path, database_url, town={"clock": Clock(THURSDAY)}) as stage:
        yield stage


async def test_the_first_ok_has_the_shift_and_the_others_hear_nothing(line: Stage) -> None:
    """Bo takes it, Alma hears who; Cleo gets no second SMS, and her later OK is answered."""
    alma, bo, cleo = await three(line)
    new(alma), new(bo), new(cleo)
    cover = await asks(line)
    n = cover.number
    asked = f"Alma asks for cover: {NIGHT} (your time). OK takes it, CAN'T if not. Later: COVER {n}."
    assert new(bo) == [asked]
    assert new(cleo) == [asked]
    assert new(alma) == [f"Cover {n}: Alma, {NIGHT}. Colleagues asked: 2. COVER {n} DROP takes it back."]

    told = f"You serve for Alma: {NIGHT} (your time). CAN'T gives it back (or COVER {n} CAN'T)."
    assert await says(line, bo, "ok") == [told]
    assert new(alma) == [f"Bo serves for you: {NIGHT} (your time)."]
    assert cleo.silent
    assert await serves(line) == {"Bo"}

    assert await says(line, bo, "OK") == [told]
    assert alma.silent
    for words in ("Sorry, my sister is here that weekend", f"COVER {n}"):
        assert await says(line, cleo, words) == [f"{n}: already taken. Thank you."]
    assert await serves(line) == {"Bo"}
    assert await line.do(lambda work: work.audit.verify())


async def test_what_was_taken_is_given_back_before_it_begins(line: Stage) -> None:
    """CAN'T to the confirmation: Alma serves again and knows it, within a day the admin too; no second SMS, and
    whoever was asked may still say OK."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    cover = await asks(line)
    await says(line, bo, "OK")
    new(alma), new(cleo)
    (given,) = await says(line, bo, "can’t")
    assert given == f"{cover.number}: given back, {NIGHT}. Nobody is left to ask; the admins know."
    (told,) = new(alma)
    assert told.startswith(f"Bo cannot serve for you after all: {NIGHT}.")
    assert cleo.silent
    assert await serves(line) == {"Alma"}
    assert await status(line, cover.number) is Status.OPEN

    # Dora, whom nobody has asked, takes it by its number and gives it back: nobody asks her when Cleo does the same.
    dora = await line.staff("Dora", "sms")
    await says(line, dora, f"COVER {cover.number}")
    await says(line, dora, f"COVER {cover.number} DROP")
    assert cleo.silent
    (told,) = await says(line, cleo, "OK")
    assert told.startswith("You serve for Alma")
    assert await serves(line) == {"Cleo"}
    await line.later(hours=20)
    new(charlie)
    await says(line, cleo, f"COVER {cover.number} CAN'T")
    (told,) = [text for text in new(charlie) if text.startswith("Cleo gave back the shift of Alma")]
    assert told.endswith("You can: COVER day FOR name BY name.")
    assert not any("asks for cover" in text for text in dora.texts)
    assert await serves(line) == {"Alma"}


@pytest.mark.parametrize("how", ["removed", "STOP"])
async def test_whoever_took_it_has_gone(line: Stage, how: str) -> None:
    """Bo is taken off the staff, or sends STOP: Alma hears at once that it is hers again, of a swap also what is hers
    no longer, and Cleo, who was asked, nothing; the admin is told only what she can do, by the name that is still
    known. With START Bo reads whose it is now."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    cover = await asks(line, deal=Deal.SWAP if how == "STOP" else Deal.COVER)
    await says(line, bo, "OK")
    await line.later(hours=19)
    new(alma), new(cleo), new(charlie)
    if how == "STOP":
        await bo.write("STOP")
        hers = f"Swap with Bo is off: you serve {NIGHT}, not Sat 28 Nov 22:00-07:00."
        theirs = f"Swap with Bo is off: Alma serves {NIGHT}, not Sat 28 Nov 22:00-07:00."
    else:
        await line.remove("Bo")
        hers = f"Bo cannot serve for you after all: {NIGHT}. Until somebody takes it, it is yours."
        theirs = f"Bo can no longer serve for Alma: {NIGHT}. Nobody is left to ask."
    await line.rounds(seconds=1)
    assert new(alma).count(f"{hers} Nobody is left to ask; the admins know.") == 1
    assert new(charlie).count(f"{theirs} You can: COVER day FOR name BY name.") == 1
    assert not any("asks for cover" in text for text in new(cleo))
    assert await status(line, cover.number) is Status.OPEN
    assert await serves(line) == {"Alma"}
    await says(line, cleo, "OK")
    assert await serves(line) == ({"Cleo"})
    if how == "STOP":
        back = f"Your swap is off: you serve Sat 28 Nov 22:00-07:00, not {NIGHT}. Cleo has that now."
        assert back in await says(line, bo, "START")
        assert back not in await says(line, bo, "START")


async def test_a_chain_comes_undone(line: Stage) -> None:
    """Bo takes Alma's night and Cleo Bo's. Bo leaves: nobody hears of a gap, for there is none. Cleo gives it back: it
    is Alma's again, and she and the admin know."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await asks(line)
    await says(line, bo, "OK")
    assert await says(line, alma, "COVER 1 DROP") == [
        "1: Bo has taken it, and Bo alone can give it back (COVER 1 CAN'T)."
    ]
    await asks(line, "Bo")
    await says(line, cleo, "COVER 2")
    assert await serves(line) == {"Cleo"}
    new(alma), new(charlie)
    await line.remove("Bo")
    await line.rounds(seconds=1)
    assert await serves(line) == {"Cleo"}
    assert not [text for text in (*new(alma), *new(charlie)) if NIGHT in text]
    await says(line, cleo, "COVER 2 CAN'T")
    await line.rounds(seconds=1)
    assert await serves(line) == {"Alma"}
    assert any(
        text.startswith(f"A former colleague cannot serve for you after all: {NIGHT}.") for text in new(alma)
    )
    assert any(text.startswith("A former colleague can no longer serve for Alma") for text in new(charlie))


async def test_what_is_said_of_whoever_is_gone_or_back_is_what_the_rota_says(line: Stage) -> None:
    """Bo swapped with Alma, who gave what she got on to Cleo: it cannot be undone. His STOP leaves hours to nobody, but
    only those of nobody else; with his START they are his, and who heard of the one hears of the other. Given to Cleo
    meanwhile, they are hers."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    await line.rounds(seconds=1)
    for phone, words in (
        (alma, ("SWAP Friday night", "OK")),
        (bo, ("OK",)),
        (alma, ("COVER Saturday night", "OK")),
        (cleo, ("OK",)),
        (bo, ("COVER Friday 23-02", "OK")),
        (cleo, ("COVER 3",)),
    ):
        for text in words:
            await says(line, phone, text)
    new(alma), new(charlie)
    await bo.write("STOP")
    for _ in range(2):
        await line.rounds(seconds=40)
    left = "Fri 27 Nov 22:00-23:00, Sat 28 Nov 02:00-07:00"
    yours = f"Bo can no longer serve your shift {left}. Nobody serves then yet. If you can, tell an admin."
    assert [text for text in new(alma) if "Bo" in text] == [yours]
    theirs = f"Bo can no longer serve for Alma: {left}. Nobody serves then unless somebody is found."
    assert [text for text in new(charlie) if "Bo" in text] == [theirs]
    assert (await says(line, bo, "START"))[1:] == [f"What you had taken is still yours: you serve {left}."]
    after_all = f"Bo can be reached again and serves after all: {left}."
    assert [text for phone in (alma, charlie) for text in new(phone) if "Bo" in text] == [after_all] * 2
    assert await status(line, 1) is Status.TAKEN

    await bo.write("STOP")
    await line.rounds(seconds=40)
    for hours in ("Friday 22-23", "Saturday 02-07"):
        await says(line, charlie, f"COVER {hours} FOR Bo BY Cleo")
        await says(line, charlie, "OK")
    lost = f"The shift that you had taken is not yours any more: {NIGHT}. It is with Cleo now."
    assert (await says(line, bo, "START"))[1:] == [lost]


async def test_whoever_took_it_goes_as_it_begins(line: Stage) -> None:
    """Bo sends STOP in the first seconds of what he took: Alma, who sleeps soundly, and the admin hear it, once. Cleo
    gives back a night of Alma's, who has left: it is nobody's, and the admin reads how to fill it."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    await asks(line)
    await says(line, bo, "OK")
    await says(line, alma, "COVER Monday night")
    await says(line, alma, "OK")
    await says(line, cleo, "OK")
    await line.later(hours=36, seconds=2)
    new(alma), new(charlie)
    await bo.write("STOP")
    for _ in range(2):
        await line.rounds(seconds=1)
    yours = f"Bo can no longer serve your shift {NIGHT}. Nobody serves then yet. If you can, tell an admin."
    assert new(alma).count(yours) == 1
    theirs = f"Bo can no longer serve for Alma: {NIGHT}. Nobody serves then unless somebody is found."
    assert new(charlie).count(theirs) == 1
    await line.remove("Alma")
    (told, *_) = await says(line, cleo, "COVER 2 CAN'T")
    assert told.endswith("Nobody is left to ask; the admins know.")
    orphan = "Cleo no longer serves Mon 30 Nov 22:00-07:00, the shift of a former colleague: it is nobody's."
    assert f"{orphan} ADD name day hours puts somebody there." in new(charlie)


async def test_an_agreement_that_a_new_rota_leaves_out_is_told(line: Stage) -> None:
    """Both would else believe that the other serves; and nobody is told that it is taken."""
    alma, bo, cleo = await three(line)
    cover = await asks(line, deal=Deal.SWAP)
    await says(line, bo, "OK")
    new(alma), new(bo)
    await nights(line, "Alma", "Bo", "Cleo")
    assert await serves(line) == {"Alma"}
    await expires(line)
    await expires(line)
    both = f"{NIGHT} for Sat 28 Nov 22:00-07:00, cover {cover.number}"
    told = f"The rota was changed: the swap of Bo and Alma is off ({both})."
    assert told in new(alma)
    assert told in new(bo)
    assert await says(line, cleo, f"COVER {cover.number}") == [
        f"{cover.number}: no longer open. Nothing was done."
    ]

    await asks(line)
    await says(line, bo, "OK")
    new(alma), new(bo)
    await nights(line, "Alma", "Bo", "Cleo")
    await expires(line)
    assert f"Bo no longer serves for you: the rota was changed (cover 2). You serve {NIGHT}." in new(alma)
    assert f"You no longer serve for Alma, {NIGHT}: the rota was changed (cover 2)." in new(bo)


async def test_nobody_takes_it(line: Stage) -> None:
    """The shift begins: it is Alma's, and she and the admin are told; it can no longer be taken."""
    alma, bo, cleo = await three(line)
    charlie = await line.staff("Charlie", "telegram", roles=("admin",))
    cover = await asks(line)
    assert await says(line, cleo, "CAN'T") == [
        f"{cover.number}: noted, thank you. COVER {cover.number} takes it after all."
    ]
    await line.later(hours=37)
    await expires(line)
    await expires(line)
    assert f"Nobody took your shift {NIGHT}, so it is yours." in new(alma)
    assert f"Nobody took the shift of Alma: {NIGHT}. It is still Alma's." in new(charlie)
    # A round of the rota's own may remind Bo of the night after in the meantime.
    answered = await says(line, bo, f"COVER {cover.number}")
    assert f"{cover.number}: no longer open. Nothing was done." in answered
    assert await serves(line) == {"Alma"}
    assert await status(line, cover.number) is Status.EXPIRED


async def test_an_ok_for_a_texter_takes_no_shift(line: Stage) -> None:
    """Bo talks with Robin. The request came before Robin's last words: his OK is for her."""
    _alma, bo, _cleo = await three(line)
    await line.rota("Bo")
    robin = line.texter("sms")
    code = await line.talk(robin, bo)
    await nights(line, "Alma", "Bo", "Cleo")
    cover = await asks(line)
    new(bo)
    await texts(robin, "can you wait?")
    await bo.shows(f"{code} can you wait?")
    await line.settled()
    assert await says(line, bo, "OK") == []
    assert "OK" in new(robin)
    assert await status(line, cover.number) is Status.OPEN

    assert await says(line, bo, f"{code} one moment") == []
    assert (await says(line, bo, "CAN'T"))[:1] != [f"{cover.number}: noted, thank you."]
    assert await status(line, cover.number) is Status.OPEN


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_phones_ask_in_the_same_instant(line: Stage) -> None:
    """Both have begun before either is done: one request, and each colleague is asked once."""
    alma, bo, cleo = await three(line)
    new(alma), new(bo), new(cleo)
    assert line.program is not None
    store, here = line.program.store, line.program.line
    both = threading.Barrier(2)

    def thought(work: Work) -> int:
        giver = work.staff.by_name("Alma")
        assert giver is not None
        if not both.broken and both.n_waiting < 2:
            both.wait(20)
        start, end = FRIDAY
        made = covering.open_request(work, here, giver=giver, schedule="on call", start=start, end=end)
        return made.number

    found = await asyncio.gather(*[asyncio.to_thread(store.do_now, thought) for _ in range(2)])
    await line.settled()
    assert found[0] == found[1]
    assert sum("asks for cover" in text for text in new(bo)) == 1
    assert sum("asks for cover" in text for text in new(cleo)) == 1


async def test_two_say_ok_at_the_same_moment(line: Stage) -> None:
    """One has it, the other is told; the rota changes once."""
    alma, bo, cleo = await three(line)
    cover = await asks(line)
    new(alma), new(bo), new(cleo)
    before = await line.do(lambda work: work.rota.version())
    await asyncio.gather(bo.write("OK"), cleo.write("OK"))
    await line.settled()
    told = [*new(bo), *new(cleo)]
    assert sorted(text.partition(" ")[0] for text in told) == sorted(["You", f"{cover.number}:"])
    assert f"{cover.number}: already taken. Thank you." in told
    assert len(new(alma)) == 1
    assert await line.do(lambda work: work.rota.version()) == before + 1
    assert len(await serves(line)) == 1
