"""BLOCK: a nuisance is stopped without anybody seeing a number, and it ends by itself."""

from __future__ import annotations

import pytest

from storage.tables import conversations, outbox, transcript
from tests.stories.stage import Stage, answers, new, texts


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_a_blocked_texter_is_told_nothing_and_reaches_nobody(line: Stage, medium: str) -> None:
    """The conversation is closed, every supervisor is told how to lift it, and what she texts is not stored."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter(medium)
    sam = await line.staff("Sam", "telegram", roles=("supervisor",))
    code = await line.talk(robin, alma)
    await alma.write(f"BLOCK {code} 7 says rude things")
    await alma.shows(f"{code}: blocked for 7 days.")
    await sam.shows(
        f"{code}: Alma blocked this texter for 7 days. Reason: says rude things. UNBLOCK {code} lifts it."
    )
    before = await line.count(transcript), await line.count(conversations)
    for _ in range(3):
        await texts(robin, "me again")
    await texts(robin, "HELP")
    await line.settled()
    assert robin.silent
    assert (new(alma), new(sam)) == ([], [])
    assert (await line.count(transcript), await line.count(conversations)) == before
    assert await line.do(lambda work: work.counts.today("refused blocked")) == 4

    await line.later(days=6, hours=23)
    await texts(robin, "still here")
    await line.settled()
    assert robin.silent
    await line.later(hours=2)
    await texts(robin, "sorry")
    await robin.shows("thanks for writing")


async def test_a_supervisor_lifts_a_block_by_its_code(line: Stage) -> None:
    """A counselor may not; the trail says who did what, and when there is nothing to lift it says so."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    code = await line.talk(robin, alma)
    await alma.write(f"{code} block 30")
    await alma.shows(f"{code}: blocked for 30 days.")
    await sam.shows("UNBLOCK")
    await alma.write(f"UNBLOCK {code}")
    await line.settled()
    await texts(robin, "hello?")
    await line.settled()
    assert robin.silent
    await sam.write(f"UNBLOCK {code}")
    await sam.shows(f"{code}: the block is lifted.")
    await sam.write(f"UNBLOCK {code}")
    await sam.shows(f"{code}: there is no block to lift.")
    await texts(robin, "hello?")
    await robin.shows("thanks for writing")
    trail = await line.do(lambda work: [(one.what, one.detail) for one in work.audit.entries()])
    assert ("texter blocked", "30 days.") in trail
    assert [what for what, _ in trail].count("texter unblocked") == 1


async def test_block_is_never_relayed_and_answers_what_is_wrong(line: Stage) -> None:
    """Days out of bounds, somebody else's code, no code: nobody is blocked, and the texter reads nothing of it."""
    alma, bo = await line.on_call("Alma", "sms"), await line.staff("Bo", "sms")
    robin = line.texter("sms")
    code = await line.talk(robin, alma)
    for days in ("0", "366", "99999999", "-1", "1.5 days"):
        await alma.write(f"BLOCK {code} {days}")
        await alma.shows(f"{code}: not blocked. Choose from 1 to 365 days.")
    for text in ("BLOCK", "BLOCK him at once", f"{code} block him", f"{code} BLOCK 7 rude"):
        await alma.write(text)
        await alma.shows("command BLOCK")
    await bo.write(f"BLOCK {code}")
    await bo.shows(f"{code}: no such conversation.")
    assert robin.silent
    await answers(alma, code, "are you safe?")
    await robin.shows("are you safe?")


async def test_what_is_hers_to_decide_works_while_she_is_blocked(line: Stage) -> None:
    """DELETE erases and is answered; STOP and START are obeyed; what waited for her is not sent."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await line.settled()
    await alma.write(f"BLOCK {code}")
    await alma.shows(f"{code}: blocked for 90 days.")
    await texts(robin, "DELETE")
    await robin.shows("Our copy is gone")
    assert await line.count(transcript) == 0
    await texts(robin, "STOP")
    await line.settled()
    await texts(robin, "DELETE")
    await line.settled()
    assert robin.silent
    await texts(robin, "START")
    await line.settled()
    await texts(robin, "DELETE")
    await robin.shows("Our copy is gone")
    await line.settled()
    assert await line.count(outbox) == 0


async def test_a_supervisor_blocks_what_a_colleague_has(line: Stage) -> None:
    """The counselor is told, and no text of hers goes to the wrong one afterwards."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    code = await line.talk(robin, alma)
    await sam.write(f"BLOCK {code} 1 day prank")
    await sam.shows(f"{code}: blocked for 1 days.")
    await alma.shows(f"{code}: a supervisor blocked this texter.")
    await alma.write(f"{code} hello?")
    await alma.shows(f"{code}: no such conversation.")
    assert robin.silent
