"""What the Telegram Bot API takes and how it refuses, as tables (Bot API 10.1)."""

from __future__ import annotations

from enum import StrEnum

LONGEST_TEXT = 4096
LONGEST_CALLBACK_DATA = 64
"""Bytes."""
LONGEST_NOTICE = 200
LONGEST_POLL = 50
"""Seconds; longer ones are cut to it, as the real server does."""
DELETABLE_HOURS = 48
UPDATE_HOURS = 24
"""Updates that nobody fetched are thrown away after it."""
QUERY_MINUTES = 15
"""A pressed button must be answered within; the real figure is not published."""


class Takes(StrEnum):
    """The type of a parameter."""

    CHAT = "chat"
    INTEGER = "integer"
    STRING = "string"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    NOT_PLAYED = "not played"


_SEND: dict[str, Takes] = {
    "chat_id": Takes.CHAT,
    "message_thread_id": Takes.INTEGER,
    "text": Takes.STRING,
    "link_preview_options": Takes.OBJECT,
    "disable_notification": Takes.BOOLEAN,
    "protect_content": Takes.BOOLEAN,
    "reply_parameters": Takes.OBJECT,
    "reply_markup": Takes.OBJECT,
    "parse_mode": Takes.NOT_PLAYED,
    "entities": Takes.NOT_PLAYED,
    "business_connection_id": Takes.NOT_PLAYED,
    "direct_messages_topic_id": Takes.NOT_PLAYED,
    "allow_paid_broadcast": Takes.NOT_PLAYED,
    "message_effect_id": Takes.NOT_PLAYED,
    "suggested_post_parameters": Takes.NOT_PLAYED,
}
_EDIT: dict[str, Takes] = {
    "chat_id": Takes.CHAT,
    "message_id": Takes.INTEGER,
    "reply_markup": Takes.OBJECT,
    "inline_message_id": Takes.NOT_PLAYED,
    "business_connection_id": Takes.NOT_PLAYED,
}
METHODS: dict[str, dict[str, Takes]] = {
    "getMe": {},
    "getUpdates": {
        "offset": Takes.INTEGER,
        "limit": Takes.INTEGER,
        "timeout": Takes.INTEGER,
        "allowed_updates": Takes.ARRAY,
    },
    "sendMessage": _SEND,
    "setMessageReaction": {
        "chat_id": Takes.CHAT,
        "message_id": Takes.INTEGER,
        "reaction": Takes.ARRAY,
        "is_big": Takes.BOOLEAN,
    },
    "deleteMessage": {"chat_id": Takes.CHAT, "message_id": Takes.INTEGER},
    "deleteMessages": {"chat_id": Takes.CHAT, "message_ids": Takes.ARRAY},
    "editMessageText": {
        **_EDIT,
        "text": Takes.STRING,
        "link_preview_options": Takes.OBJECT,
        "parse_mode": Takes.NOT_PLAYED,
        "entities": Takes.NOT_PLAYED,
        "rich_message": Takes.NOT_PLAYED,
    },
    "editMessageReplyMarkup": _EDIT,
    "answerCallbackQuery": {
        "callback_query_id": Takes.STRING,
        "text": Takes.STRING,
        "show_alert": Takes.BOOLEAN,
        "url": Takes.NOT_PLAYED,
        "cache_time": Takes.INTEGER,
    },
    "setWebhook": {
        "url": Takes.STRING,
        "ip_address": Takes.STRING,
        "max_connections": Takes.INTEGER,
        "allowed_updates": Takes.ARRAY,
        "drop_pending_updates": Takes.BOOLEAN,
        "secret_token": Takes.STRING,
        "certificate": Takes.NOT_PLAYED,
    },
    "deleteWebhook": {"drop_pending_updates": Takes.BOOLEAN},
    "getWebhookInfo": {},
    "getMyName": {"language_code": Takes.STRING},
    "getMyDescription": {"language_code": Takes.STRING},
    "getMyShortDescription": {"language_code": Takes.STRING},
    "setMyCommands": {
        "commands": Takes.ARRAY,
        "scope": Takes.OBJECT,
        "language_code": Takes.STRING,
    },
    "createForumTopic": {
        "chat_id": Takes.CHAT,
        "name": Takes.STRING,
        "icon_color": Takes.INTEGER,
        "icon_custom_emoji_id": Takes.STRING,
    },
    "deleteForumTopic": {"chat_id": Takes.CHAT, "message_thread_id": Takes.INTEGER},
    "sendChatAction": {
        "chat_id": Takes.CHAT,
        "action": Takes.STRING,
        "message_thread_id": Takes.INTEGER,
        "business_connection_id": Takes.NOT_PLAYED,
    },
}
"""Every method played, with every parameter of the real one."""

REQUIRED: dict[str, dict[str, str]] = {
    "sendMessage": {"chat_id": "chat_id is empty", "text": "message text is empty"},
    "setMessageReaction": {
        "chat_id": "chat_id is empty",
        "message_id": "message identifier is not specified",
    },
    "deleteMessage": {"chat_id": "chat_id is empty", "message_id": "message identifier is not specified"},
    "deleteMessages": {"chat_id": "chat_id is empty", "message_ids": "message identifiers are not specified"},
    "editMessageText": {
        "chat_id": "chat_id is empty",
        "message_id": "message identifier is not specified",
        "text": "message text is empty",
    },
    "editMessageReplyMarkup": {
        "chat_id": "chat_id is empty",
        "message_id": "message identifier is not specified",
    },
    "answerCallbackQuery": {
        "callback_query_id": "query is too old and response timeout expired or query ID is invalid"
    },
    "setWebhook": {"url": "url is not specified"},
    "setMyCommands": {"commands": "commands are not specified"},
    "createForumTopic": {"chat_id": "chat_id is empty", "name": "topic name must be non-empty"},
    "deleteForumTopic": {
        "chat_id": "chat_id is empty",
        "message_thread_id": "message thread identifier is not specified",
    },
    "sendChatAction": {"chat_id": "chat_id is empty", "action": "wrong parameter action in request"},
}
"""What each method cannot do without, and its words when it is missing."""

LINK_PREVIEW = frozenset(
    {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"}
)
REPLY = frozenset({"message_id", "allow_sending_without_reply"})
BUTTON = frozenset({"text", "callback_data", "url"})

UPDATE_KINDS = frozenset(
    {
        "message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
        "business_message", "edited_business_message", "deleted_business_messages", "guest_message",
        "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query",
        "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member",
        "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
    }
)  # fmt: skip
DEFAULT_UPDATES = UPDATE_KINDS - {"chat_member", "message_reaction", "message_reaction_count"}

REACTIONS = frozenset(
    {
        "❤", "👍", "👎", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮", "💩", "🙏", "👌",
        "🕊", "🤡", "🥱", "🥴", "😍", "🐳", "❤\u200d🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐",
        "🍓", "🍾", "💋", "🖕", "😈", "😴", "😭", "🤓", "👻", "👨\u200d💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍",
        "🤗", "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿", "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾",
        "🤷\u200d♂", "🤷", "🤷\u200d♀", "😡",
    }
)  # fmt: skip
"""All that a bot may put on a message (ReactionTypeEmoji); ✅ is not among them."""

POLLED_TWICE = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
POLL_BESIDE_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook "
    "to delete the webhook first"
)
POLL_ENDED_BY_WEBHOOK = "Conflict: terminated by setWebhook request"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Refusal(Exception):
    """An error of the Bot API: `code` is the HTTP status too; `description` without its "Bad Request: "."""

    def __init__(self, description: str, code: int = 400, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.sentence = f"Bad Request: {description}" if code == 400 else description


def forbidden(why: str) -> Refusal:
    """403, e.g. `forbidden("bot was blocked by the user")`."""
    return Refusal(f"Forbidden: {why}", 403)
