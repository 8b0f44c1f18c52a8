"""A conversation ends, is sealed by the clock, and is read on Sam's own machine from a file; nobody else reads it."""

from __future__ import annotations

from bot.conversation import State
from storage import archive, archive_reading, sealed_file
from storage.box import SupervisorKey
from storage.work import Work
from tests.storage.sealed_cast import joins_as_supervisor
from tests.stories.stage import Stage


async def test_what_was_said_is_read_by_her_key_alone(line: Stage) -> None:
    """Two hours after DONE the server cannot read it any more; a key that comes later, or has left, opens nothing."""
    sam, alma, late = archive.new_pair(), archive.new_pair(), archive.new_pair()
    await line.staff("Sam", "telegram", roles=("supervisor",))
    alma_phone = await line.on_call("Alma", "sms")
    robin = line.texter("sms")
    for name, pair in (("Sam", sam), ("Dana", alma)):
        await line.do(lambda work, name=name, pair=pair: joins_as_supervisor(work, name, pair) and None)
    code = await line.talk(robin, alma_phone, "he took my passport")
    await alma_phone.write(f"{code} are you safe?")
    await robin.shows("are you safe?")
    await alma_phone.write(f"DONE {code}")
    await alma_phone.shows(f"{code}: closed")
    await line.later(hours=3)
    await line.sweeps()
    await line.do(lambda work: joins_as_supervisor(work, "Late", late) and None)

    def exported(work: Work) -> bytes:
        (talk,) = work.sealed.all()
        conversation = work.conversations.by_code(code)
        assert conversation is not None
        assert conversation.state is State.SEALED
        assert talk.code == code
        return work.sealed.exported(talk)

    content = await line.do(exported)
    file = sealed_file.read(content)
    talk = archive_reading.opened(file, sam, SupervisorKey(sam.public).reader)
    words = [one.text.reveal() for one in talk.lines]
    assert "he took my passport" in words
    assert "are you safe?" in words
    assert SupervisorKey(late.public).reader not in file.seals

    await line.remove("Dana")
    again = sealed_file.read(await line.do(exported))
    assert set(again.seals) == {SupervisorKey(sam.public).reader}
