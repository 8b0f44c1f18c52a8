"""The program, its carriers, its clock and its phones: one line on one laptop, set up as an operator would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from handlers.rehearsal.clock import Clock
from handlers.rehearsal.phones import TelegramPhone
from handlers.rehearsal.play import events, settings
from handlers.rehearsal.play.cast import CAST, Part, Person
from handlers.rehearsal.play.events import Event, State
from handlers.rehearsal.play.failure import NameTaken, NotPlayed
from handlers.rehearsal.play.marks import Phone
from handlers.rehearsal.play.nursery import Nursery
from handlers.rehearsal.play.program import Program
from handlers.rehearsal.play.script import Script
from handlers.rehearsal.town import Town
from handlers.rehearsal.twilio_webhooks import RETRY_DELAYS

WITHIN = 30.0
"""Seconds that a phone is given to show what it should: seldom more than one is needed."""
BOTS = {Part.TEXTER: "texters", Part.COUNSELOR: "staff", Part.SUPERVISOR: "staff"}
QUIET = 0.3
"""Seconds without a call under way, after which the clock may jump: a call in flight would outlive its lease, and
rightly be made again."""
PATIENCE_FOR_QUIET = 3.0

Tell = Callable[[Event], Awaitable[None]]


class Stage:
    """`phones` by their owners' names. `tell` hears what an operator types and how the program is."""

    def __init__(self, folder: Path, nursery: Nursery, script: Script, tell: Tell) -> None:
        zone = ZoneInfo(settings.ZONE)
        today = datetime.now(UTC).astimezone(zone).date()
        self.script = script
        self.town = Town(clock=Clock(datetime.combine(today, script.begins, zone)))
        self.program = Program(folder, nursery)
        self.cast: list[Person] = []
        self.phones: dict[str, Phone] = {}
        self._tell = tell
        self._tokens: dict[str, str] = {}
        self._switch = asyncio.Lock()

    async def open(self) -> None:
        """The carriers begin to serve, everybody has a phone, and the program its settings."""
        await self.town.start()
        # The last try waits until the program is there again, however slowly people read meanwhile.
        self.town.twilio.webhooks.delays = (*RETRY_DELAYS[:4], 3600.0)
        self.town.twilio.in_order = True
        self.program.write_settings(self.town, self.script.ladder)
        for person in CAST:
            self._gets_a_phone(person)

    async def close(self) -> None:
        """The program ends, however; then the carriers."""
        await self.program.kill_all()
        await self.town.close()

    async def set_up(self) -> None:
        """What an operator does: init, run, staff add, rota apply; all with the real commands."""
        await self.types("init")
        await self.serve()
        for person in self.cast:
            if person.part is not Part.TEXTER:
                await self._invite(person)
        await self._plan()
        if self.script.joined:
            for person in self.cast:
                if person.part is not Part.TEXTER:
                    await self.join(person.name)
                    await self.phones[person.name].shows("Welcome", within=WITHIN)

    async def types(self, *words: str) -> bytes:
        shown = [word for word in words if word not in ("--json", "--")]
        await self._tell(events.Typed(" ".join(("greenroom", *shown))))
        return await self.program.obeys(*words)

    async def serve(self) -> None:
        """The program begins to serve, and the carriers know where; nothing happens if it serves already."""
        async with self._switch:
            if self.program.lives:
                return
            await self._tell(events.Typed("greenroom run"))
            await self._tell(events.Program(State.STARTS))
            port = await self.program.start()
            self.town.point_at(f"http://127.0.0.1:{port}")
            self.town.twilio.webhooks.try_now()
            await self._tell(events.Program(State.RUNS, self.program.pid))

    async def kill(self) -> None:
        """kill -9; nothing happens to one that is dead."""
        async with self._switch:
            if self.program.lives:
                pid = self.program.pid
                await self.program.kill()
                await self._tell(events.Program(State.KILLED, pid))

    async def add(self, person: Person) -> None:
        """One more phone; staff are invited, join and are on call at any time. NotPlayed when the answer is no."""
        if any(one.name.casefold() == person.name.casefold() for one in self.cast):
            raise NameTaken("Somebody has that name already. Choose another.")
        if person.part is Part.TEXTER:
            self._gets_a_phone(person)
            return
        if not self.program.lives:
            raise NotPlayed("The program is dead. Start it first.")
        await self._invite(person)
        self._gets_a_phone(person)
        await self._plan()
        await self.join(person.name)

    async def join(self, name: str) -> None:
        """By Telegram: opens the link that works once. By SMS: answers the invitation."""
        phone = self.phones[name]
        if isinstance(phone, TelegramPhone):
            await phone.start("staff", payload=self._tokens[name])
            return
        # On the page it may have been looked at before the script begins.
        if not any("OK" in text for text in phone.texts):
            await phone.shows("OK", within=WITHIN)
        await phone.write("OK")

    async def pass_time(self, minutes: float) -> None:
        """The clock jumps, once nothing is under way."""
        await self._quiet()
        self.town.clock.move(timedelta(minutes=minutes))
        await self._tell(events.TimePassed(minutes))

    async def _quiet(self) -> None:
        loop = asyncio.get_running_loop()
        until, still_since = loop.time() + PATIENCE_FOR_QUIET, loop.time()
        while loop.time() < until and loop.time() - still_since < QUIET:
            if self._calls_under_way():
                still_since = loop.time()
            await asyncio.sleep(0.02)

    def _calls_under_way(self) -> bool:
        calls = (*self.town.twilio.calls[-20:], *self.town.telegram.calls[-20:])
        return any(call.status is None and call.method != "getUpdates" for call in calls)

    def next_number(self) -> str:
        """A number that nobody has yet, from those kept for stories."""
        taken = {person.number for person in self.cast} | set(self.town.twilio.numbers)
        free = (f"+120255501{n:02d}" for n in range(1, 100))
        number = next((one for one in free if one not in taken), None)
        if number is None:
            raise NotPlayed("All numbers that are kept for stories are taken. Begin anew.")
        return number

    def _gets_a_phone(self, person: Person) -> None:
        self.cast.append(person)
        if person.number:
            self.phones[person.name] = self.town.sms_phone(person.number, person.name)
        else:
            self.phones[person.name] = self.town.telegram_phone(person.name, person.language)

    async def _invite(self, person: Person) -> None:
        way = ("--sms", person.number) if person.number else ("--telegram",)
        role = ("--role", person.part.value) if person.part is not Part.COUNSELOR else ()
        # Behind "--" a name is a name, whatever it begins with.
        said = await self.types(
            *("staff", "add", *role, "--languages", person.language, *way, "--json", "--", person.name)
        )
        invited = msgspec.json.decode(said)
        if invited["token"] is not None:
            self._tokens[person.name] = invited["token"]

    async def _plan(self) -> None:
        usual = {person.name for person in CAST}
        added = [p.name for p in self.cast if p.part is Part.COUNSELOR and p.name not in usual]
        self.program.write_rota(settings.rota(self.script.rota or settings.ROTA, added))
        await self.types("rota", "apply", "rota.toml")

    def part_of(self, name: str) -> Part:
        return next(person.part for person in self.cast if person.name == name)
