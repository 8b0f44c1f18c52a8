"""The ladder of a waiting conversation, one sentence of its rules a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import ladder
from bot.conversation import Conversation, Offer, OfferState, State
from bot.decision import Decision, ToStaff, ToTexter
from bot.ladder import Watch, able, climb
from bot.messages import Priority
from bot.people import Role, Staff, Standing
from tests.bot.cast import ALMA, BO, CHARLIE, NOON, PACE, SAM, at, contact, offer, person, talk, watch

ROBIN = talk()
DORA = person(5, "Dora", Role.SUPERVISOR)
SILENT, SAID_NO, NEVER_GOT_IT = OfferState.LAPSED, OfferState.PASSED, OfferState.FAILED


def asked(decision: Decision) -> list[int]:
    """Who is asked now, in order."""
    return [one.staff for one in decision.offers if one.state is OfferState.OPEN]


def heard(decision: Decision) -> list[str]:
    """What the texter hears now."""
    return [
        one.what.place for one in decision.letters if isinstance(one, ToTexter) and hasattr(one.what, "place")
    ]


def up(conversation: Conversation, offers: tuple[Offer, ...], there: Watch) -> Decision:
    return climb(conversation, offers, there, PACE)


# ── Whom to ask ──


def test_one_who_speaks_the_language_is_asked_first() -> None:
    """Then the others on call, with a word about it on the offer."""
    ukrainian = replace(ROBIN, language="uk")

    first = up(ukrainian, (), watch(on=(ALMA, BO)))
    then = up(ukrainian, (offer(ROBIN, BO, SAID_NO),), watch(at(1), on=(ALMA, BO)))

    assert asked(first) == [BO.id]
    assert asked(then) == [ALMA.id]
    assert _notes(first) == [""]
    assert _notes(then) == ["offer.no.speaker=uk"]


def _notes(decision: Decision) -> list[str]:
    return [
        one.what.arguments["notes"]
        for one in decision.letters
        if isinstance(one, ToStaff) and hasattr(one.what, "arguments")
    ]


def test_the_least_loaded_is_asked_first() -> None:
    """Who has two already comes after who has none."""
    assert asked(up(ROBIN, (), watch(on=(ALMA, BO), loads={ALMA.id: 2}))) == [BO.id]
    assert asked(up(ROBIN, (), watch(on=(ALMA, BO), loads={BO.id: 1}))) == [ALMA.id]


def test_one_by_one_every_ninety_seconds() -> None:
    """While one may still answer, nobody else is asked; then her offer lapses and the next is asked."""
    there = (ALMA, BO)
    first = up(ROBIN, (), watch(on=there))
    [made] = first.offers

    early = up(first.conversation, (made,), watch(at(1), on=there))
    late = up(first.conversation, (made,), watch(NOON + timedelta(seconds=90), on=there))

    assert asked(first) == [ALMA.id]
    assert made.due_at == NOON + timedelta(seconds=90)
    assert (asked(early), early.offers) == ([], ())
    assert [(one.staff, one.state) for one in late.offers] == [(ALMA.id, SILENT), (BO.id, OfferState.OPEN)]


@pytest.mark.parametrize("state", [SAID_NO, NEVER_GOT_IT])
def test_a_declined_or_failed_offer_is_skipped_at_once(state: OfferState) -> None:
    """The next is asked in the same second."""
    assert asked(up(ROBIN, (offer(ROBIN, ALMA, state),), watch(on=(ALMA, BO)))) == [BO.id]


def test_nobody_is_asked_twice_in_a_round() -> None:
    """Who was silent may still take it, and is left in peace."""
    everyone = tuple(offer(ROBIN, one, SILENT) for one in (ALMA, BO, SAM))
    assert asked(up(ROBIN, everyone, watch(at(8), on=(ALMA, BO), people=(SAM,)))) == []


def test_the_backup_comes_after_those_on_call_and_before_supervisors() -> None:
    """Its speakers first."""
    there = watch(on=(ALMA,), people=(BO, SAM), backup=frozenset({BO.id}))

    assert asked(up(ROBIN, (), there)) == [ALMA.id]
    assert asked(up(ROBIN, (offer(ROBIN, ALMA, SAID_NO),), there)) == [BO.id]
    assert asked(up(ROBIN, (offer(ROBIN, ALMA, SAID_NO), offer(ROBIN, BO, SAID_NO)), there)) == [SAM.id]


def test_supervisors_are_asked_together_when_the_others_are_used_up() -> None:
    """Whichever of them is there first."""
    there = watch(on=(ALMA,), people=(SAM, DORA))
    assert asked(up(ROBIN, (offer(ROBIN, ALMA, SAID_NO),), there)) == [SAM.id, DORA.id]


def test_supervisors_are_asked_after_six_minutes_though_another_may_still_answer() -> None:
    """A long list of counselors must not keep them out."""
    waiting = offer(ROBIN, ALMA, made=at(5.5))

    before = up(ROBIN, (waiting,), watch(at(5.9), on=(ALMA, BO), people=(SAM,)))
    after = up(ROBIN, (waiting,), watch(at(6), on=(ALMA, BO), people=(SAM,)))

    assert asked(before) == []
    assert asked(after) == [SAM.id]


def told_admins(decision: Decision) -> list[str]:
    """What Charlie hears."""
    return [
        one.what.place
        for one in decision.letters
        if isinstance(one, ToStaff) and one.contact == contact(CHARLIE).id and hasattr(one.what, "place")
    ]


def test_admins_hear_once_that_supervisors_are_asked() -> None:
    """The rota has failed: who plans it must know, and not again with every look at the clock."""
    there = watch(on=(ALMA,), people=(SAM, CHARLIE))

    failed = up(ROBIN, (offer(ROBIN, ALMA, SAID_NO),), there)
    later = up(failed.conversation, (offer(ROBIN, ALMA, SAID_NO), offer(ROBIN, SAM)), there)

    assert told_admins(up(ROBIN, (), there)) == []
    assert told_admins(failed) == ["rota.failed"]
    assert told_admins(later) == []


def test_admins_hear_once_that_nobody_is_left() -> None:
    """Where there is no supervisor either; an admin who is asked herself hears only the offer."""
    alone = watch(on=(), people=(CHARLIE,))
    both = person(6, "Eve", Role.ADMIN, Role.SUPERVISOR)

    empty = up(ROBIN, (), alone)

    assert told_admins(empty) == ["rota.nobody"]
    assert told_admins(up(empty.conversation, (), alone)) == []
    asked_herself = up(ROBIN, (), watch(people=(both,)))
    assert [one.what.place for one in asked_herself.letters if isinstance(one, ToStaff)] == ["offer"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "who",
    [
        replace(ALMA, available=False),
        person(1, "Alma", standing=Standing.INVITED),
        person(1, "Alma", standing=Standing.OPTED_OUT),
        person(1, "Alma", standing=Standing.DEAD),
        CHARLIE,
    ],
)
def test_who_is_off_away_or_only_an_admin_is_not_asked(who: Staff) -> None:
    """An admin who is no supervisor never reads content."""
    assert asked(up(ROBIN, (), watch(on=(who,)))) == []


def test_who_has_three_already_is_not_asked() -> None:
    """At most three conversations at once."""
    assert able([ALMA], watch(loads={ALMA.id: 2}), PACE) == [ALMA]
    assert able([ALMA], watch(loads={ALMA.id: 3}), PACE) == []


def test_a_texter_who_has_opted_out_is_for_supervisors_only() -> None:
    """What she writes is kept and shown to a supervisor; nothing is said to her."""
    there = watch(on=(ALMA,), people=(SAM,))

    decision = up(talk(muted=True), (), there)

    assert asked(decision) == [SAM.id]
    assert heard(decision) == []
    assert _notes(decision) == ["offer.opted.out"]


def test_the_offer_holds_nothing_that_she_wrote() -> None:
    """It may stand on a lock screen: code, channel, language and minutes; its buttons carry a handle, no code."""
    decision = up(ROBIN, (), watch(at(3), on=(ALMA,)))

    [letter] = [one for one in decision.letters if isinstance(one, ToStaff)]
    assert letter.offer
    assert letter.priority is Priority.OFFER
    assert not hasattr(letter.what, "reveal")
    assert set(letter.what.arguments) == {"code", "medium", "language", "minutes", "notes"}
    assert letter.what.arguments["minutes"] == "3"
    assert [one.data for one in letter.buttons] == [f"take:{ROBIN.id.hex()}", f"pass:{ROBIN.id.hex()}"]
    assert all(len(one.data.encode()) <= 64 for one in letter.buttons)


def test_what_does_not_wait_is_not_offered() -> None:
    """Nor looked at again."""
    for state in (State.TALKING, State.CLOSED, State.ERASED):
        decision = up(replace(talk(counselor=ALMA), state=state), (), watch(on=(ALMA,)))
        assert (decision.offers, decision.letters, decision.conversation.due_at) == ((), (), None)


# ── What she hears ──


def test_still_looking_is_said_once_with_an_honest_number() -> None:
    """After four minutes, about six more."""
    waiting = offer(ROBIN, ALMA, made=at(3.5))
    there = watch(at(4), on=(ALMA,))

    decision = up(ROBIN, (waiting,), there)
    again = up(decision.conversation, (waiting,), watch(at(4.5), on=(ALMA,)))

    assert heard(decision) == ["looking"]
    assert _minutes(decision) == "6"
    assert heard(again) == []


def _minutes(decision: Decision) -> str:
    [letter] = [one for one in decision.letters if isinstance(one, ToTexter)]
    assert hasattr(letter.what, "arguments")
    return str(letter.what.arguments["minutes"])


def test_nobody_is_said_at_once_when_nobody_can_be_asked() -> None:
    """Waiting would be a lie."""
    decision = up(ROBIN, (), watch(people=(CHARLIE,)))

    assert heard(decision) == ["nobody"]
    assert decision.conversation.private.asked_at == NOON
    assert decision.conversation.state is State.WAITING


def test_nobody_is_said_at_once_when_all_have_passed() -> None:
    """And not while one of them has only been silent: she may still take it."""
    no = (offer(ROBIN, ALMA, SAID_NO), offer(ROBIN, SAM, NEVER_GOT_IT))
    silent = (offer(ROBIN, ALMA, SILENT), offer(ROBIN, SAM, SAID_NO))

    assert heard(up(ROBIN, no, watch(at(1), on=(ALMA,), people=(SAM,)))) == ["nobody"]
    assert heard(up(ROBIN, silent, watch(at(3), on=(ALMA,), people=(SAM,)))) == []


def test_nobody_is_said_after_ten_minutes_and_only_once() -> None:
    """The honest text also when somebody may still answer: the conversation stays open."""
    silent = (offer(ROBIN, ALMA, SILENT),)

    decision = up(ROBIN, silent, watch(at(10), on=(ALMA,)))
    again = up(decision.conversation, silent, watch(at(11), on=(ALMA,)))

    assert heard(decision) == ["nobody"]
    assert decision.conversation.state is State.WAITING
    assert heard(again) == []


def test_the_honest_text_names_the_hour_if_the_rota_knows_one() -> None:
    """ "From 20:00 someone can." """
    decision = up(ROBIN, (), watch(next_on=at(480)))
    assert heard(decision) == ["nobody.until"]


def test_all_that_she_heard_stands_in_the_transcript() -> None:
    """Whoever takes it later sees what she was told."""
    decision = up(ROBIN, (), watch())
    assert [line.words for line in decision.said] == [
        one.what for one in decision.letters if isinstance(one, ToTexter)
    ]


# ── Again ──


def test_a_shift_that_begins_after_the_honest_text_asks_everybody_anew() -> None:
    """Also those who were silent or said no in the old one; she is not told twice."""
    told = talk(nobody_told=True)
    old = (offer(told, ALMA, SAID_NO), offer(told, BO, SILENT))

    before = up(told, old, watch(at(479), on=(ALMA, BO)))
    after = up(told, old, watch(at(481), on=(ALMA, BO), changed_at=at(480)))

    assert asked(before) == []
    assert asked(after) == [ALMA.id]
    assert after.conversation.private.round_at == at(480)
    assert heard(after) == []


def test_a_shift_begins_the_ladder_again_once() -> None:
    """Not every time the clock strikes."""
    told = talk(nobody_told=True, round_at=at(480))
    old = (offer(told, ALMA, SAID_NO, made=at(481)),)

    assert asked(up(told, old, watch(at(485), on=(ALMA,), changed_at=at(480)))) == []


def test_a_shift_that_begins_in_the_middle_of_the_ladder_changes_only_whom_to_ask() -> None:
    """Who was asked a minute ago is not asked again; who has just come on call is."""
    decision = up(ROBIN, (offer(ROBIN, ALMA, SAID_NO),), watch(at(2), on=(ALMA, BO), changed_at=at(1)))
    assert asked(decision) == [BO.id]


def test_after_a_hand_back_all_are_asked_but_the_one_who_gave_it_back() -> None:
    """Offers of the first round count no more, hers is of the new one."""
    back = talk(round_at=at(20))
    offers = (offer(back, BO, OfferState.ENDED), offer(back, ALMA, SAID_NO, made=at(20)))

    decision = up(back, offers, watch(at(20), on=(ALMA, BO)))

    assert asked(decision) == [BO.id]
    assert heard(decision) == []


def test_the_minutes_of_a_new_round_begin_anew() -> None:
    """Twenty minutes of talk are not twenty minutes of waiting."""
    back = talk(round_at=at(20))
    waiting = (offer(back, BO, made=at(20)),)
    assert heard(up(back, waiting, watch(at(21), on=(BO,)))) == []
    assert heard(up(back, waiting, watch(at(24), on=(BO,)))) == ["looking"]


def test_who_says_on_is_asked() -> None:
    """Even one who said no before."""
    decision = ladder.ask(talk(nobody_told=True), watch(at(60), people=(ALMA,)), PACE, ALMA)

    assert asked(decision) == [ALMA.id]
    assert [one.contact for one in decision.letters if isinstance(one, ToStaff)] == [contact(ALMA).id]
    assert ladder.ask(talk(), watch(), PACE, person(9, "Cut", standing=Standing.DEAD)).offers == ()


# ── When to look again ──


@pytest.mark.parametrize(
    ("now", "made", "there", "next_look"),
    [
        (0.0, 0.0, {}, 1.0),  # once a minute at least
        (0.0, -1.0, {}, 0.5),  # when the offer lapses
        (3.5, 3.5, {}, 4.0),  # still looking
        (5.5, 5.5, {}, 6.0),  # supervisors
        (9.5, 9.5, {}, 10.0),  # the honest text
        (0.0, 0.0, {"next_on": at(0.25)}, 0.25),  # a shift begins
    ],
)
def test_the_clock_looks_again_when_something_is_due(
    now: float, made: float, there: dict[str, Any], next_look: float
) -> None:
    """No step is late by more than the clock's own beat."""
    waiting = offer(ROBIN, ALMA, made=at(made))
    conversation = talk(looking_told=now > 4)
    decision = up(conversation, (waiting,), watch(at(now), on=(ALMA,), **there))
    assert decision.conversation.due_at == at(next_look)
