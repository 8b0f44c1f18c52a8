"""What a rule wants to happen: a new state, transcript lines, letters, offers. Rules return it, `apply` does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.bursts import Pace
from bot.conversation import Conversation, Offer, Step
from bot.messages import Button, Direction, Priority, Side, Writer
from bot.people import ContactId, QuestionId, StaffId
from bot.phrases import Phrase
from bot.redact import Secret

Words = Phrase | Secret[str]
"""Our own sentence, said in the reader's language, or a person's words as they are."""


@dataclass(frozen=True, slots=True)
class ToTexter:
    """Something for the texter. `farewell`: a closing line, which may be said after the conversation's end.
    `sure`: the counselor, or the texter's OK, lets it leave after the window has closed."""

    what: Words
    priority: Priority = Priority.TALK
    writer: Writer | None = None
    farewell: bool = False
    sure: bool = False


@dataclass(frozen=True, slots=True)
class ToStaff:
    """Something for one staff contact. `coded`: the conversation's code stands before it, in every part.
    `about` False: it does not come from the conversation, and outlives its erasing. `pace`: whether it may be joined
    with what waits for the same contact. `question`: OK and CAN'T answer this one. `within`: it does not
    leave later than that; None: as long as a staff letter is worth sending."""

    contact: ContactId
    what: Words
    priority: Priority = Priority.NOTICE
    coded: bool = False
    offer: bool = False
    about: bool = True
    pace: Pace = Pace.ALONE
    buttons: tuple[Button, ...] = ()
    question: QuestionId | None = None
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A line for the transcript."""

    direction: Direction
    words: Words
    staff: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that one event leads to. `conversation`: the new state, saved if it differs.

    `cancel`: the sides whose queued letters are dropped, before the new ones are added. `play`: the transcript is sent
    to this contact. `erase`: the conversation's content and address are destroyed first. `unsettle`: this counselor's
    next text without a code is held. `ended`: how the conversation ended, for the counts.
    """

    conversation: Conversation
    said: tuple[Said, ...] = ()
    letters: tuple[ToTexter | ToStaff, ...] = ()
    offers: tuple[Offer, ...] = ()
    end_offers: bool = False
    cancel: tuple[Side, ...] = ()
    play: ContactId | None = None
    erase: bool = False
    unsettle: StaffId | None = None
    settle: StaffId | None = None
    ended: Step | None = None
