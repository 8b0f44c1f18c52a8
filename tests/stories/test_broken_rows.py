"""Somebody with the database, but not the keys, changes a row: it is noticed, told, and silences nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from bot.people import Role
from storage.tables import (
    conversations,
    envelopes,
    held,
    offers,
    rotas,
    staff,
    staff_contacts,
    texter_contacts,
    transcript,
)
from storage.work import Work
from tests.stories.stage import Phone, Stage, answers, texts


async def damaged(line: Stage, table: Table, column: str = "sealed", **where: Any) -> None:
    """One bit of each of these rows is flipped."""
    keys = list(table.primary_key.columns)

    def thought(work: Work) -> None:
        conn = work._desk.conn
        chosen = select(*keys, table.c[column]).where(
            *(table.c[name] == value for name, value in where.items())
        )
        for row in conn.execute(chosen).all():
            *ids, value = row
            flipped = value[:-1] + bytes([value[-1] ^ 1])
            this = [key == one for key, one in zip(keys, ids, strict=True)]
            conn.execute(update(table).where(*this).values({column: flipped}))

    await line.do(thought)


async def trail(line: Stage) -> list[str]:
    """What the audit trail says of broken rows."""
    entries = await line.do(lambda work: list(work.audit.entries()))
    return [one.detail for one in entries if one.what == "a row did not open"]


async def with_admin(line: Stage) -> Phone:
    """Sam is an admin, and hears of it."""
    return await line.staff("Sam", "sms", roles=(Role.ADMIN.value,))


@pytest.mark.parametrize(
    ("table", "column", "medium"),
    [
        (conversations, "sealed", "sms"),
        (texter_contacts, "sealed", "telegram"),
        (envelopes, "wrapped", "telegram"),
    ],
)
async def test_a_texter_whose_conversation_is_broken_is_heard_all_the_same(
    line: Stage, table: Table, column: str, medium: str
) -> None:
    """Robin's next words open a new conversation and reach somebody; Kit notices nothing; one entry, one alarm."""
    sam = await with_admin(line)
    alma = await line.on_call("Alma", "sms")
    robin, kit = line.texter(medium), line.texter(medium, "Kit")
    code = await line.talk(robin, alma, "first words")
    hers = await line.do(lambda work: work.conversations.by_code(code))
    other = await line.talk(kit, alma, "hello from Kit")
    ids = {
        conversations: {"id": hers.id},
        texter_contacts: {"id": hers.texter},
        envelopes: {"owner_id": hers.id},
    }[table]
    await damaged(line, table, column, **ids)

    await texts(robin, "are you there?")

    await robin.shows("Hi, thanks for writing.")
    await alma.shows(f"{code} was damaged")
    again = await line.takes(alma)
    assert again != code
    await alma.shows("are you there?")
    await sam.shows("does not open")
    await texts(kit, "and me?")
    await alma.shows(f"{other} and me?")
    await texts(robin, "good")
    await alma.shows(f"{again} good")
    await line.settled()
    assert len(await trail(line)) == 1
    assert sum("does not open" in text for text in sam.texts) == 1


async def test_a_broken_transcript_is_not_shown_in_part(line: Stage) -> None:
    """Alma is told to ask again; nothing of what was before is shown, and what comes now arrives."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    await texts(robin, "the first secret")
    await texts(robin, "the second secret")
    await line.settled()
    code = await line.code_of(robin)
    await damaged(line, transcript, sequence=1)

    await line.takes(alma)

    await alma.shows(f"{code}: what was said before was damaged")
    await answers(alma, code, "please tell me again")
    await robin.shows("please tell me again")
    await alma.write(f"HISTORY {code}")
    await alma.shows(f"{code}: what was said before was damaged")
    await texts(robin, "it was a man")
    await alma.shows(f"{code} it was a man")
    assert not [text for text in alma.texts if "secret" in text]
    assert len(await trail(line)) == 1


async def test_a_counselor_whose_own_row_is_broken_is_told(line: Stage) -> None:
    """Her conversation goes to Bo, who is on call as well; she hears that nothing was done."""
    sam = await with_admin(line)
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    code = await line.talk(robin, alma)
    bo = await line.on_call("Bo", "telegram")
    await damaged(line, staff, id=line.people["Alma"])

    await answers(alma, code, "are you safe?")

    await alma.shows("Not done:")
    await robin.shows("Your contact was cut off.")
    await sam.shows("does not open")
    assert await line.takes(bo) == code
    await texts(line.texter("sms", "Kit"), "hello")
    await bo.shows("New conversation")
    assert not [text for text in robin.texts if "safe?" in text]
    assert len(await trail(line)) == 1


async def test_a_number_of_staff_that_does_not_open_is_not_offered_anything(line: Stage) -> None:
    """Alma's number is lost: Bo is asked at once."""
    await line.on_call("Alma", "sms")
    bo = await line.on_call("Bo", "telegram")
    contact = await line.do(lambda work: work.staff.by_name("Alma").contact.id)
    await damaged(line, staff_contacts, id=contact)

    await texts(line.texter("sms"), "hello")

    await bo.shows("New conversation")
    assert len(await trail(line)) == 1


async def test_held_words_that_do_not_open_are_said_to_be_gone(line: Stage) -> None:
    """Nothing is sent, and Alma writes them again."""
    alma = await line.on_call("Alma", "sms")
    robin, kit = line.texter("sms"), line.texter("sms", "Kit")
    code = await line.talk(robin, alma)
    await line.talk(kit, alma)
    await alma.write("for one of you")
    await alma.shows("Which conversation?")
    await damaged(line, held)

    await alma.write(code)

    await alma.shows("What was held of yours was damaged")
    await answers(alma, code, "for you")
    await robin.shows("for you")
    assert not [text for text in (*robin.texts, *kit.texts) if "for one of you" in text]
    assert len(await trail(line)) == 1


async def test_a_broken_offer_is_made_anew(line: Stage) -> None:
    """Alma takes it all the same; nobody who was never asked can."""
    alma = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    await texts(robin, "hello")
    offer = await alma.shows("New conversation")
    code = offer.text.split()[2]
    await line.settled()
    await damaged(line, offers)

    await line.later(seconds=95)
    await alma.write(f"TAKE {code}")

    await alma.shows(f"{code} is yours")
    assert len(await trail(line)) == 1


async def test_without_a_rota_that_opens_the_supervisors_are_asked(line: Stage) -> None:
    """The first text is answered, and Charlie hears of it."""
    await line.on_call("Alma", "sms")
    charlie = await line.staff("Charlie", "sms", roles=("supervisor",))
    robin = line.texter("sms")
    await line.stop()
    await line.start()
    await damaged(line, rotas)

    await texts(robin, "hello")

    await robin.shows("Hi, thanks for writing.")
    await line.later(minutes=7)
    await charlie.shows("New conversation")
    # Once a day, and midnight may come in between.
    assert len(set(await trail(line))) == 1


async def test_labels_that_were_swapped_misdirect_nobody(line: Stage) -> None:
    """Robin's and Kit's routes change places: each begins anew, and neither reads what is meant for the other."""
    alma = await line.on_call("Alma", "sms")
    robin, kit = line.texter("sms"), line.texter("telegram", "Kit")
    bea = line.texter("sms", "Bea")
    codes = [await line.talk(one, alma) for one in (robin, bea)]

    def swap(work: Work) -> None:
        conn = work._desk.conn
        rows = conn.execute(select(texter_contacts.c.id, texter_contacts.c.route_label)).all()
        (one, its), (two, other) = rows
        this = texter_contacts.c.id
        conn.execute(update(texter_contacts).where(this == one).values(route_label=None))
        conn.execute(update(texter_contacts).where(this == two).values(route_label=its))
        conn.execute(update(texter_contacts).where(this == one).values(route_label=other))

    await line.do(swap)
    alma.look()
    await texts(robin, "only for my own counselor")
    await robin.shows("Hi, thanks for writing.")
    await line.settled()
    assert not [text for text in alma.texts if "only for my own" in text]
    code = await line.takes(alma)
    assert code not in codes
    await alma.shows("only for my own counselor")
    await texts(kit, "hello")
    await line.settled()
    assert len(await trail(line)) == 1


async def test_a_label_of_staff_that_was_moved_lends_nobody_another_hand(line: Stage) -> None:
    """Somebody gives Alma's contact the label of Mal's phone: what Mal writes is not Alma's."""
    alma, mal = await line.on_call("Alma", "sms"), await line.staff("Mal", "sms")
    robin = line.texter("sms")
    code = await line.talk(robin, alma)

    def swap(work: Work) -> None:
        conn = work._desk.conn
        its = {row.staff: row.address_label for row in conn.execute(select(staff_contacts))}
        one, two = line.people["Alma"], line.people["Mal"]
        this = staff_contacts.c.staff
        conn.execute(update(staff_contacts).where(this == two).values(address_label=None))
        conn.execute(update(staff_contacts).where(this == one).values(address_label=its[two]))
        conn.execute(update(staff_contacts).where(this == two).values(address_label=its[one]))

    await line.do(swap)

    await answers(mal, code, "I am Alma")

    await mal.shows("Not done:")
    await asyncio.sleep(0.1)
    assert not [text for text in robin.texts if "I am Alma" in text]
    assert len(await trail(line)) == 1
