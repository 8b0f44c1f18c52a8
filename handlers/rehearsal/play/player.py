"""Plays a script: everybody does what it says, and what should come is waited for, or the rehearsal has failed.

Whoever is named in `hands` is played by a person: what the script has for her is only told, and what should follow from
it is waited for as long as it takes, in whatever words she chose.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import pairwise

from handlers.rehearsal.phones import TelegramPhone
from handlers.rehearsal.play import events, script
from handlers.rehearsal.play.eye import Eye
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.marks import Phone
from handlers.rehearsal.play.reel import Reel
from handlers.rehearsal.play.script import AnyStep, Scene
from handlers.rehearsal.play.stage import BOTS, WITHIN, Stage
from handlers.rehearsal.screens import Shown, Wanted

CODE = re.compile(r"\b(?=[2-9A-Z]*[2-9])[2-9A-Z]{4}\b")
"""A case code: the first thing in an offer that looks like one (four letters and digits, at least one digit)."""


class Player:
    """One playing of the stage's script. `codes` are the case codes by the script's words.

    `next_shift`: when somebody else comes on call, seen from an instant.
    """

    def __init__(
        self,
        stage: Stage,
        reel: Reel,
        next_shift: Callable[[], Awaitable[datetime | None]],
        hands: frozenset[str] = frozenset(),
    ) -> None:
        self.codes: dict[str, str] = {}
        self.hands = hands
        self.eye = Eye(stage.phones, stage.town, reel.tell)
        self._stage = stage
        self._reel = reel
        self._next_shift = next_shift
        self._left_to_hands: list[str] = []
        for phone in stage.phones.values():
            phone.on_change(self.eye.look)

    @property
    def messages(self) -> int:
        return self.eye.messages

    async def play(self, scenes: tuple[Scene, ...]) -> None:
        """All scenes; NotPlayed at the first thing that is not as it should be."""
        for number, scene in enumerate(scenes, 1):
            await self.tell(events.SceneBegan(number, len(scenes), scene))
            await self._play(number, scene)

    async def tell(self, *happened: events.Event) -> None:
        """Tells these, and goes on once they were read."""
        for event in happened:
            self._reel.tell(event)
        await self._reel.caught_up()

    async def _play(self, number: int, scene: Scene) -> None:
        for step in scene.steps:
            try:
                await self._do(step)
            except AssertionError as error:
                raise self._not_as_it_should(number, step) from error
            self.eye.look()
            await self._reel.caught_up()

    def _not_as_it_should(self, number: int, step: AnyStep) -> NotPlayed:
        who = step.who or "the program"
        text = self._filled(getattr(step, "text", "") or getattr(step, "button", ""))
        about = f' "{text}"' if text else ""
        name = self._stage.script.name
        does = step.__struct_config__.tag
        return NotPlayed(
            f"The rehearsal did not play: {name}, scene {number} stopped at {who} {does}{about}."
        )

    async def _do(self, step: AnyStep) -> None:
        if step.who in self.hands and isinstance(step, script.OWN):
            await self._leave_to_hands(step)
            return
        match step:
            case script.Writes():
                await self._phone(step).write(self._filled(step.text))
            case script.Swipes():
                await self._swipe(step)
            case script.Presses():
                await self._press(step)
            case script.Sees():
                await self._see(step)
            case script.SeesMark():
                await self._marked(step)
            case script.SeesOnce():
                _in_order_and_once(self._phone(step).texts, step.texts)
            case script.SeesNone():
                assert not any(step.text in seen for seen in self._phone(step).texts)
            case script.Joins():
                await self._stage.join(step.who)
            case script.OpensBot():
                await self._telegram(step).start(BOTS[self._stage.part_of(step.who)])
            case script.Busy():
                self._busy(on=step.on)
            case script.Later():
                await self._stage.pass_time(step.minutes or await self._until_the_next_shift())
            case script.Kill():
                await self._stage.kill()
            case script.Restart():
                await self._restart()

    # --- what people do

    async def _leave_to_hands(self, step: AnyStep) -> None:
        text = self._filled(getattr(step, "text", "") or getattr(step, "button", ""))
        self._left_to_hands.append(text)
        await self.tell(events.YourTurn(step.who, str(step.__struct_config__.tag), text))

    async def _swipe(self, step: script.Swipes) -> None:
        phone, on = self._telegram(step), self._filled(step.on)
        message = next(m for m in reversed(phone.screen) if on in m.text and not m.deleted)
        await phone.reply(message, self._filled(step.text))

    async def _press(self, step: script.Presses) -> None:
        await self.tell(events.Pressed(step.who, step.button))
        await self._telegram(step).press(step.button)

    # --- what they see

    async def _see(self, step: script.Sees) -> None:
        phone, text = self._phone(step), self._filled(step.text)
        if step.who not in self.hands and any(said.endswith(text) for said in self._left_to_hands):
            await phone.shows(self._in_her_own_words, within=None)
            return
        shown = await phone.shows(text, within=None if self.hands else WITHIN)
        if step.learns:
            self._learn(step.learns, shown)

    @property
    def _in_her_own_words(self) -> Wanted:
        """A message that whoever plays by hand has written, with or without a code before it."""
        hers = [self._stage.phones[name] for name in self.hands]

        def fits(message: Shown) -> bool:
            texts = (own.text for phone in hers for own in phone.sent)
            return any(text == message.text or text.endswith(f" {message.text}") for text in texts)

        return fits

    async def _marked(self, step: script.SeesMark) -> None:
        phone = self._phone(step)
        await phone.until(
            lambda: bool(phone.sent) and step.mark in phone.sent[-1].reactions,
            within=None if self.hands else WITHIN,
            what=step.mark,
        )

    def _learn(self, word: str, shown: Shown) -> None:
        found = CODE.search(shown.text)
        assert found is not None
        code = self.codes[word] = found[0]
        # A digit stays in it: without one it would be a word.
        self.codes["typo"] = code[:3] + ("2" if code[3] != "2" else "3")

    # --- what happens to the line

    async def _restart(self) -> None:
        # What the program sends before it has said that it serves is told after that.
        self.eye.shut = True
        await self._stage.serve()
        self.eye.shut = False
        self.eye.look()

    async def _until_the_next_shift(self) -> float:
        then = await self._next_shift()
        assert then is not None
        return (then - self._stage.town.clock.now()).total_seconds() / 60 + 0.05

    def _busy(self, *, on: bool) -> None:
        faults = self._stage.town.twilio.faults
        faults.off()
        if on:
            faults.too_many(retry_after=1, times=None)
        self._reel.tell(events.CarrierBusy(on))

    # --- small words

    def _filled(self, text: str) -> str:
        """The text with case codes in it. Only ours have braces."""
        for word, code in self.codes.items():
            text = text.replace(f"{{{word}}}", code)
        return text

    def _phone(self, step: AnyStep) -> Phone:
        return self._stage.phones[step.who]

    def _telegram(self, step: AnyStep) -> TelegramPhone:
        phone = self._phone(step)
        assert isinstance(phone, TelegramPhone)
        return phone


def _in_order_and_once(seen: list[str], texts: tuple[str, ...]) -> None:
    places = [[n for n, one in enumerate(seen) if text in one] for text in texts]
    assert all(len(found) == 1 for found in places)
    assert all(before < after for (before,), (after,) in pairwise(places))
