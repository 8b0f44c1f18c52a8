"""A text that nobody told us of when it came is found at the carrier: it reaches a person all the same, and says when
it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot import grammar
from bot.messages import Inbound, Kind, Side
from bot.people import Contact
from bot.phrases import moment, phrase
from bot.redact import Secret
from handlers import apply, gate
from handlers.line import Line
from storage.work import Work

LOOKED_AT: Final = (timedelta(hours=24), timedelta(seconds=15))
"""Texts of this age. Of older ones we may have forgotten that we had them (retention.dedup_hours is 48 at least), of
younger ones the carrier may be about to tell us."""
LATE: Final = timedelta(minutes=2)
"""Older than that, a text says when it was written."""


def sift(work: Work, line: Line, found: Sequence[Inbound]) -> list[Inbound]:
    """Those that were never heard of, as they are to be received, in order. What was written before its writer had all
    of hers erased is not let in: it only goes at the carrier's."""
    kept = []
    for one in found:
        if work.seen.knows(one.medium, one.sender.via, _ids(one)):
            continue
        if gate.erased_since(work, one.sender, one.at):
            _only_seen(work, one)
        else:
            kept.append(_dated(line, one, work.now))
    return kept


def of_staff(work: Work, line: Line, one: Inbound, contact: Contact) -> None:
    """A command or a reply of long ago is never obeyed: she is told, and knows best whether it still holds."""
    apply.tell(work, line, contact, phrase("missed.staff", time=moment(one.at, work.now)))


def _ids(one: Inbound) -> tuple[Secret[str], ...]:
    """Under which it may have been heard of: words whose picture has been deleted there look like words alone."""
    sid = one.provider_id.reveal()
    if one.kind is not Kind.TEXT or sid.endswith(":text"):
        return (one.provider_id,)
    return one.provider_id, Secret(f"{sid}:text")


def _only_seen(work: Work, one: Inbound) -> None:
    if work.seen.first(one.medium, one.sender.via, one.provider_id) and one.copy is not None:
        work.copies.keep(one.copy, side=Side.TEXTER, conversation=None, contact=None, line=None, at_once=True)


def _dated(line: Line, one: Inbound, now: datetime) -> Inbound:
    """The counselor reads when it was written; a word that the line obeys stays as it is."""
    text = one.text.reveal()
    if one.kind is not Kind.TEXT or now - one.at < LATE:
        return one
    if grammar.texter_word(text) is not None or grammar.asked_language(text) is not None:
        return one
    told = phrase("missed", time=moment(one.at, now), text=text)
    return replace(one, text=Secret(line.say(told, line.default_language)))
