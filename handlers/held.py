"""Which of a counselor's held texts an answer of hers is about: SEND may never send what she thought better of."""

from __future__ import annotations

from collections.abc import Sequence

from bot import identifiers
from bot.conversation import Conversation
from handlers.turn import Turn
from storage.held import Held


def telling(held: Held) -> bool:
    """Whether she has been asked about it because it could tell who she is. Such a text stays one when the second
    question, for a late one, was asked as well."""
    return held.why == "identifier" or (
        held.why == "late" and identifiers.found(held.text.reveal()) is not None
    )


def asked_last(held: Sequence[Held]) -> list[Held]:
    """What the last question was about: every telling text, or everything that is none."""
    return [one for one in held if telling(one) == telling(held[-1])]


def told_by_code(held: Sequence[Held]) -> list[Held]:
    """What a code alone answers: for whom a text is, never whether a telling one may leave."""
    return [one for one in held if not telling(one)] or list(held)


def abandon(turn: Turn, conversation: Conversation, held: Sequence[Held]) -> None:
    """She has written something else to this texter: her telling texts for it are dropped, and she hears so."""
    left = [one.id for one in held if one.conversation == conversation.id and telling(one)]
    if left:
        turn.work.held.drop(left)
        turn.tell_about(conversation, "held.abandoned")
