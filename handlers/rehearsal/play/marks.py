"""What has become of a message that somebody wrote, as her phone may show it."""

from __future__ import annotations

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.play.events import Mark
from handlers.rehearsal.screens import Shown
from handlers.rehearsal.town import Town

Phone = SmsPhone | TelegramPhone
REACTIONS = {"👀": Mark.SEEN, "👌": Mark.DELIVERED, "💔": Mark.FAILED}


def mark_of(shown: Shown, phone: Phone, town: Town) -> Mark:
    """The mark of one message; NONE for one that was received and is still there."""
    if shown.deleted:
        return Mark.DELETED
    if shown.sender != "me":
        return Mark.NONE
    for reaction in shown.reactions:
        if reaction in REACTIONS:
            return REACTIONS[reaction]
    if isinstance(phone, SmsPhone) and not _taken(shown, town):
        return Mark.WAITS
    return Mark.SENT


def _taken(shown: Shown, town: Town) -> bool:
    """Whether the program has said "got it" to the carrier; until the carrier itself has it, nothing waits."""
    posts = [p for p in reversed(town.twilio.posted) if p.parameters.get("MessageSid") == shown.id]
    return not shown.id or any(post.arrived for post in posts)
