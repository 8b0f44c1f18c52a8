"""The room of a rehearsal: one line, its phones and its script, begun anew as often as somebody likes.

Whoever looks at it is told of changes by `news`; what is done to it comes in as plain calls, from any browser.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from handlers.rehearsal.page import hand
from handlers.rehearsal.page.hand import Held
from handlers.rehearsal.page.refused import Refused
from handlers.rehearsal.page.state import FREE, Behind, Course, Setting, Shift, Trouble
from handlers.rehearsal.page.way import Way
from handlers.rehearsal.play import events
from handlers.rehearsal.play.cast import Person
from handlers.rehearsal.play.events import Event, Row, State
from handlers.rehearsal.play.failure import NameTaken, NotPlayed
from handlers.rehearsal.play.nursery import Nursery
from handlers.rehearsal.play.player import Player
from handlers.rehearsal.play.program import Program
from handlers.rehearsal.play.reel import Reel
from handlers.rehearsal.play.script import scripts
from handlers.rehearsal.play.stage import Stage

MOST_PHONES = 12
LONGEST_NAME = 24
TICK = 1.0
"""Seconds between two looks at what changes by itself: the clock, the carriers' shelves."""
FAULT_SECONDS = 4
"""How long a slow carrier thinks, and how long a busy one asks us to wait."""


class Room:
    """`generation` counts how often it began anew: a page of another generation must be loaded again."""

    def __init__(
        self, folder: Path, nursery: Nursery, behind: Callable[[Program], Behind], pace: float
    ) -> None:
        self.generation = 0
        self.setting = Setting.UNDER_WAY
        self.typed = ""
        self.state = State.STOPPED
        self.course = Course()
        self.held: dict[str, Held] = {}
        self.troubles = {"sms": Trouble.NONE, "telegram": Trouble.NONE}
        self.shift = Shift()
        self.newest: tuple[str, tuple[Row, ...]] | None = None
        self.way = Way(asyncio.get_running_loop().time)
        self._folder = folder
        self._nursery = nursery
        self._behind_of = behind
        self._pace = pace
        self._stage: Stage | None = None
        self._reel: Reel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._beginning = asyncio.Lock()
        self._jumping = asyncio.Lock()
        self._news = asyncio.Event()
        self._behind: Behind | None = None

    @property
    def stage(self) -> Stage:
        """What is on now. Raises Refused while it is being set."""
        if self._stage is None:
            raise Refused("page.error.setting")
        return self._stage

    @property
    def paused(self) -> bool:
        return self._reel is not None and self._reel.paused

    # --- who looks

    def changed(self) -> None:
        """Something may look otherwise now."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def news(self) -> None:
        """Returns after the next change."""
        await self._news.wait()

    # --- beginning and ending

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Begins with a free line; ends whatever is on."""
        ticking = asyncio.create_task(self._tick())
        try:
            await self.begin("", by_hand=False)
            yield
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            async with self._beginning:
                self.held = {}
                await self._end()

    async def begin(self, name: str, *, by_hand: bool) -> None:
        """Another line, from nothing: a script by its name, or "" for a free one. Returns before it is set."""
        if name and name not in scripts():
            raise Refused("page.error.script")
        async with self._beginning:
            script = scripts()[name] if name else FREE
            # First what is shown, then what is behind it: nobody may look at a line that is being taken down.
            self.generation += 1
            self.held = {}
            self.setting, self.typed, self.state = Setting.UNDER_WAY, "", State.STOPPED
            self.course = Course(script, by_hand=by_hand and bool(script.trainee))
            self.troubles = dict.fromkeys(self.troubles, Trouble.NONE)
            self.shift, self.newest = Shift(), None
            self.way = Way(asyncio.get_running_loop().time)
            self.changed()
            await self._end()
            self.typed, self.state = "", State.STOPPED  # what the old line said at its end
            folder = self._folder / f"line-{self.generation}"
            folder.mkdir(mode=0o700)
            self._stage = Stage(folder, self._nursery, script, self._hear)
            self._behind = self._behind_of(self._stage.program)
            await self._stage.open()
            self._stage.program.on_step = self._step
            for person in self._stage.cast:
                self._hold(person)
            self._start(self._run(self._stage))
        self.changed()

    async def _end(self) -> None:
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        stage, self._stage = self._stage, None
        if stage is not None:
            with suppress(ExceptionGroup):  # a stand-in that broke has broken with its line
                await stage.close()
            shutil.rmtree(stage.program.folder, ignore_errors=True)

    async def _run(self, stage: Stage) -> None:
        """Sets the stage, and plays what is to be played on it."""
        try:
            await stage.set_up()
            for held in self.held.values():
                held.phone.look()
            await self._look_at_the_rota()
            self.setting = Setting.READY
            self.changed()
            if stage.script.scenes:
                await self._play(stage)
        except NotPlayed as failure:
            self.course.failure = str(failure)
            if self.setting is Setting.UNDER_WAY:
                self.setting = Setting.FAILED
        self.changed()

    async def _play(self, stage: Stage) -> None:
        hands = frozenset({stage.script.trainee}) if self.course.by_hand else frozenset()
        assert self._behind is not None
        behind = self._behind
        async with Reel(self, self._pace) as reel:
            self._reel = reel
            try:
                player = Player(stage, reel, lambda: behind.next_shift(stage.town.clock.now()), hands)
                await player.play(stage.script.scenes)
                self.course.ended, self.course.turn = True, None
            finally:
                self._reel = None

    # --- what is told

    async def _hear(self, event: Event) -> None:
        """From the stage: what is typed, how the program is, how time passes."""
        self.tell(event)
        if isinstance(event, events.TimePassed):
            self._start(self._look_at_the_rota())

    def tell(self, event: Event) -> None:
        """One happening, of the stage or of the script."""
        match event:
            case events.Typed(command):
                self.typed = command
            case events.Program(state):
                self.state = state
            case events.SceneBegan(number, _, scene):
                self.course.number, self.course.scene, self.course.turn = number, scene, None
            case events.YourTurn():
                self.course.turn = event
            case events.CarrierBusy(on):
                self.troubles["sms"] = Trouble.BUSY if on else Trouble.NONE
        self.changed()

    def _step(self, step: str) -> None:
        self.way.reaches(step)
        self.changed()

    # --- what people do

    async def gesture(self, key: str, name: str, given: dict[str, str]) -> None:
        """What a hand does to a phone."""
        held, gesture = self.held.get(key), hand.GESTURES.get(name)
        if held is None or gesture is None:
            raise Refused("page.error.gone")
        if self.setting is not Setting.READY:
            raise Refused("page.error.setting")
        await gesture(held, given)
        self.changed()

    async def add(self, person: Person) -> None:
        """One more phone."""
        self._ready()
        name = person.name.strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Refused("page.error.name", most=str(LONGEST_NAME))
        if len(self.held) >= MOST_PHONES:
            raise Refused("page.error.phones", most=str(MOST_PHONES))
        try:
            await self.stage.add(person)
        except NameTaken:
            raise Refused("page.error.taken") from None
        except NotPlayed as failure:
            if not self.stage.program.lives:
                raise Refused("page.error.dead") from None
            raise Refused("page.error.refused", why=str(failure)) from None
        self._hold(person)
        await self._look_at_the_rota()

    async def kill(self) -> None:
        self._ready()
        await self.stage.kill()

    async def serve(self) -> None:
        """Starts the program again; what waited arrives."""
        self._ready()
        try:
            await self.stage.serve()
        except NotPlayed:
            self.state = State.KILLED
            self.changed()
            raise Refused("page.error.start_failed") from None

    async def pass_time(self, minutes: float) -> None:
        """The clock jumps; 0: to the next shift. Two who jump at once jump one after the other."""
        self._ready()
        stage = self.stage
        async with self._jumping:
            if not minutes:
                then = await self._next_shift(stage)
                if then is None:
                    raise Refused("page.error.shift")
                minutes = (then - stage.town.clock.now()).total_seconds() / 60 + 0.05
            await stage.pass_time(minutes)

    def break_carrier(self, carrier: str, how: str) -> None:
        """From now on one carrier fails in this way, or in none."""
        self._ready()
        if carrier not in self.troubles or how not in set(Trouble):
            raise Refused("page.error.gone")
        town = self.stage.town
        faults = town.twilio.faults if carrier == "sms" else town.telegram.faults
        faults.off()
        match Trouble(how):
            case Trouble.BUSY:
                faults.too_many(retry_after=FAULT_SECONDS, times=None)
            case Trouble.BROKEN:
                faults.broken(times=None)
            case Trouble.SLOW:
                faults.slow(FAULT_SECONDS, times=None)
            case Trouble.CUT:
                faults.cut_before(times=None)
        self.troubles[carrier] = Trouble(how)
        self.changed()

    def pause(self) -> None:
        if self._reel is not None:
            self._reel.pause()
        self.changed()

    def go_on(self) -> None:
        if self._reel is not None:
            self._reel.go_on()
        self.changed()

    def _ready(self) -> None:
        if self.setting is not Setting.READY:
            raise Refused("page.error.setting")

    # --- inside

    def _hold(self, person: Person) -> None:
        key = f"p{len(self.held) + 1}"
        phone = self.stage.phones[person.name]
        self.held[key] = Held(key, person, phone)
        seen = [len(phone.screen)]

        def look() -> None:
            if len(phone.screen) > seen[0]:
                seen[0] = len(phone.screen)
                self.way.arrives(person.name)
            self.changed()

        phone.on_act(lambda: self.way.begins(person.name))
        phone.on_change(look)

    async def _next_shift(self, stage: Stage) -> datetime | None:
        assert self._behind is not None
        return await self._behind.next_shift(stage.town.clock.now())

    async def _look_at_the_rota(self) -> None:
        stage, behind = self._stage, self._behind
        if stage is None or behind is None or not stage.program.data.is_dir():
            return
        now = stage.town.clock.now()
        self.shift = Shift(await behind.on_call(now), await behind.next_shift(now))
        self.changed()

    async def look_at_the_disk(self) -> None:
        """Reads the newest line from the disk; whatever cannot be read now is read the next time."""
        if self.setting is Setting.READY and self._behind is not None:
            with suppress(NotPlayed, OSError):
                self.newest = await self._behind.newest()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self.setting is Setting.READY and self._stage is not None:
                until = self.shift.until
                if until is not None and self._stage.town.clock.now() >= until:
                    await self._look_at_the_rota()
                self.changed()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
