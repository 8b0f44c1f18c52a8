"""What one person may not do alone: a further key, a texter's address; and a key that is lost. Told by phones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import fingerprint
from handlers import newkey
from handlers.rehearsal.phones import SmsPhone
from storage import archive
from storage.box import SupervisorKey
from storage.work import Work
from tests.stories.stage import Phone, Stage, staged, texts

REASON = "she said she will jump"


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """A line on which addresses may be revealed."""
    async with staged(tmp_path, database_url, reveal=True) as stage:
        yield stage


async def number(phone: Phone, before: str) -> str:
    """The number in the newest text that has this word before one."""
    shown = await phone.shows(f"{before} ")
    found = re.search(rf"{before} (\d{{5}})", shown.text)
    assert found is not None
    return found[1]


async def trail(line: Stage) -> list[str]:
    """What the audit trail says of keys and addresses, and that it is whole."""
    assert await line.do(lambda work: work.audit.verify())
    entries = await line.do(lambda work: list(work.audit.entries()))
    return [one.what for one in entries if one.what.startswith(("key ", "address "))]


async def reads_nothing(line: Stage, address: str, *phones: Phone) -> None:
    """None of these has been shown the address, in any text."""
    await line.settled()
    for phone in phones:
        assert not any(address in text for text in phone.texts)


# ── REVEAL ──


async def test_two_people_together_may_have_an_address(line: Stage) -> None:
    """Sam asks, Wanda, who can read nothing, approves from her own phone: Sam alone gets the number, once. What was
    said has been sealed by then: the address is kept a while longer."""
    sam = await line.staff("Sam", "telegram", roles=("supervisor",))
    wanda = await line.staff("Wanda", "sms", roles=("witness",))
    alma = await line.on_call("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    robin = line.texter("sms")
    assert isinstance(robin, SmsPhone)
    for _ in range(2):
        await gets_key(line, "Sam")
    code = await line.talk(robin, alma)
    await alma.write(f"DONE {code}")
    await alma.shows(f"{code}: closed")
    await line.later(hours=3)
    await line.sweeps()
    assert [one.code for one in await line.do(lambda work: work.sealed.all())] == [code]

    await sam.write(f"REVEAL {code} {REASON}", to="staff")
    asked = await wanda.shows(f"{code}: Sam asks for this person's number or account. Reason: {REASON}.")
    await sam.shows(f"{code}: asked.")
    said = re.search(r"APPROVE (\d{5})", asked.text)
    assert said is not None
    await sam.write(f"APPROVE {said[1]}", to="staff")
    await sam.shows(f"{said[1]}: you asked for it yourself")
    await reads_nothing(line, robin.number, sam, wanda, alma, charlie)

    await wanda.write(f"approve {said[1]}")
    await sam.shows(f"{code}: the number is {robin.number}.")
    await wanda.shows(f"{said[1]}: approved.")
    await wanda.write(f"APPROVE {said[1]}")
    await wanda.shows(f"{said[1]}: that has been answered already")
    await line.settled()
    assert sum(robin.number in text for text in sam.texts) == 1
    await reads_nothing(line, robin.number, wanda, alma, charlie)
    robin.look()
    assert (await trail(line))[-2:] == ["address asked for", "address revealed, approved"]


async def test_a_refusal_ends_it_and_so_does_silence(line: Stage) -> None:
    """After a REFUSE an APPROVE comes too late; after fifteen minutes as well. Nothing is revealed."""
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    alma = await line.staff("Alma", "sms", roles=("supervisor",))
    bo = await line.staff("Bo", "sms", roles=("supervisor",))
    robin = line.texter("sms")
    assert isinstance(robin, SmsPhone)
    await texts(robin, "hello")
    await line.settled()
    code = await line.code_of(robin)
    await sam.write(f"REVEAL {code} {REASON}")
    first = await number(alma, "APPROVE")
    await sam.write(f"REVEAL {code} {REASON}")
    await sam.shows(f"{code}: its address has been asked for already")
    await bo.write(f"REFUSE {first}")
    await sam.shows(f"{code}: REVEAL was refused")
    await alma.write(f"APPROVE {first}")
    await alma.shows(f"{first}: that has been answered already")

    await sam.write(f"REVEAL {code} {REASON}")
    await line.settled()
    alma.look()
    second = (await line.do(lambda work: work.requests.waiting()))[0].approving
    await line.later(minutes=15)
    await sam.shows(f"{code}: REVEAL has ended without an answer")
    await alma.write(f"APPROVE {second}")
    await alma.shows(f"{second}: that has been answered already")
    await reads_nothing(line, robin.number, sam, alma, bo)
    assert await trail(line) == [
        "address asked for",
        "address refused",
        "address asked for",
        "address not revealed: nobody approved in time",
    ]


async def test_the_asker_is_never_shown_what_approves(line: Stage) -> None:
    """Sam forges Wanda's phone with every number that his own has been shown: nothing is revealed, and his number
    takes it back. Wanda's own would have approved, and refuses as well."""
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    wanda = await line.staff("Wanda", "sms", roles=("witness",))
    robin = line.texter("sms")
    assert isinstance(robin, SmsPhone)
    await texts(robin, "hello")
    await line.settled()
    code = await line.code_of(robin)
    await sam.write(f"REVEAL {code} {REASON}")
    asked = await number(wanda, "APPROVE")
    await sam.shows(f"{code}: asked")
    his = {found for text in sam.texts for found in re.findall(r"\d{5}", text)}
    assert len(his) == 1
    assert asked not in his
    for one in his:
        await wanda.write(f"APPROVE {one}")
        await wanda.shows(f"{one}: nothing with that number waits for you")
    await sam.write(f"REFUSE {his.pop()}")
    await wanda.shows(f"{code}: REVEAL was refused")
    await sam.write(f"REVEAL {code} {REASON}")
    wanda.look()
    await wanda.write(f"REFUSE {await number(wanda, 'APPROVE')}")
    await sam.shows(f"{code}: REVEAL was refused")
    await reads_nothing(line, robin.number, sam, wanda)


async def test_of_two_who_approve_at_once_one_does(line: Stage) -> None:
    """And the address is sent once."""
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    alma = await line.staff("Alma", "sms", roles=("supervisor",))
    wanda = await line.staff("Wanda", "telegram", roles=("witness",))
    robin = line.texter("telegram")
    await texts(robin, "hello")
    await line.settled()
    code = await line.code_of(robin)
    await sam.write(f"REVEAL {code} {REASON}")
    asked = await number(alma, "APPROVE")
    await asyncio.gather(alma.write(f"APPROVE {asked}"), wanda.write(f"APPROVE {asked}", to="staff"))
    await sam.shows(f"{code}: the Telegram account's number is {robin.user['id']}")  # type: ignore[union-attr]
    await line.settled()
    answers = [text for phone in (alma, wanda) for text in phone.texts if text.startswith(asked)]
    assert sorted(answer.split(": ")[1].split()[0] for answer in answers) == ["approved.", "that"]
    assert (await trail(line)).count("address revealed, approved") == 1


async def test_who_may_not_ask_or_answer_gets_nothing(line: Stage) -> None:
    """Neither a counselor, nor an admin, nor a guesser, nor the texter; a reason is asked for; what is gone is gone."""
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    alma = await line.staff("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    robin = line.texter("sms")
    assert isinstance(robin, SmsPhone)
    await texts(robin, "hello")
    await line.settled()
    code = await line.code_of(robin)
    await alma.write(f"REVEAL {code} {REASON}")
    await alma.shows("REVEAL is for supervisors. Nothing was done.")
    await sam.write(f"REVEAL {code} {REASON}")
    await sam.shows("Nobody else could approve")
    wanda = await line.staff("Wanda", "sms", roles=("witness",))
    await sam.write(f"REVEAL {code} why")
    await sam.shows("Text REVEAL, the code and the reason")
    await sam.write(f"REVEAL {code} {REASON}")
    asked = await number(wanda, "APPROVE")
    await alma.write(f"APPROVE {asked}")
    await alma.shows("APPROVE is for supervisors, admins and witnesses.")
    await charlie.write(f"APPROVE {asked}")
    await charlie.shows(f"{asked}: nothing with that number waits for you")
    wrong = str(int(asked) - 1)
    for _ in range(4):
        await charlie.write(f"APPROVE {wrong}")
        await charlie.shows(f"{wrong}: nothing with that number")
    await charlie.write(f"REFUSE {wrong}")
    await charlie.shows("Too many wrong numbers today")
    await sam.shows("Wrong numbers came from Charlie's phone")
    await texts(robin, f"APPROVE {asked}")
    await texts(robin, "DELETE")
    await line.settled()
    await wanda.write(f"APPROVE {asked}")
    await sam.shows(f"{code}: the address is gone")
    await sam.write(f"REVEAL {code} {REASON}")
    await sam.shows(f"{code}: ")
    await reads_nothing(line, robin.number, sam, alma, charlie, wanda)


async def test_a_line_reveals_nothing_unless_it_is_set(tmp_path: Path, database_url: str) -> None:
    """The default: not even asked about."""
    async with staged(tmp_path, database_url) as line:
        sam = await line.staff("Sam", "sms", roles=("supervisor",))
        wanda = await line.staff("Wanda", "sms", roles=("witness",))
        robin = line.texter("sms")
        await texts(robin, "hello")
        await line.settled()
        wanda.look()
        await sam.write(f"REVEAL {await line.code_of(robin)} {REASON}")
        await sam.shows("Addresses cannot be revealed on this line")
        await line.settled()
        assert wanda.silent
        assert await trail(line) == []


# ── Keys ──


async def gets_key(line: Stage, name: str, by: str | None = None) -> str:
    """What `greenroom staff key add` does; the key's name."""
    pair = archive.new_pair()
    half = SupervisorKey(pair.public)

    def thought(work: Work) -> None:
        owner, admin = work.staff.by_name(name), work.staff.by_name(by) if by else None
        assert owner is not None
        assert line.program is not None
        newkey.propose(work, line.program.line, owner, half, pair.public, admin)

    await line.do(thought)
    return half.reader


async def counts(line: Stage) -> set[str]:
    """The keys that are sealed to now."""
    return {one.reader for one in await line.do(lambda work: work.archive_keys.active())}


async def test_a_third_key_takes_two_admins_or_three_days(line: Stage) -> None:
    """The first two count at once. Charlie asks, Dana approves; Charlie's own yes is none, and Sam may say no."""
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    dana = await line.staff("Dana", "telegram", roles=("admin",))
    first, second = await gets_key(line, "Sam"), await gets_key(line, "Sam")
    assert await counts(line) == {first, second}

    third = await gets_key(line, "Sam", by="Charlie")
    asked = await dana.shows("Charlie asks for a new key for Sam")
    assert fingerprint.spoken(third) in asked.text
    refuse = await number(sam, "REFUSE")
    assert await number(charlie, "REFUSE") == refuse
    assert refuse not in asked.text
    said = re.search(r"APPROVE (\d{5})", asked.text)
    assert said is not None
    approve = said[1]
    await charlie.write(f"APPROVE {refuse}")
    await charlie.shows("you asked for it yourself")
    await sam.write(f"APPROVE {refuse}")
    await sam.shows(f"{refuse}: you can REFUSE it")
    await dana.write(f"APPROVE {refuse}", to="staff")
    await dana.shows(f"{refuse}: nothing with that number waits for you")
    assert await counts(line) == {first, second}
    await dana.write(f"/approve {approve}", to="staff")
    await sam.shows(
        f"Sam has a new key from now on: what is closed is sealed to it too. Fingerprint: {fingerprint.spoken(third)}"
    )
    assert third in await counts(line)

    fourth = await gets_key(line, "Sam", by="Dana")
    no = next(one.number for one in await line.do(lambda work: work.requests.waiting()))
    await sam.write(f"REFUSE {no}")
    await sam.shows("The new key for Sam was refused")
    fifth = await gets_key(line, "Sam", by="Dana")
    await line.later(hours=71)
    assert fifth not in await counts(line)
    await line.later(hours=1, seconds=1)
    assert fifth in await counts(line)
    assert fourth not in await counts(line)
    assert await trail(line) == [
        "key added",
        "key added",
        "key asked for",
        "key approved",
        "key asked for",
        "key refused",
        "key asked for",
        "key counts after three days",
    ]


async def test_a_lost_key_ends_from_her_own_phone(line: Stage) -> None:
    """On Telegram at once; by SMS once she has repeated a number, because a sender can be forged."""
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    alma = await line.staff("Alma", "telegram", roles=("supervisor",))
    charlie = await line.staff("Charlie", "sms", roles=("admin",))
    sams, almas = await gets_key(line, "Sam"), await gets_key(line, "Alma")
    await line.settled()
    for phone in (sam, alma, charlie):
        phone.look()
    await charlie.write("KEY LOST")
    await charlie.shows("KEY is for supervisors.")
    await sam.write("KEY LOST")
    echo = await number(sam, "KEY LOST")
    await sam.write(f"KEY LOST {int(echo) ^ 1}")
    other = await number(sam, "KEY LOST")
    await sam.write(f"KEY LOST {echo}")
    await sam.shows(f"{echo} was replaced by a newer number, which still waits. Text KEY LOST and that one.")
    assert await counts(line) == {sams, almas}
    await sam.write(other)
    await charlie.shows("A key of Sam has ended: nothing is sealed to it any more.")
    assert await counts(line) == {almas}
    await sam.write("KEY LOST")
    await sam.shows("You have no key on this line")
    await alma.write("key lost", to="staff")
    await charlie.shows("A key of Alma has ended")
    assert await counts(line) == set()
    assert (await trail(line))[-2:] == ["key ended", "key ended"]


async def test_who_leaves_takes_nothing_along(line: Stage) -> None:
    """Her key ends, and what she has asked for is not done any more."""
    await line.staff("Sam", "sms", roles=("supervisor",))
    alma = await line.staff("Alma", "sms", roles=("supervisor",))
    await line.staff("Charlie", "sms", roles=("admin",))
    dana = await line.staff("Dana", "sms", roles=("admin",))
    sams, almas = await gets_key(line, "Sam"), await gets_key(line, "Alma")
    third = await gets_key(line, "Alma", by="Charlie")
    asked = await number(dana, "APPROVE")
    await line.remove("Sam")
    await alma.shows("A key of Sam has ended")
    assert await counts(line) == {almas}
    await line.remove("Charlie")
    await dana.write(f"APPROVE {asked}")
    await dana.shows(f"{asked}: that has been answered already")
    await line.later(hours=73)
    assert not await counts(line) & {sams, third}
