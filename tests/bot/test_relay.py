"""The relay, one sentence of its rules a test: who hears what when somebody writes, takes, passes, ends or leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import relay
from bot.conversation import Conversation, OfferState, State, Step
from bot.decision import Decision, Said, ToStaff, ToTexter
from bot.errors import NoSuchConversation, NotNow, WhichConversation, WriterError
from bot.messages import Direction, Priority, Side
from bot.people import ConversationId, Staff
from bot.phrases import phrase
from bot.redact import Secret
from bot.relay import Desk, whose
from tests.bot.cast import ALMA, BO, WINDOW, at, contact, offer, talk, writer

WORDS = Secret("are you safe?")


def to_texter(decision: Decision) -> list[str]:
    """The places of what the line says to the texter, or the words themselves."""
    return [
        one.what.reveal() if isinstance(one.what, Secret) else one.what.place
        for one in decision.letters
        if isinstance(one, ToTexter)
    ]


def to_staff(decision: Decision, staff: Staff) -> list[str]:
    """The same for one of the staff."""
    return [
        one.what.reveal() if isinstance(one.what, Secret) else one.what.place
        for one in decision.letters
        if isinstance(one, ToStaff) and one.contact == contact(staff).id
    ]


# ── The texter writes ──


def test_the_first_answer_goes_out_first() -> None:
    """At once, before anybody is asked anything; her text waits in the transcript, before our answer to it."""
    hello = phrase("first.answer", wait="wait.none")

    decision = relay.opened(talk(), Said(Direction.IN, WORDS), hello)

    assert [one.priority for one in decision.letters] == [Priority.FIRST]
    assert [line.direction for line in decision.said] == [Direction.IN, Direction.LINE]


def test_her_words_reach_the_counselor_and_the_transcript() -> None:
    """With the code in front, and the time noted: from now on half an hour is hers."""
    decision = relay.texter_said(talk(counselor=ALMA), WORDS, at(3))

    assert to_staff(decision, ALMA) == ["are you safe?"]
    assert [one.coded for one in decision.letters if isinstance(one, ToStaff)] == [True]
    assert decision.said == (Said(Direction.IN, WORDS),)
    assert decision.conversation.private.texter_at == at(3)


def test_while_nobody_has_it_her_words_wait_in_the_transcript() -> None:
    """Nobody reads what she writes before somebody has taken it."""
    decision = relay.texter_said(talk(), WORDS, at(1))

    assert decision.letters == ()
    assert decision.said == (Said(Direction.IN, WORDS),)


def test_a_picture_is_refused_kindly_and_told_to_the_counselor() -> None:
    """She hears it, the counselor hears that there was one, nothing of it is kept."""
    decision = relay.texter_sent_a_kind(talk(counselor=ALMA), "photo", at(1))

    assert to_texter(decision) == ["words.only"]
    assert to_staff(decision, ALMA) == ["refused.kind"]
    assert [line.words for line in decision.said] == [phrase("refused.kind", what="photo")]


# ── The texter leaves ──


def test_bye_ends_it_with_one_line_and_tells_the_counselor() -> None:
    """What was queued for her is cancelled; she is still told goodbye."""
    decision = relay.texter_left(talk(counselor=ALMA), Step.BYE, at(5))

    assert decision.conversation.state is State.CLOSED
    assert decision.conversation.private.closed_at == at(5)
    assert to_texter(decision) == ["bye"]
    assert all(one.farewell for one in decision.letters if isinstance(one, ToTexter))
    assert to_staff(decision, ALMA) == ["texter.bye"]
    assert decision.cancel == (Side.TEXTER,)
    assert decision.unsettle == ALMA.id


def test_stop_is_answered_with_silence() -> None:
    """The counselor is told that she cannot be reached; she herself gets not one more line."""
    decision = relay.texter_left(talk(counselor=ALMA), Step.STOP, at(5))

    assert decision.conversation.state is State.CLOSED
    assert to_texter(decision) == []
    assert to_staff(decision, ALMA) == ["texter.stop"]


@pytest.mark.parametrize("how", [Step.BYE, Step.STOP])
def test_who_leaves_while_waiting_takes_the_offers_along(how: Step) -> None:
    """An offer that nobody has read yet need not arrive, and none can be taken any more."""
    decision = relay.texter_left(talk(), how, at(5))

    assert decision.end_offers
    assert set(decision.cancel) == {Side.TEXTER, Side.STAFF}
    assert decision.unsettle is None


@pytest.mark.parametrize(
    "conversation",
    [talk(), talk(counselor=ALMA), replace(talk(counselor=ALMA, closed_at=at(4)), state=State.CLOSED)],
)
def test_delete_erases_open_and_closed(conversation: Conversation) -> None:
    """Everything queued is dropped; the counselor's notice holds nothing of it and outlives it."""
    decision = relay.texter_erased(conversation, at(5))

    assert decision.erase
    assert decision.conversation.state is State.ERASED
    assert set(decision.cancel) == {Side.TEXTER, Side.STAFF}
    assert decision.said == ()
    assert all(isinstance(one, ToStaff) and not one.about for one in decision.letters)
    assert len(decision.letters) == (1 if conversation.counselor else 0)


def test_delete_of_what_ended_long_ago_is_told_to_nobody() -> None:
    """She who had it would only learn that somebody has thought of it again."""
    ended = replace(talk(counselor=ALMA, closed_at=at(0)), state=State.SEALED)
    assert len(relay.texter_erased(ended, at(23 * 60)).letters) == 1
    assert relay.texter_erased(ended, at(25 * 60)).letters == ()


def test_who_is_silent_for_thirty_days_hears_nothing_more() -> None:
    """Closed by time: the counselor is told, the number may be another's by now."""
    decision = relay.fell_silent(talk(counselor=ALMA), at(5))
    assert decision.conversation.state is State.CLOSED
    assert to_texter(decision) == []
    assert to_staff(decision, ALMA) == ["texter.silent"]
    assert decision.end_offers


def test_delete_of_a_running_conversation_unsettles_its_counselor() -> None:
    """Her next words without a code could have been meant for the one who is gone."""
    assert relay.texter_erased(talk(counselor=ALMA), at(5)).unsettle == ALMA.id
    assert relay.texter_erased(replace(talk(counselor=ALMA), state=State.CLOSED), at(5)).unsettle is None


def test_what_is_closed_cannot_be_left_again() -> None:
    """BYE twice is said once."""
    with pytest.raises(NotNow):
        relay.texter_left(replace(talk(), state=State.CLOSED), Step.BYE, at(5))


# ── OK, STOP and back ──


def test_ok_is_an_answer_only_if_something_was_asked() -> None:
    """ "OK" to a counselor is a word; "OK" to "may we text you then?" is leave to write."""
    assert relay.texter_agreed(talk()) is None
    assert relay.texter_agreed(talk(counselor=ALMA, asked_at=at(10))) is None
    assert relay.texter_agreed(talk(asked_at=at(10), agreed=True)) is None

    decision = relay.texter_agreed(talk(asked_at=at(10)))
    assert decision is not None
    assert decision.conversation.private.agreed
    assert to_texter(decision) == ["agreed"]


def test_start_after_stop_begins_the_ladder_again() -> None:
    """What she wrote meanwhile goes up from the first rung, with a first answer."""
    told = talk(muted=True, nobody_told=True, looking_told=True)

    decision = relay.texter_opted_in(told, phrase("first.answer"), at(60))

    private = decision.conversation.private
    assert (private.muted, private.nobody_told, private.looking_told) == (False, False, False)
    assert (private.round_at, decision.conversation.due_at) == (at(60), at(60))
    assert to_texter(decision) == ["first.answer"]


@pytest.mark.parametrize(("muted", "told"), [(True, "texter.blocked"), (False, "texter.back")])
def test_the_counselor_is_told_when_she_is_out_of_reach_and_when_she_is_back(muted: bool, told: str) -> None:
    """The conversation stays; nothing is said to her."""
    decision = relay.texter_out_of_reach(talk(counselor=ALMA, muted=not muted), muted=muted)

    assert decision.conversation.state is State.TALKING
    assert decision.conversation.private.muted is muted
    assert to_staff(decision, ALMA) == [told]
    assert to_texter(decision) == []


# ── Taking and passing ──


def taken(conversation: Conversation, staff: Staff = ALMA, *, open_now: int = 0, now: float = 2) -> Decision:
    return relay.take(
        conversation, staff, contact(staff), open_now=open_now, most=3, now=at(now), window=WINDOW
    )


def test_who_takes_it_has_it_and_reads_the_transcript() -> None:
    """The other offers end, and those that have not left need not."""
    decision = taken(talk())

    after = decision.conversation
    assert (after.state, after.counselor, after.counselor_contact) == (
        State.TALKING,
        ALMA.id,
        contact(ALMA).id,
    )
    assert decision.play == contact(ALMA).id
    assert decision.end_offers
    assert decision.cancel == (Side.STAFF,)
    assert after.due_at is None
    assert decision.letters == ()


def test_the_second_is_told_that_it_is_taken_and_not_by_whom() -> None:
    """Whoever asks again for what she has is told so."""
    with pytest.raises(NotNow) as refusal:
        taken(talk(counselor=ALMA), BO)
    assert (refusal.value.phrase, refusal.value.arguments) == ("taken.already", {"code": "K7R2"})
    with pytest.raises(NotNow) as refusal:
        taken(talk(counselor=ALMA), ALMA)
    assert refusal.value.phrase == "taken.yours"


def test_three_are_enough() -> None:
    """A counselor with as many as she may have is told how many those are."""
    assert taken(talk(), open_now=2).conversation.state is State.TALKING
    with pytest.raises(NotNow) as refusal:
        taken(talk(), open_now=3)
    assert (refusal.value.phrase, refusal.value.arguments["count"]) == ("take.full", "3")


def test_what_has_ended_cannot_be_taken() -> None:
    """BYE was quicker than TAKE."""
    with pytest.raises(WriterError):
        taken(replace(talk(), state=State.CLOSED))


@pytest.mark.parametrize(
    ("minutes", "agreed", "muted", "heard"),
    [
        (29, True, False, []),
        (31, True, False, ["news"]),
        (31, False, False, []),
        (31, True, True, []),
    ],
)
def test_news_only_late_and_only_after_her_ok(
    minutes: float, agreed: bool, muted: bool, heard: list[str]
) -> None:
    """ "Hi, still want to talk?" is asked when she said OK and half an hour has passed."""
    assert to_texter(taken(talk(agreed=agreed, muted=muted), now=minutes)) == heard


def test_pass_declines_an_offer_without_blame() -> None:
    """The ladder goes on at once."""
    decision = relay.passed(talk(), ALMA, contact(ALMA), offer(talk(), ALMA), at(1))

    assert [one.state for one in decision.offers] == [OfferState.PASSED]
    assert decision.conversation.due_at == at(1)
    assert to_staff(decision, ALMA) == ["passed"]
    assert to_texter(decision) == []


def test_pass_puts_back_what_she_has() -> None:
    """The texter is told that somebody else is coming; the ladder begins again, without her."""
    decision = relay.passed(talk(counselor=ALMA, nobody_told=True), ALMA, contact(ALMA), None, at(20))

    after = decision.conversation
    assert (after.state, after.counselor, after.counselor_contact) == (State.WAITING, None, None)
    assert (after.private.round_at, after.due_at, after.private.nobody_told) == (at(20), at(20), False)
    assert to_texter(decision) == ["cut.off"]
    assert to_staff(decision, ALMA) == ["put.back"]
    assert [(one.staff, one.state) for one in decision.offers] == [(ALMA.id, OfferState.PASSED)]
    assert decision.unsettle is None


def test_a_counselor_who_cannot_be_reached_loses_it_without_a_letter() -> None:
    """Nothing is sent to a phone that is off, and her next words without a code are held."""
    decision = relay.put_back(talk(counselor=ALMA), contact(ALMA).id, by_herself=False, now=at(20))

    assert to_staff(decision, ALMA) == []
    assert [one.state for one in decision.offers] == [OfferState.FAILED]
    assert decision.unsettle == ALMA.id


def test_not_yours_looks_like_no_such_conversation() -> None:
    """Bo learns nothing about what was never offered to him, from any command."""
    refusals = []
    for ask in (
        lambda: relay.passed(talk(), BO, contact(BO), None, at(1)),
        lambda: relay.passed(talk(counselor=ALMA), BO, contact(BO), None, at(1)),
        lambda: relay.done(talk(counselor=ALMA), BO, contact(BO), at(1)),
        lambda: relay.noted(talk(counselor=ALMA), BO, contact(BO), WORDS),
        lambda: relay.counselor_said(talk(counselor=ALMA), BO, WORDS, writer(BO), now=at(1), window=WINDOW),
        lambda: relay.done(talk(), BO, contact(BO), at(1)),
    ):
        with pytest.raises(NoSuchConversation) as refusal:
            ask()
        refusals.append((refusal.value.phrase, refusal.value.arguments))
    assert refusals == [("no.such", {"code": "K7R2"})] * len(refusals)


# ── The counselor writes and closes ──


def said(conversation: Conversation, now: float, *, sure: bool = False) -> Decision:
    return relay.counselor_said(
        conversation, ALMA, WORDS, writer(ALMA), now=at(now), window=WINDOW, sure=sure
    )


def test_her_words_go_to_the_texter_and_nothing_around_them() -> None:
    """No name, no code, no greeting of ours; what became of them is told to her."""
    decision = said(talk(counselor=ALMA), 5)

    assert to_texter(decision) == ["are you safe?"]
    assert [one.writer for one in decision.letters if isinstance(one, ToTexter)] == [writer(ALMA)]
    assert decision.said == (Said(Direction.OUT, WORDS, ALMA.id),)
    assert decision.settle == ALMA.id


def test_nothing_arrives_late_unless_she_or_the_texter_said_so() -> None:
    """Half an hour after the texter's last text the counselor is asked SEND or DROP."""
    assert said(talk(counselor=ALMA), 30).letters
    with pytest.raises(NotNow) as refusal:
        said(talk(counselor=ALMA), 31.5)
    assert (refusal.value.phrase, refusal.value.arguments["minutes"]) == ("ask.late", "31")
    for decision in (said(talk(counselor=ALMA), 45, sure=True), said(talk(counselor=ALMA, agreed=True), 45)):
        assert [one.sure for one in decision.letters if isinstance(one, ToTexter)] == [True]


def test_who_has_opted_out_is_not_written_to_even_if_she_is_sure() -> None:
    """The counselor is told why, with her words given back."""
    with pytest.raises(NotNow) as refusal:
        said(talk(counselor=ALMA, muted=True), 1, sure=True)
    assert (refusal.value.phrase, refusal.value.arguments["why"]) == ("not.sent", "muted")


def test_done_closes_with_one_line_to_each() -> None:
    """The texter hears that she may write again; what stands before it in the queue still leaves."""
    decision = relay.done(talk(counselor=ALMA, agreed=True), ALMA, contact(ALMA), at(40))

    assert decision.conversation.state is State.CLOSED
    assert decision.conversation.counselor == ALMA.id
    assert not decision.conversation.private.agreed
    assert to_texter(decision) == ["closed"]
    assert to_staff(decision, ALMA) == ["done"]
    assert decision.cancel == ()
    assert decision.unsettle is None


def test_a_note_never_reaches_the_texter() -> None:
    """It is kept for colleagues, and she is told so."""
    decision = relay.noted(talk(counselor=ALMA), ALMA, contact(ALMA), WORDS)

    assert to_texter(decision) == []
    assert decision.said == (Said(Direction.NOTE, WORDS, ALMA.id),)


# ── Never guess ──

KIT = talk("kit", code="M3XA", counselor=ALMA)
ROBIN = talk(counselor=ALMA)


def desk(*talking: Conversation, last: ConversationId | None = ROBIN.id, **more: object) -> Desk:
    return replace(Desk(ALMA, talking, (), (), frozenset({last})), **more)  # type: ignore[arg-type]


def is_held(on: Desk, minutes: float = 60) -> bool:
    try:
        return whose(on, at(minutes)) is not ROBIN
    except WhichConversation:
        return True


def test_with_one_open_and_the_last_word_from_it_nothing_need_be_asked() -> None:
    """She just answers what she has just read."""
    assert whose(desk(ROBIN), at(60)) is ROBIN


def test_with_none_open_nothing_is_sent() -> None:
    """She is told so."""
    with pytest.raises(NotNow) as refusal:
        whose(desk(), at(60))
    assert refusal.value.phrase == "none.open"


def test_with_two_open_she_is_asked_which() -> None:
    """The question names both codes."""
    with pytest.raises(WhichConversation) as question:
        whose(desk(ROBIN, KIT), at(60))
    assert question.value.arguments["codes"].split() == ["K7R2", "M3XA"]


@pytest.mark.parametrize(
    "last",
    [frozenset({None}), frozenset({KIT.id}), frozenset({ROBIN.id, KIT.id}), frozenset[ConversationId]()],
)
def test_the_last_thing_she_got_must_come_from_it(last: frozenset[ConversationId | None]) -> None:
    """After an answer of the line itself, or with another's words on their way to her, it is held."""
    assert is_held(desk(ROBIN, last_from=last))


@pytest.mark.parametrize(
    ("state", "minutes_ago", "held"),
    [
        (OfferState.OPEN, 50, True),
        (OfferState.OPEN, 1, True),
        (OfferState.LAPSED, 14, True),
        (OfferState.LAPSED, 16, False),
        (OfferState.PASSED, 14, True),
        (OfferState.ENDED, 14, True),
        (OfferState.FAILED, 14, True),
        (OfferState.ENDED, 16, False),
    ],
)
def test_another_that_was_offered_lately_could_be_meant(
    state: OfferState, minutes_ago: float, held: bool
) -> None:
    """For a quarter of an hour, whatever became of the offer; an open one as long as it is open."""
    other = offer(KIT, ALMA, state, made=at(60 - minutes_ago), due=at(70))
    assert is_held(desk(ROBIN, offers=(other,))) is held


def test_its_own_offer_does_not_count_against_it() -> None:
    """She took it a minute ago."""
    assert not is_held(desk(ROBIN, offers=(offer(ROBIN, ALMA, OfferState.ENDED, made=at(59)),)))


@pytest.mark.parametrize(("minutes_ago", "held"), [(14, True), (16, False)])
def test_another_that_closed_lately_could_be_meant(minutes_ago: float, held: bool) -> None:
    """ "Take care!" may be for the one who has just gone."""
    gone = talk("kit", code="M3XA", counselor=ALMA, closed_at=at(60 - minutes_ago))
    assert is_held(desk(ROBIN, closed=(replace(gone, state=State.CLOSED),))) is held


def test_when_others_ended_or_moved_one_of_hers_her_next_words_are_held() -> None:
    """However long ago: she may not have seen it."""
    assert is_held(desk(ROBIN, staff=replace(ALMA, unsettled=True)), minutes=600)


def test_the_clock_of_never_guess_is_not_the_clock_of_noon() -> None:
    """A conversation that began long ago is as certain as a new one."""
    assert whose(desk(ROBIN), at(6000)) is ROBIN
