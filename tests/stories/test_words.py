"""A bare word is a command, a word with other words is a message; leaving, erasing and coming back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.rehearsal.phones import TelegramPhone
from storage.tables import (
    conversations,
    envelopes,
    held,
    offers,
    outbox,
    texter_contacts,
    transcript,
)
from tests.stories.stage import Stage, new, staged, texts

ERASED = "Done. Our copy is gone. Please delete this chat yourself."
BYE = "Bye. You can write again at any time."


MESSAGES = ("stop it, he is here", "bye for now?", "help me please", "I want to delete it", "don't stop")


async def test_a_word_with_other_words_is_a_message(line: Stage) -> None:
    """Robin's words reach Alma and end nothing."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    for message in MESSAGES:
        await texts(robin, message)
        await alma.shows(f"{code} {message}")
    await alma.write(f"{code} go on")
    await robin.shows("go on")


async def test_bye_ends_it_and_is_relayed(line: Stage) -> None:
    """The counselor reads the word and that the texter ended it; one line back, and nothing after it."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    for word in ("Bye", "BYE!!", "bye 👋", "/bye", "ＢＹＥ", "\u200bbye\u00a0"):
        code = await line.talk(robin, alma)
        await texts(robin, word)
        await line.settled()
        said, told = new(alma)
        assert said == f"{code} {word}"
        assert told == f"{code}: the texter ended the conversation (BYE)."
        assert new(robin) == [BYE]
        await alma.write(f"{code} wait")
        await alma.shows(f"{code}: no such conversation. Nothing was sent.")
        await line.settled()
        assert robin.silent


async def test_bye_before_anybody_took_withdraws_the_offer(line: Stage) -> None:
    """Alma's offer is void; nobody else is asked."""
    alma, bo, robin = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms"), line.texter("sms")
    await texts(robin, "hello")
    code = (await alma.shows("New conversation")).text.split()[2]
    await texts(robin, "bye")
    await robin.shows(BYE)
    await alma.write(f"TAKE {code}")
    await alma.shows(f"{code}: no such conversation. Nothing was sent.")
    await line.later(minutes=20)
    assert not any("New conversation" in text for text in bo.texts)


async def test_bye_without_a_conversation_is_answered_and_opens_none(line: Stage) -> None:
    """The same line again; nobody is asked."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await texts(robin, "bye")
    await robin.shows(BYE)
    await line.settled()
    assert alma.silent
    assert await line.count(conversations) == 0


async def test_stop_by_sms_ends_everything(line: Stage) -> None:
    """Not a word to Robin, ours or anybody's; Alma hears that the texter cannot be reached."""
    alma = await line.on_call("Alma", "sms")
    for word in ("STOP", "Stop!!", "ＳＴＯＰ", "unsubscribe", "End."):
        robin = line.texter("sms")
        code = await line.talk(robin, alma)
        await texts(robin, word)
        await alma.shows(f"{code}: the texter opted out and cannot be reached. The conversation is closed.")
        await alma.write(f"{code} are you there?")
        await alma.shows(f"{code}: no such conversation.")
        await line.settled()
        assert robin.silent


@pytest.mark.parametrize("medium", ["sms", "telegram"])
async def test_what_she_writes_after_stop_is_kept_and_start_brings_it(line: Stage, medium: str) -> None:
    """Nothing is tried while she is out; a supervisor may read it; START brings it to a counselor once, in order."""
    alma = await line.on_call("Alma", "sms")
    sam = await line.staff("Sam", "sms", roles=("supervisor",))
    robin = line.texter(medium)
    await line.talk(robin, alma, "before")
    await texts(robin, "STOP")
    await line.settled()
    new(robin), new(alma), new(sam)
    tried = line.calls_to(robin)

    await texts(robin, "one")
    await texts(robin, "two")
    await line.later(minutes=1)
    assert line.calls_to(robin) == tried
    assert alma.silent
    offer = await sam.shows("New conversation")
    assert "opted out, cannot be reached" in offer.text

    await texts(robin, "START")
    await robin.shows("Hi, thanks for writing.")
    code = await line.takes(alma)
    assert new(alma) == [f"{code} one\ntwo"]
    await alma.write(f"{code} I am here")
    await robin.shows("I am here")
    await texts(robin, "three")
    await alma.shows(f"{code} three")
    await line.settled()
    assert sam.silent
    assert alma.silent


async def test_a_supervisor_reads_what_an_opted_out_texter_wrote(line: Stage) -> None:
    """Sam takes it: she is told that nobody can be reached, and an answer comes back to her."""
    sam, robin = await line.staff("Sam", "sms", roles=("supervisor",)), line.texter("sms")
    await texts(robin, "STOP")
    await texts(robin, "I am in danger")
    code = await line.takes(sam)
    assert new(sam) == [f"{code} I am in danger"]
    assert any("They have opted out and cannot be reached." in text for text in sam.texts)
    await sam.write(f"{code} where are you?")
    await sam.shows(
        f"{code}: not sent, because they have opted out or blocked this line. Your text: where are you?"
    )
    await line.settled()
    assert robin.silent
    await texts(robin, "START")
    await sam.shows(f"{code}: the texter can be reached again.")
    await sam.write(f"{code} where are you?")
    await robin.shows("where are you?")


async def test_start_as_a_first_text_opens_a_conversation(line: Stage) -> None:
    """By SMS START is a text like any other when nobody opted out."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await texts(robin, "start")
    await robin.shows("Hi, thanks for writing.")
    await line.takes(alma)


async def test_slash_start_on_telegram_opens_nothing(line: Stage) -> None:
    """Telegram's own button answers with one line a day; nobody is asked, however often it is pressed."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    await robin.start("texters")
    await robin.shows("Hi. Write here and a real person will answer.")
    await robin.start("texters", payload="from-a-poster")
    await line.settled()
    assert robin.silent
    assert alma.silent
    assert await line.count(conversations) == 0


async def test_slash_start_in_a_conversation_disturbs_nothing(line: Stage) -> None:
    """She presses Start again in the middle: answered, not relayed, nothing ends."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    await robin.start("texters")
    await robin.shows("Hi. Write here")
    await line.settled()
    assert alma.silent
    await alma.write(f"{code} here")
    await robin.shows("here")


async def test_help_in_a_conversation_is_answered_and_relayed(line: Stage) -> None:
    """Robin hears how to delete and whom to call; Alma reads the word: it may be a cry."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await texts(robin, "HELP!")
    await robin.shows("Write here and a real person reads it and answers. They can't see your number.")
    await alma.shows(f"{code} HELP!")
    await texts(robin, "info")
    await robin.shows("DELETE erases our copy")
    await alma.shows(f"{code} info")


async def test_where_the_carrier_answers_help_ours_adds_nothing(tmp_path: Path, database_url: str) -> None:
    """With Twilio's Advanced Opt-Out the carrier answers HELP, START and STOP; the counselor still reads HELP."""
    opt_out = {"advanced_opt_out": True, "auto_reply": True}
    async with staged(tmp_path, database_url, town=opt_out) as line:
        alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
        code = await line.talk(robin, alma)
        await texts(robin, "HELP")
        await alma.shows(f"{code} HELP")
        await line.settled()
        assert new(robin) == ["Reply STOP to unsubscribe. Msg&Data Rates May Apply."]

        await texts(robin, "STOP")
        await alma.shows("the texter opted out")
        await line.settled()
        (only,) = new(robin)
        assert "unsubscribed" in only
        await texts(robin, "I need you")
        await texts(robin, "START")
        await robin.shows("re-subscribed")
        await robin.shows("Hi, thanks for writing.")
        code = await line.takes(alma)
        assert f"{code} I need you" in alma.texts


async def test_help_as_a_first_text_gets_the_first_answer_only(tmp_path: Path, database_url: str) -> None:
    """Also where the carrier answers: she must know that a person reads it."""
    opt_out = {"advanced_opt_out": True, "auto_reply": True}
    async with staged(tmp_path, database_url, town=opt_out) as line:
        alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
        await texts(robin, "help")
        await line.takes(alma)
        assert [text[:10] for text in new(robin)] == ["Reply STOP", "Hi, thanks"]


async def rows_of(line: Stage, conversation: bytes) -> dict[str, int]:
    """How many rows still hold anything of a conversation."""

    def thought(work):  # type: ignore[no-untyped-def]
        conn = work._desk.conn
        found = {}
        for table in (transcript, offers, held, outbox, texter_contacts):
            rows = conn.execute(select(table).where(table.c.conversation == conversation)).all()
            found[table.name] = len(rows)
        own = select(envelopes).where(envelopes.c.owner_id == conversation)
        found["envelopes"] = len(conn.execute(own).all())
        return found

    return dict(await line.do(thought))


async def the_only(line: Stage) -> bytes:
    only = await line.do(lambda work: work._desk.conn.execute(select(conversations.c.id)).scalar_one())
    return bytes(only)


async def test_delete_while_it_is_open_leaves_nothing(line: Stage) -> None:
    """Lines, offers, address, queued letters and every key are gone; Alma is told, and asked to delete hers."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma, "my secret")
    await alma.write(f"{code} I hear you")
    await robin.shows("I hear you")
    conversation = await the_only(line)
    contact = await line.do(lambda work: work._desk.conn.execute(select(conversations.c.texter)).scalar_one())
    await line.settled()
    assert (await rows_of(line, conversation))["transcript"] > 0

    await texts(robin, "Erase!")
    await alma.shows(f"{code}: the texter erased the conversation. Please delete it from your phone too.")
    await robin.shows(ERASED)
    await line.settled()
    assert set((await rows_of(line, conversation)).values()) == {0}
    row = await line.do(lambda work: work._desk.conn.execute(select(conversations)).one())
    assert row.sealed is None
    assert row.texter is None
    keys = select(envelopes).where(envelopes.c.owner_id == contact)
    assert await line.do(lambda work: work._desk.conn.execute(keys).all()) == []
    await alma.write(f"{code} hello?")
    await alma.shows(f"{code}: no such conversation.")
    assert robin.silent


async def test_delete_answers_the_same_to_everybody(line: Stage) -> None:
    """Open, closed long ago, a second time, and who never wrote: no oracle."""
    alma, robin, kit = await line.on_call("Alma", "sms"), line.texter("sms"), line.texter("sms", "Kit")
    first = await line.talk(robin, alma, "one")
    await alma.write(f"DONE {first}")
    await robin.shows("This conversation has ended.")
    await line.talk(robin, alma, "two")
    for _ in range(2):
        await texts(robin, "delete")
        await line.settled()
        assert new(robin) == [ERASED]
    await texts(kit, "delete")
    await line.settled()
    assert new(kit) == [ERASED]
    states = await line.do(
        lambda work: work._desk.conn.execute(select(conversations.c.state)).scalars().all()
    )
    assert states == ["erased", "erased"]
    for table in (transcript, texter_contacts, offers):
        assert await line.count(table) == 0
    kinds = await line.do(lambda work: set(work._desk.conn.execute(select(envelopes.c.owner)).scalars()))
    assert "conversation" not in kinds


async def test_after_delete_she_is_a_stranger(line: Stage) -> None:
    """A new text opens a new conversation, with another code, and nothing of before is shown."""
    alma, robin = await line.on_call("Alma", "telegram"), line.texter("telegram")
    first = await line.talk(robin, alma, "my secret")
    await texts(robin, "DELETE")
    await robin.shows(ERASED)
    await alma.shows("the texter erased the conversation")
    await texts(robin, "hello again")
    code = await line.takes(alma)
    assert code != first
    assert new(alma) == [f"{code} hello again"]


async def test_delete_before_anybody_took(line: Stage) -> None:
    """The offer leads nowhere, and no one is asked any more."""
    alma, bo, robin = await line.on_call("Alma", "sms"), await line.on_call("Bo", "sms"), line.texter("sms")
    await texts(robin, "my secret")
    code = (await alma.shows("New conversation")).text.split()[2]
    await texts(robin, "DELETE")
    await robin.shows(ERASED)
    await alma.write(f"TAKE {code}")
    await alma.shows(f"{code}: no such conversation. Nothing was sent.")
    await line.later(minutes=15)
    assert not any("New conversation" in text for text in bo.texts)
    assert set((await rows_of(line, await the_only(line))).values()) == {0}


async def test_delete_takes_back_what_is_on_its_way(line: Stage) -> None:
    """Alma's answer waits because the carrier is down: after DELETE it is never sent, and she is told, unquoted."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    code = await line.talk(robin, alma)
    before = line.calls_to(robin)
    line.town.telegram.faults.broken("sendMessage", times=None)
    await alma.write(f"{code} a private answer")
    await line.tried(robin, before)
    await texts(robin, "DELETE")
    await alma.shows(f"{code}: not delivered, because the conversation ended first.")
    await alma.shows("the texter erased the conversation")
    line.town.telegram.faults.off()
    await line.later(minutes=2)
    assert "a private answer" not in robin.texts
    assert not any("a private answer" in text for text in alma.texts)


async def test_counselors_words_are_one_grammar(line: Stage) -> None:
    """HELP, WHO, NOTE, HISTORY, DONE, with and without marks; what is not built yet is never relayed."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    await line.on_call("Bo", "sms")
    code = await line.talk(robin, alma, "my story")
    await alma.write("help")
    await alma.shows("TAKE code: accept. PASS code: put back, no blame.")
    await alma.write("/who")
    await alma.shows("On call now: Alma, Bo.")
    await alma.write(f"note {code} lives with her agent")
    await alma.shows(f"{code}: note kept.")
    await alma.write(f"{code} I see")
    await robin.shows("I see")
    await alma.write(f"#history {code.lower()}")
    await line.settled()
    played = new(alma)
    assert played[0] == f"{code} Texter: my story"
    assert played[1].startswith(f"{code} Line: Hi, thanks for writing.")
    assert f"{code} Note: lives with her agent" in played
    assert played[-1] == f"{code} Counselor: I see"
    await alma.write(f"DANGER {code}")
    await alma.shows("DANGER is not available yet. Nothing was sent.")
    await alma.write(f"{code} done")
    await alma.shows(f"{code}: closed.")
    await line.settled()
    assert new(robin) == ["This conversation has ended. You can write again at any time."]


async def test_off_with_open_conversations_names_them(line: Stage) -> None:
    """Alma goes on a break: what is open stays hers, and she is told which."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await alma.write("OFF")
    await alma.shows(f"You are OFF: no new offers. Open with you: {code}.")
    await texts(robin, "are you there?")
    await alma.shows(f"{code} are you there?")
    await alma.write("WHO")
    await alma.shows("On call now: Alma (OFF).")


async def test_yes_is_an_answer_unless_she_has_opted_out(line: Stage) -> None:
    """ "Are you safe?" "Yes." must arrive; after STOP it is the carrier's word for coming back."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    await alma.write(f"{code} are you safe?")
    await robin.shows("are you safe?")
    await texts(robin, "Yes.")
    await alma.shows(f"{code} Yes.")
    await texts(robin, "STOP")
    await alma.shows("opted out")
    await texts(robin, "hello")
    await texts(robin, "yes")
    await robin.shows("Hi, thanks for writing.")
    code = await line.takes(alma)
    assert f"{code} hello" in alma.texts


async def test_a_texter_who_blocks_the_bot_is_out_of_reach_until_she_comes_back(line: Stage) -> None:
    """Alma is told, her answer comes back to her, and she hears when Robin can be reached again."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("telegram")
    assert isinstance(robin, TelegramPhone)
    code = await line.talk(robin, alma)
    await robin.block()
    await alma.shows(f"{code}: the texter blocked this line and cannot be reached now.")
    await alma.write(f"{code} are you there?")
    await alma.shows(f"{code}: not sent, because they have opted out or blocked this line.")
    await robin.unblock()
    await alma.shows(f"{code}: the texter can be reached again.")
    await alma.write(f"{code} are you there?")
    await robin.shows("are you there?")
    await texts(robin, "yes")
    await alma.shows(f"{code} yes")


async def test_a_texter_whose_carrier_knows_of_her_stop(line: Stage) -> None:
    """She opted out where we did not see it (21610): Alma hears that it was not sent and why; nothing more leaves."""
    alma, robin = await line.on_call("Alma", "sms"), line.texter("sms")
    code = await line.talk(robin, alma)
    line.town.twilio.opted_out.add((robin.number, "+12025550100"))
    await alma.write(f"{code} are you there?")
    await alma.shows(f"{code}: not sent, because they have opted out. Your text: are you there?")
    tried = line.calls_to(robin)
    await alma.write(f"{code} hello?")
    await alma.shows(f"{code}: not sent, because they have opted out or blocked this line.")
    assert line.calls_to(robin) == tried
    assert robin.silent
