"""One raw update of Telegram → what it tells us, from a short list of fields; everything else is never looked at.

Raw, not through `Update.de_json`: a kind or field that the library does not know yet must not cost a person her text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.grammar import Word, texter_word
from bot.messages import Address, Copy, Inbound, Kind, Side
from bot.people import Medium
from bot.redact import Secret
from bot.segments import clean

ALLOWED: Final = ("message", "edited_message", "callback_query", "my_chat_member")
"""`allowed_updates`: whatever is not named here Telegram does not even send."""

SIDES: Final[Mapping[str, Side]] = {"texters": Side.TEXTER, "staff": Side.STAFF}

NOT_CARRIED: Final[Mapping[str, str]] = {
    "photo": "photo",
    "live_photo": "photo",
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "sticker": "sticker",
    "venue": "location",
    "location": "location",
    "contact": "contact",
    "document": "file",
}
"""A message's field → our word for it; the first that is there counts (a GIF is `animation` and `document`)."""

NOT_WRITTEN: Final = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "chat_background_set",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "boost_added",
        "write_access_allowed",
        "connected_website",
        "proximity_alert_triggered",
        "checklist_tasks_done",
        "checklist_tasks_added",
        "poll_option_added",
        "poll_option_deleted",
        "gift_upgrade_sent",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
    }
)
"""Notices of the app itself: nobody meant to tell us anything."""

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


class Malformed(Exception):
    """An update that is not what the Bot API promises; never quotes it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one update comes to: an inbound, or `why` there is none; a press to answer, a group to leave."""

    inbound: Inbound | None = None
    why: str = ""
    press: Secret[str] | None = None
    leave: int | None = None

    def __repr__(self) -> str:
        return f"Heard({self.why or 'inbound'})"


def heard(update: Mapping[str, Any], *, via: str, now: datetime) -> Heard:
    """Reads an update of the bot `via` ("texters" or "staff"). Raises Malformed."""
    try:
        for field in ALLOWED:
            if isinstance(update.get(field), dict):
                return _READERS[field](
                    _Bot(via, SIDES[via], str(_whole(update["update_id"])), now), update[field]
                )
    except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        raise Malformed from None
    return Heard(why="unknown update")


@dataclass(frozen=True, slots=True)
class _Bot:
    """Where and when an update was heard; builds what comes in."""

    via: str
    side: Side
    update: str
    now: datetime

    def inbound(self, kind: Kind, chat: int, sender: Mapping[str, Any], **rest: Any) -> Inbound:
        rest.setdefault("text", Secret(""))
        rest.setdefault("at", self.now)
        return Inbound(
            Medium.TELEGRAM,
            self.side,
            Address(Medium.TELEGRAM, Secret(str(chat)), self.via),
            provider_id=Secret(self.update),
            kind=kind,
            language=_language(sender),
            **rest,
        )

    def copy(self, chat: int, message: int, written: object) -> Copy:
        """`written`: when, also of one that was edited since: Telegram deletes by that age."""
        at = datetime.fromtimestamp(_whole(written), UTC)
        return Copy(Medium.TELEGRAM, self.via, Secret(str(chat)), Secret(str(message)), at=at)


def _message(bot: _Bot, message: Mapping[str, Any]) -> Heard:
    """A text is carried without its formatting, links behind words, sender of a forward or preview."""
    refused = _elsewhere(message)
    if refused:
        return refused
    message = _obeyed(bot, message)
    kind, what = _kind(message)
    if kind is None:
        return Heard(why="notice of the app")
    return Heard(_written(bot, message, kind, at=message["date"], what=what))


def _edited(bot: _Bot, message: Mapping[str, Any]) -> Heard:
    """Only edited words count: a live location arrives as an edit every few seconds."""
    refused = _elsewhere(message)
    if refused:
        return refused
    message = _obeyed(bot, message)
    if not isinstance(message.get("text"), str):
        return Heard(why="edit without words")
    return Heard(_written(bot, message, Kind.EDITED, at=message.get("edit_date") or message["date"]))


def _obeyed(bot: _Bot, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """A texter's picture whose caption is DELETE or STOP is that word; other captions stay with what we do not take."""
    caption = message.get("caption")
    if bot.side is not Side.TEXTER or not isinstance(caption, str) or "text" in message:
        return message
    obeyed = texter_word(clean(caption)) in (Word.DELETE, Word.STOP)
    return {**message, "text": caption} if obeyed else message


def _written(bot: _Bot, message: Mapping[str, Any], kind: Kind, *, at: object, what: str = "") -> Inbound:
    chat = _whole(message["chat"]["id"])
    replied = _dict(message.get("reply_to_message")).get("message_id")
    return bot.inbound(
        kind,
        chat,
        _dict(message.get("from")),
        text=Secret("" if kind is Kind.NOT_CARRIED else clean(_text(message["text"]))),
        at=datetime.fromtimestamp(_whole(at), UTC),
        copy=bot.copy(chat, _whole(message["message_id"]), message["date"]),
        replies_to=Secret(str(_whole(replied))) if replied is not None else None,
        what=what,
    )


def _pressed(bot: _Bot, press: Mapping[str, Any]) -> Heard:
    """A button: `replies_to` is the message it stands under. The press is always answered, or the button spins."""
    answer = Secret(_text(press["id"]))
    message = _dict(press.get("message"))
    refused = _elsewhere({**message, "from": press.get("from")})
    if refused or not isinstance(press.get("data"), str):
        return Heard(why="press without meaning", press=answer)
    under = Secret(str(_whole(message["message_id"])))
    return Heard(
        bot.inbound(
            Kind.PRESSED,
            _whole(message["chat"]["id"]),
            _dict(press.get("from")),
            pressed=Secret(clean(press["data"])),
            replies_to=under,
        ),
        press=answer,
    )


def _membership(bot: _Bot, change: Mapping[str, Any]) -> Heard:
    """In a private chat: she blocked the bot, or took it back. Elsewhere: somebody added it to a group."""
    chat, status = change["chat"], change["new_chat_member"]["status"]
    if chat["type"] != "private":
        inside = status in {"member", "administrator", "restricted"}
        return Heard(why="group", leave=_whole(chat["id"]) if inside else None)
    kind = {"kicked": Kind.BLOCKED, "member": Kind.UNBLOCKED}.get(status)
    if kind is None:
        return Heard(why="membership")
    at = datetime.fromtimestamp(_whole(change["date"]), UTC)
    return Heard(bot.inbound(kind, _whole(chat["id"]), _dict(change.get("from")), at=at))


def _elsewhere(message: Mapping[str, Any]) -> Heard | None:
    """Why a message is not for us: it stands in a group (which is left), or a bot wrote it."""
    chat = _dict(message.get("chat"))
    if chat.get("type") != "private":
        return Heard(why="group", leave=_whole(chat["id"]) if chat.get("type") else None)
    return Heard(why="bot") if _dict(message.get("from")).get("is_bot") else None


def _kind(message: Mapping[str, Any]) -> tuple[Kind | None, str]:
    """What a message is; what nobody knows yet is not carried, so that its sender is told."""
    if "text" in message:
        return Kind.TEXT, ""
    what = next((word for field, word in NOT_CARRIED.items() if field in message), "")
    if not what and not NOT_WRITTEN.isdisjoint(message):
        return None, ""
    return Kind.NOT_CARRIED, what or "other"


def _language(sender: Mapping[str, Any]) -> str | None:
    code = sender.get("language_code")
    return code if isinstance(code, str) and _LANGUAGE.fullmatch(code) else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed
    return value


def _whole(value: object) -> int:
    """A whole number of Telegram's (52 bits); True is none."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**53:
        raise Malformed
    return value


_READERS: Final = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _pressed,
    "my_chat_member": _membership,
}
