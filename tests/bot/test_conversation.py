"""The states of a conversation, and every step between them: legal ones move, illegal ones change nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation import OPEN, TABLE, State, Step, step
from bot.errors import NotNow
from tests.bot.cast import ALMA, talk

LEGAL = """
    waiting  text      waiting
    waiting  take      talking
    waiting  done      closed
    waiting  bye       closed
    waiting  stop      closed
    waiting  erase     erased
    talking  text      talking
    talking  answer    talking
    talking  put back  waiting
    talking  done      closed
    talking  bye       closed
    talking  stop      closed
    talking  erase     erased
    closed   erase     erased
"""


def _legal() -> dict[tuple[State, Step], State]:
    rows = [line.split() for line in LEGAL.strip().splitlines()]
    return {(State(row[0]), Step(" ".join(row[1:-1]))): State(row[-1]) for row in rows}


@pytest.mark.parametrize("what", Step)
@pytest.mark.parametrize("state", State)
def test_every_step_from_every_state(state: State, what: Step) -> None:
    """What the table allows happens; everything else is "not now", and the conversation is what it was."""
    before = replace(talk(counselor=ALMA), state=state)
    expected = _legal().get((state, what))

    if expected is None:
        with pytest.raises(NotNow) as refusal:
            step(before, what)
        assert refusal.value.phrase == "not_now"
        assert before == replace(talk(counselor=ALMA), state=state)
    else:
        assert step(before, what) == replace(before, state=expected)


def test_the_table_is_this_table() -> None:
    """A step that is added to the code is added here, read aloud, and thought about."""
    assert _legal() == TABLE


def test_nothing_leads_back_from_the_end() -> None:
    """A closed conversation is never opened again, and an erased one never moves: a new text opens a new one."""
    assert {what for (state, what) in TABLE if state is State.CLOSED} == {Step.ERASE}
    assert not [what for (state, what) in TABLE if state is State.ERASED]
    assert frozenset({State.WAITING, State.TALKING}) == OPEN


def test_whoever_waits_or_talks_can_end_it() -> None:
    """The texter's BYE, STOP and DELETE work in every open conversation."""
    for state in OPEN:
        for what in (Step.BYE, Step.STOP, Step.ERASE):
            assert (state, what) in TABLE


def test_a_conversation_does_not_print_itself() -> None:
    """Its code, language and people stay out of logs and errors."""
    assert repr(talk(counselor=ALMA)) == "Conversation(talking)"
