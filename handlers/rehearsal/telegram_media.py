"""The fields of messages that are not text, as Telegram sends them to a bot; the files behind them do not exist."""

from __future__ import annotations

import secrets
from typing import Any

Wire = dict[str, Any]


def _file() -> Wire:
    return {"file_id": secrets.token_urlsafe(48), "file_unique_id": secrets.token_urlsafe(11)}


def _with(caption: str) -> Wire:
    return {"caption": caption} if caption else {}


def photo(caption: str) -> Wire:
    sizes = [{**_file(), "width": w, "height": w, "file_size": w * 40} for w in (90, 320, 800)]
    return {"photo": sizes, **_with(caption)}


def voice() -> Wire:
    return {"voice": {**_file(), "duration": 4, "mime_type": "audio/ogg", "file_size": 9000}}


def video(caption: str) -> Wire:
    film = {**_file(), "width": 640, "height": 360, "duration": 5, "mime_type": "video/mp4"}
    return {"video": film, **_with(caption)}


def video_note() -> Wire:
    return {"video_note": {**_file(), "length": 240, "duration": 5}}


def sticker(emoji: str) -> Wire:
    looks = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {"sticker": {**_file(), **looks, "emoji": emoji, "set_name": "Rehearsal"}}


def document(name: str, caption: str) -> Wire:
    paper = {**_file(), "file_name": name, "mime_type": "application/pdf", "file_size": 20_000}
    return {"document": paper, **_with(caption)}
