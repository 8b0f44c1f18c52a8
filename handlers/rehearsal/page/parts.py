"""The page in parts: each is rendered in the viewer's language, and sent again only when it looks otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot import phrases
from handlers.rehearsal.page import carriers
from handlers.rehearsal.page.hand import Held
from handlers.rehearsal.page.refused import Refused
from handlers.rehearsal.page.room import MOST_PHONES, Room
from handlers.rehearsal.page.state import Setting
from handlers.rehearsal.page.way import ROOMS
from handlers.rehearsal.phones import SmsPhone
from handlers.rehearsal.play.cast import Part as Role
from handlers.rehearsal.play.events import Mark
from handlers.rehearsal.play.eye import JOINED
from handlers.rehearsal.play.marks import mark_of
from handlers.rehearsal.play.player import CODE
from handlers.rehearsal.play.script import scripts
from handlers.rehearsal.play.settings import ZONE
from handlers.rehearsal.screens import Shown

TEMPLATES = Path(__file__).parent / "templates"
BYTES_SHOWN = 48
NOTIFICATIONS = 3
"""So many of the newest are on a lock screen."""
PREVIEW = 110
"""Characters of a text that a lock screen shows."""


@dataclass(frozen=True, slots=True)
class Part:
    """One element of the page. `into`: the element that it is appended to when it is new."""

    id: str
    into: str
    html: str
    version: str


# Autoescape everything: whatever people type is text.
JINJA = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class View:
    """The room as one language sees it."""

    room: Room
    language: str

    def say(self, place: str, /, **arguments: object) -> str:
        return phrases.say(place, self.language, **{name: str(value) for name, value in arguments.items()})

    def page(self, said: str = "") -> str:
        """The whole page; `said`: why the last thing could not be done."""
        html = {part.id: part.html for part in self.parts()}
        for key in self.room.held:
            html[f"phone-{key}"] = _filled(html[f"phone-{key}"], key, html)
        return self._render(
            "page.html",
            parts={name: Markup(one) for name, one in html.items()},  # noqa: S704 - rendered by us, escaped there
            languages=[(code, _own_name(code)) for code in phrases.languages()],
            scripts=[(one, one.told(self.language)) for one in scripts().values()],
            running=self.room.course.script.name,
            roles=[role.value for role in Role],
            said=said,
        )

    def parts(self) -> Iterator[Part]:
        """Every part that may change, in the order in which a new one appears."""
        yield self._part("brief", "", "brief.html", **self._bar())
        yield self._part("bar", "", "bar.html", **self._bar())
        yield self._part("course", "", "course.html", **self._course())
        yield self._part("way", "", "way.html", **self._way())
        for held in self.room.held.values():
            yield from self._phone(held)
        yield self._part("disk", "", "disk.html", newest=self.room.newest, shown=BYTES_SHOWN)
        yield self._part("shelves", "", "shelves.html", shelves=self._shelves())

    # --- the parts

    def _bar(self) -> dict[str, Any]:
        room = self.room
        now = self._now()
        return {
            "now": format_datetime(now, "EEE HH:mm", locale=self.language) if now else "",
            "on_call": ", ".join(room.shift.names),
            "until": self._hour(room.shift.until) if room.shift.until else "",
            "state": room.state.value,
            "setting": room.setting.value,
            "typed": room.typed,
            "room_troubles": {name: trouble.value for name, trouble in room.troubles.items()},
        }

    def _course(self) -> dict[str, Any]:
        course = self.room.course
        return {
            "course": course,
            "told": course.script.told(self.language),
            "scene": course.scene.told(self.language) if course.scene else None,
            "of": len(course.script.scenes),
            "watched": " ".join(self._watched()),
            "paused": self.room.paused,
            "setting": self.room.setting.value,
            "typed": self.room.typed,
        }

    def _watched(self) -> Iterator[str]:
        """The phones that the scene is about."""
        course = self.room.course
        watch = course.scene.watch if course.scene and not course.ended else ()
        return (held.key for held in self.room.held.values() if held.person.name in watch)

    def _way(self) -> dict[str, Any]:
        way = self.room.way
        stops = [(room, way.reached.get(room)) for room in ROOMS]
        return {"stops": stops, "writer": way.writer, "reader": way.reader, "alive": self._alive()}

    def _phone(self, held: Held) -> Iterator[Part]:
        key = held.key
        yield self._part(f"phone-{key}", "phones", "phone.html", held=held, sms=_is_sms(held))
        yield self._part(f"state-{key}", "", "state.html", held=held, sms=_is_sms(held))
        yield self._part(f"lock-{key}", "", "lock.html", held=held, **self._lock(held))
        yield self._part(f"tab-{key}", "tabs", "tab.html", held=held)
        for number, shown in held.messages():
            yield self._message(held, number, shown)

    def _message(self, held: Held, number: int, shown: Shown) -> Part:
        mark = mark_of(shown, held.phone, self.room.stage.town)
        name = f"m-{held.key}-{number}"
        return self._part(
            name,
            f"log-{held.key}",
            "message.html",
            held=held,
            number=number,
            shown=shown,
            own=shown.sender == "me",
            mark="" if mark is Mark.NONE else mark.name.lower(),
            words=_words(shown),
            quoted=_quoted(held, shown),
            at=self._hour(shown.at),
            sms=_is_sms(held),
        )

    def _lock(self, held: Held) -> dict[str, Any]:
        at = held.locked_at
        fresh = [] if at is None else [m for m in held.phone.screen[at:] if not m.deleted]
        now = self._now()
        notices = [
            {
                "at": self._hour(one.at),
                "text": _cut(one.text) if held.previews else self.say("page.lock.hidden"),
            }
            for one in reversed(fresh[-NOTIFICATIONS:])
        ]
        return {
            "locked": at is not None,
            "notices": notices,
            "more": max(0, len(fresh) - NOTIFICATIONS),
            "clock": format_datetime(now, "HH:mm", locale=self.language) if now else "",
            "day": format_datetime(now, "EEEE d MMMM", locale=self.language) if now else "",
            "app": "SMS" if _is_sms(held) else "Telegram",
            "sender": self._sender(held),
        }

    def _sender(self, held: Held) -> str:
        """Whom a lock screen names: the line's number, or the bot."""
        town = self.room.stage.town
        return (
            town.twilio.numbers[0] if _is_sms(held) else str(town.telegram.bots[held.bot].wire["first_name"])
        )

    def _shelves(self) -> list[carriers.Shelf]:
        try:
            return carriers.shelves(self.room.stage.town)
        except Refused:
            return []

    # --- small words

    def _alive(self) -> bool:
        return self.room.state.value == "runs"

    def _now(self) -> datetime | None:
        try:
            return self.room.stage.town.clock.now().astimezone(ZoneInfo(ZONE))
        except Refused:
            return None

    def _hour(self, instant: datetime) -> str:
        return format_time(instant.astimezone(ZoneInfo(ZONE)), "HH:mm", locale=self.language)

    def _part(self, name: str, into: str, template: str, /, **values: Any) -> Part:
        html = self._render(template, id=name, **values).strip()
        version = blake2s(html.encode(), digest_size=8).hexdigest()
        return Part(name, into, html.replace(f'id="{name}"', f'id="{name}" data-v="{version}"', 1), version)

    def _render(self, template: str, /, **values: Any) -> str:
        return JINJA.get_template(template).render(
            say=self.say,
            language=self.language,
            generation=self.room.generation,
            full=len(self.room.held) >= MOST_PHONES,
            ready=self.room.setting is Setting.READY,
            **values,
        )


def _filled(phone: str, key: str, html: dict[str, str]) -> str:
    """A phone with its state, its lock screen and its messages in their places."""
    messages = "".join(one for name, one in html.items() if name.startswith(f"m-{key}-"))
    for place in (f"state-{key}", f"lock-{key}"):
        phone = phone.replace(f'<div id="{place}"></div>', html[place], 1)
    empty = re.search(rf'id="log-{key}"[^>]*>', phone)
    assert empty is not None
    return phone[: empty.end()] + messages + phone[empty.end() :]


def _own_name(code: str) -> str:
    """A language as its speakers write it."""
    return str(Locale(code).languages.get(code, code)).capitalize()


def _is_sms(held: Held) -> bool:
    return isinstance(held.phone, SmsPhone)


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= PREVIEW else f"{flat[:PREVIEW]}…"


def _words(shown: Shown) -> Markup:
    """The text with case codes in bold; what a link that works once carries is nobody's to see."""
    text = JOINED.sub("/start …", shown.text) if shown.sender == "me" else shown.text
    out, at = Markup(), 0
    for found in re.finditer(CODE, text):
        out += escape(text[at : found.start()]) + Markup("<b>{}</b>").format(found[0])
        at = found.end()
    return out + escape(text[at:])


def _quoted(held: Held, shown: Shown) -> str:
    """The words of the message that this one answers by a swipe."""
    if shown.reply_to is None:
        return ""
    both = (*held.phone.screen, *held.phone.sent)
    return next((_cut(m.text) for m in both if m.id == shown.reply_to and m.chat == shown.chat), "")
