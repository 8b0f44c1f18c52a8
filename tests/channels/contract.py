"""What every channel promises; a class of tests to be run for each, with a `stand` of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.errors import DeliveryError, Refused, StorageError, Unreachable
from bot.messages import Kind
from bot.removal import Answer
from tests.channels.stands import Ear, Stand, post

NAUGHTY = (
    "plain words",
    "words with \n two lines  and  blanks",
    "<b>words</b> *words* _words_ [words](https://example.org) & %20 +",
    "words 🙂👩‍👩‍👧‍👦 \u202eright to left\u202c z\u200bero e\u0301",
    "слова, λέξεις, 言葉, كلمات",
    "/words",
)
BECAUSE = {
    "opted_out", "unreachable", "no_such_number", "landline", "content", "country", "blocked", "too_long", "failed",
}  # fmt: skip


class Contract:
    """Send once, say truly what became of it, hand on what came, lose nothing, log nothing."""

    @pytest.mark.parametrize("text", NAUGHTY)
    async def test_what_is_sent_arrives_word_for_word(self, stand: Stand, text: str) -> None:
        """Nobody formats, trims or interprets words."""
        copy = await stand.channel.send(post(stand.post_to, text))

        assert [shown.text for shown in stand.phone.look()] == [text]
        assert copy is not None
        assert copy.medium is stand.channel.medium
        assert copy.via == stand.post_to.via in stand.channel.senders
        assert copy.chat == stand.post_to.place
        assert copy.message.reveal()

    async def test_a_carrier_that_is_too_busy_has_not_taken_it(self, stand: Stand) -> None:
        """Its wait is handed on; the next try goes through."""
        stand.faults.too_many(stand.method, retry_after=7)

        with pytest.raises(Unreachable) as busy:
            await stand.channel.send(post(stand.post_to, "words"))

        assert (busy.value.ambiguous, busy.value.retry_after) == (False, timedelta(seconds=7))
        await stand.channel.send(post(stand.post_to, "words"))
        assert stand.phone.texts == ["words"]

    @pytest.mark.parametrize("fault", ["broken", "bad gateway", "cut before", "cut after", "slow"])
    async def test_an_answer_that_never_came_is_ambiguous_and_the_call_was_made_once(
        self, stand: Stand, fault: str
    ) -> None:
        """Whether to repeat it is the outbox's to decide, never a client's."""
        faults = stand.faults
        arming: dict[str, Callable[[], object]] = {
            "broken": lambda: faults.broken(stand.method, times=None),
            "bad gateway": lambda: faults.broken(stand.method, status=502, times=None),
            "cut before": lambda: faults.cut_before(stand.method, times=None),
            "cut after": lambda: faults.cut_after(stand.method, times=None),
            "slow": lambda: faults.hold(stand.method, accepted_first=True, times=None),
        }
        arming[fault]()

        with pytest.raises(Unreachable) as lost:
            await stand.channel.send(post(stand.post_to, "words"))

        assert lost.value.ambiguous
        assert not lost.value.ours
        assert [call.method for call in faults.calls] == [stand.method]

    async def test_a_carrier_that_is_down_has_not_taken_it(self, stand: Stand) -> None:
        """A refused connection is certain: no second copy can come of trying again."""
        await stand.down()

        with pytest.raises(Unreachable) as down:
            await stand.channel.send(post(stand.post_to, "words"))

        assert not down.value.ambiguous

    async def test_a_wrong_token_is_our_fault(self, stand: Stand) -> None:
        """The message is kept and the operator alarmed."""
        with pytest.raises(Unreachable) as refused:
            await stand.without_token().send(post(stand.post_to, "words"))

        assert refused.value.ours

    async def test_half_a_letter_is_refused_before_the_wire(self, stand: Stand) -> None:
        """A lone surrogate has no bytes."""
        with pytest.raises(Refused) as refused:
            await stand.channel.send(post(stand.post_to, "words \ud83d"))

        assert refused.value.because == "content"
        assert not stand.faults.calls

    async def test_what_the_carrier_holds_is_deleted_there(self, stand: Stand) -> None:
        """As often as one likes: what is gone already is gone."""
        copy = await stand.channel.send(post(stand.post_to, "words"))
        assert copy is not None
        for _ in range(2):
            assert list(await stand.channel.remove([copy])) == [Answer.GONE]
        with pytest.raises(Unreachable):
            await stand.without_token().remove([copy])
        stand.faults.too_many(retry_after=7)
        with pytest.raises(Unreachable) as busy:
            await stand.channel.remove([copy])
        assert busy.value.retry_after == timedelta(seconds=7)

    async def test_a_refusal_says_why_in_our_words_and_quotes_nothing(self, stand: Stand) -> None:
        """The carrier's sentence holds the number and may hold the words."""
        stand.faults.refuse(stand.method, code=400, message=f"lavender {stand.post_to.place.reveal()}")

        with pytest.raises(DeliveryError) as refused:
            await stand.channel.send(post(stand.post_to, "words"))

        assert isinstance(refused.value, Refused)
        assert refused.value.because in BECAUSE
        assert refused.value.__suppress_context__
        assert "lavender" not in repr(refused.value) + str(vars(refused.value))

    async def test_what_is_written_is_handed_on_once_with_its_address(self, stand: Stand, ear: Ear) -> None:
        """The address is where an answer goes; the copy is where the carrier keeps it."""
        await stand.listen(ear)

        await stand.phone.write("my words")

        (came,) = await ear.heard(1)
        assert came.kind is Kind.TEXT
        assert came.text.reveal() == "my words"
        assert came.sender == stand.post_to
        assert came.copy is not None
        assert came.copy.chat == stand.post_to.place
        await stand.channel.send(post(came.sender, "an answer"))
        assert stand.phone.texts == ["an answer"]

    async def test_what_could_not_be_stored_comes_again(self, stand: Stand, ear: Ear) -> None:
        """A carrier is told "got it" only after the commit; the second time it has the same id."""
        ear.failing = [StorageError(), StorageError()]
        await stand.listen(ear)

        await stand.phone.write("first words")
        await stand.phone.write("second words")

        came = await ear.heard(2)
        assert {one.text.reveal() for one in came} == {"first words", "second words"}
        assert len({one.provider_id for one in came}) == 2

    async def test_a_picture_is_told_but_not_taken(self, stand: Stand, ear: Ear) -> None:
        """What kind it was, and nothing of it."""
        await stand.listen(ear)

        await stand.phone.send_photo()

        (came,) = await ear.heard(1)
        assert (came.kind, came.what, came.text.reveal()) == (Kind.NOT_CARRIED, "photo", "")

    async def test_control_letters_do_not_reach_the_house(self, stand: Stand, ear: Ear) -> None:
        """NUL breaks PostgreSQL, an escape sequence a terminal."""
        await stand.listen(ear)

        await stand.phone.write("wo\x00rds \x1b[31mred")

        (came,) = await ear.heard(1)
        assert not {"\x00", "\x1b"} & set(came.text.reveal())

    def test_it_shows_neither_token_nor_number(self, stand: Stand) -> None:
        """A traceback with locals is printed by somebody some day."""
        shown = repr(stand.channel) + repr(vars(stand.channel))
        assert stand.token not in shown
        assert stand.post_to.place.reveal() not in shown
