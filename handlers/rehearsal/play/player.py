"""Plays the script: everybody does what it says, and what should come is waited for, or the rehearsal has failed."""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec

from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.play import events, script
from handlers.rehearsal.play.events import Event, State
from handlers.rehearsal.play.eye import Eye, Phone
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.program import Program
from handlers.rehearsal.play.reel import Reel
from handlers.rehearsal.play.script import CAST, Part, Scene, Step
from handlers.rehearsal.screens import Shown
from handlers.rehearsal.town import Town

WITHIN = 30.0
"""Seconds that a phone is given to show what it should: seldom more than one is needed."""
CODE = re.compile(r"New conversation ([2-9A-Z]{4})")
BOTS = {Part.TEXTER: "texters", Part.COUNSELOR: "staff", Part.SUPERVISOR: "staff"}


class Player:
    """One rehearsal. `codes` are the case codes by the script's words."""

    def __init__(self, town: Town, program: Program, reel: Reel) -> None:
        self.codes: dict[str, str] = {}
        self.phones: dict[str, Phone] = {p.name: _phone(town, p) for p in CAST}
        self._town = town
        self._program = program
        self._reel = reel
        self._tokens: dict[str, str] = {}
        self.eye = Eye(self.phones, reel.tell, self._taken)
        for phone in self.phones.values():
            phone.on_change(self.eye.look)

    @property
    def messages(self) -> int:
        return self.eye.messages

    async def play(self, scenes: tuple[Scene, ...]) -> None:
        """All scenes; NotPlayed at the first thing that is not as it should be."""
        await self._set_up()
        for number, scene in enumerate(scenes, 1):
            await self.tell(events.SceneBegan(number, len(scenes), scene.title, scene.why, scene.watch))
            await self._play(number, scene)

    async def tell(self, *happened: Event) -> None:
        """Tells these, and goes on once they were read."""
        for event in happened:
            self._reel.tell(event)
        await self._reel.caught_up()

    async def _set_up(self) -> None:
        """What an operator does: init, run, staff add, rota apply; all with the real commands."""
        await self._type("init")
        await self._serve()
        for person in CAST:
            if person.part is not Part.TEXTER:
                await self._invite(person)
        await self._type("rota", "apply", "rota.toml")

    async def _type(self, *words: str) -> bytes:
        shown = [word for word in words if word != "--json"]
        await self.tell(events.Typed(" ".join(("greenroom", *shown))))
        return await self._program.obeys(*words)

    async def _invite(self, person: script.Person) -> None:
        way = ("--sms", person.number) if person.number else ("--telegram",)
        role = ("--role", person.part.value) if person.part is not Part.COUNSELOR else ()
        said = await self._type("staff", "add", person.name, *role, "--languages", "en", *way, "--json")
        invited = msgspec.json.decode(said)
        if invited["token"] is not None:
            self._tokens[person.name] = invited["token"]

    async def _serve(self) -> None:
        await self.tell(events.Typed("greenroom run"), events.Program(State.STARTS))
        # What the program sends before it has said that it serves is told after that.
        self.eye.shut = True
        port = await self._program.start()
        self._town.point_at(f"http://127.0.0.1:{port}")
        self._reel.tell(events.Program(State.RUNS, self._program.pid))
        self.eye.shut = False
        self.eye.look()

    async def _play(self, number: int, scene: Scene) -> None:
        for step in scene.steps:
            try:
                await self._do(step)
            except AssertionError as error:
                raise self._not_as_it_should(number, step) from error
            self.eye.look()
            await self._reel.caught_up()

    def _not_as_it_should(self, number: int, step: Step) -> NotPlayed:
        who = getattr(step, "who", "the program")
        what = type(step).__name__
        text = self._filled(getattr(step, "text", "") or getattr(step, "button", ""))
        about = f' "{text}"' if text else ""
        return NotPlayed(f"The rehearsal did not play: scene {number} stopped at {who} {what}{about}.")

    async def _do(self, step: Step) -> None:
        match step:
            case script.Writes(who, text):
                await self._write(who, self._filled(text))
            case script.Swipes(who, on, text):
                await self._swipe(who, on, self._filled(text))
            case script.Presses(who, button):
                await self._press(who, button)
            case script.Sees(who, text, learns):
                shown = await self.phones[who].shows(self._filled(text), within=WITHIN)
                if learns:
                    self._learn(learns, shown)
            case script.SeesMark(who, mark):
                await self.phones[who].marked(self.phones[who].sent[-1], mark, within=WITHIN)
            case script.SeesOnce(who, texts):
                _in_order_and_once(self.phones[who].texts, texts)
            case script.SeesNone(who, text):
                assert not any(text in seen for seen in self.phones[who].texts)
            case script.Joins(who):
                await self._join(who)
            case script.OpensBot(who):
                await self._telegram(who).start(BOTS[Part.TEXTER])
            case script.Busy(on):
                self._busy(on=on)
            case script.Kill():
                pid = self._program.pid
                await self._program.kill()
                self._reel.tell(events.Program(State.KILLED, pid))
            case script.Restart():
                await self._serve()
                self._town.twilio.webhooks.try_now()

    async def _write(self, who: str, text: str) -> None:
        await self.phones[who].write(text)

    async def _swipe(self, who: str, on: str, text: str) -> None:
        phone = self._telegram(who)
        message = next(m for m in reversed(phone.screen) if on in m.text and not m.deleted)
        await phone.reply(message, text)

    async def _press(self, who: str, button: str) -> None:
        self._reel.tell(events.Pressed(who, button))
        await self._reel.caught_up()
        await self._telegram(who).press(button)

    async def _join(self, who: str) -> None:
        phone = self.phones[who]
        if isinstance(phone, TelegramPhone):
            await phone.start(BOTS[Part.COUNSELOR], payload=self._tokens[who])
            return
        await phone.shows("Reply OK", within=WITHIN)
        await self._reel.caught_up()
        await phone.write("OK")

    def _busy(self, *, on: bool) -> None:
        faults = self._town.twilio.faults
        faults.off()
        if on:
            faults.too_many(retry_after=1, times=None)
            self._reel.tell(events.Noted("The SMS carrier is busy (429): what goes out has to wait."))
        else:
            self._reel.tell(events.Noted("The SMS carrier has time again."))

    def _learn(self, word: str, shown: Shown) -> None:
        found = CODE.search(shown.text)
        assert found is not None
        code = self.codes[word] = found[1]
        if word == "kit":
            # A digit stays in it: without one it would be a word.
            self.codes["typo"] = code[:3] + ("2" if code[3] != "2" else "3")

    def _filled(self, text: str) -> str:
        """The text with case codes in it. Only ours have braces."""
        for word, code in self.codes.items():
            text = text.replace(f"{{{word}}}", code)
        return text

    def _telegram(self, who: str) -> TelegramPhone:
        phone = self.phones[who]
        assert isinstance(phone, TelegramPhone)
        return phone

    def _taken(self, shown: Shown) -> bool:
        """Whether the program has said "got it" to the carrier for a text that was written on a phone."""
        posts = self._town.twilio.posted
        return any(p.arrived for p in posts if shown.id and p.parameters.get("MessageSid") == shown.id)


def _phone(town: Town, person: script.Person) -> SmsPhone | TelegramPhone:
    if person.number:
        return town.sms_phone(person.number, person.name)
    return town.telegram_phone(person.name)


def _in_order_and_once(seen: list[str], texts: tuple[str, ...]) -> None:
    places = [[n for n, one in enumerate(seen) if text in one] for text in texts]
    assert all(len(found) == 1 for found in places)
    assert all(before < after for (before,), (after,) in pairwise(places))
