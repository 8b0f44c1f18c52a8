"""From a request to checked parameters: JSON, form, multipart or query, each parameter known and of its type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from handlers.rehearsal import telegram_tables as tables
from handlers.rehearsal.telegram_tables import Refusal, Takes

WORDS: dict[str, str] = {
    "link_preview_options": "link preview options",
    "reply_parameters": "reply parameters",
}


async def raw_parameters(request: web.BaseRequest) -> dict[str, Any]:
    """The parameters as they came. Raises Refusal for a body that cannot be read or a name given twice."""
    pairs: list[tuple[str, Any]] = list(parse_qsl(request.query_string, keep_blank_values=True))
    try:
        if request.content_type == "application/json":
            body = json.loads(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise Refusal("can't parse JSON object: Expected an object")
            pairs += body.items()
        elif request.content_type == "multipart/form-data":
            pairs += [(name, value) for name, value in (await request.post()).items()]
        elif body_bytes := await request.read():
            pairs += parse_qsl(body_bytes.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Refusal("strings must be encoded in UTF-8") from None
    except ValueError:
        raise Refusal("can't parse JSON object") from None
    if len(dict(pairs)) < len(pairs):
        raise Refusal("a parameter is given twice")
    return dict(pairs)


def checked(method: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as int, str, bool, list and dict, each as its method wants it. Raises Refusal."""
    takes, found = tables.METHODS[method], {}
    for name, value in raw.items():
        if name not in takes:
            raise Refusal(f'unknown parameter "{name}" of {method}')
        if takes[name] is Takes.NOT_PLAYED:
            raise Refusal(f'the stand-in does not play "{name}" of {method}')
        found[name] = _value(name, value, takes[name])
    for name, complaint in tables.REQUIRED.get(method, {}).items():
        if found.get(name) in (None, "") and not (name == "url" and "url" in found):
            raise Refusal(complaint)
    return found


def _value(name: str, value: Any, takes: Takes) -> Any:
    if takes is Takes.STRING:
        return _string(name, value)
    if takes is Takes.BOOLEAN:
        if value in (True, False, "true", "false") and not isinstance(value, int | float) ^ isinstance(
            value, bool
        ):
            return value in (True, "true")
        raise Refusal(f'parameter "{name}" must be Boolean')
    if takes in (Takes.INTEGER, Takes.CHAT):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
            return int(value)
        if takes is Takes.CHAT and isinstance(value, str):
            raise Refusal("chat not found" if value else "chat_id is empty")
        raise Refusal(f'parameter "{name}" must be Integer')
    wanted = list if takes is Takes.ARRAY else dict
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal(f"can't parse {WORDS.get(name, name)} JSON object") from None
    if not isinstance(value, wanted):
        raise Refusal(f"can't parse {WORDS.get(name, name)}: {wanted.__name__} expected")
    return value


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(f'parameter "{name}" must be String')
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refusal("strings must be encoded in UTF-8") from None
    return value


def text(value: str) -> str:
    """A message text as Telegram keeps it: control characters are spaces, ends are trimmed. Raises Refusal."""
    cleaned = re.sub(r"[\x00-\x09\x0b\x0c\x0e-\x1f]", " ", value.replace("\r", "")).strip()
    if not cleaned:
        raise Refusal("message text is empty")
    # The documentation says "characters"; Telegram's own counting is in UTF-16 units, the stricter of the two.
    if len(cleaned.encode("utf-16-le")) // 2 > tables.LONGEST_TEXT:
        raise Refusal("message is too long")
    return cleaned


def only_known(what: str, value: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raises Refusal if an object has a field that the stand-in does not know."""
    for name in value.keys() - known:
        raise Refusal(f'unknown field "{name}" in {what}')


def keyboard(markup: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An inline keyboard, checked button by button; None where there is none. Raises Refusal."""
    if markup is None or markup == {"inline_keyboard": []}:
        return None
    only_known("reply markup", markup, frozenset({"inline_keyboard"}))
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refusal("can't parse reply keyboard markup JSON object")
    for button in (button for row in rows for button in row):
        _button(button)
    return {"inline_keyboard": [row for row in rows if row]}


def _button(button: Any) -> None:
    start = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise Refusal(start + "InlineKeyboardButton must be an Object")
    only_known("InlineKeyboardButton", button, tables.BUTTON)
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise Refusal(start + 'field "text" must be of type String')
    action = button.get("callback_data", button.get("url"))
    if not isinstance(action, str) or len(button) != 2:
        raise Refusal(start + "Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(action.encode()) <= tables.LONGEST_CALLBACK_DATA:
        raise Refusal("BUTTON_DATA_INVALID")


def link_preview(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Link preview options, checked; empty where there are none. Raises Refusal."""
    only_known("LinkPreviewOptions", options or {}, tables.LINK_PREVIEW)
    for name, value in (options or {}).items():
        if not isinstance(value, str if name == "url" else bool):
            raise Refusal(f"can't parse link preview options: field {name} has a wrong type")
    return dict(options or {})
