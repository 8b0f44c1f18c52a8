"""What a hand does to one phone on the page: a table of gestures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from handlers.rehearsal.page.refused import Refused
from handlers.rehearsal.phones import SmsPhone, TelegramPhone
from handlers.rehearsal.play.cast import Part, Person
from handlers.rehearsal.play.marks import Phone
from handlers.rehearsal.play.stage import BOTS
from handlers.rehearsal.screens import Shown
from handlers.rehearsal.telegram_tables import LONGEST_TEXT, Refusal

LONGEST_SMS = 1600
"""Characters that a phone puts into one long SMS: what Twilio takes as one message."""


@dataclass(slots=True)
class Held:
    """One phone on the page, by its place. `locked_at`: how many messages it had when its screen was locked."""

    key: str
    person: Person
    phone: Phone
    locked_at: int | None = None
    previews: bool = True
    numbers: dict[Shown, int] = field(default_factory=dict)

    @property
    def bot(self) -> str:
        return BOTS[self.person.part]

    @property
    def started(self) -> bool:
        """Whether there is anything to write to: a Telegram chat begins with START."""
        phone = self.phone
        return not isinstance(phone, TelegramPhone) or phone.has_started(self.bot)

    @property
    def blocked(self) -> bool:
        return (
            self.phone.has_blocked(self.bot)
            if isinstance(self.phone, TelegramPhone)
            else self.phone.has_blocked()
        )

    def messages(self) -> list[tuple[int, Shown]]:
        """Every message with a number that it keeps, oldest first."""
        both = sorted((*self.phone.screen, *self.phone.sent), key=lambda shown: shown.at)
        for shown in both:
            self.numbers.setdefault(shown, len(self.numbers) + 1)
        return [(self.numbers[shown], shown) for shown in both]

    def message(self, number: str) -> Shown:
        found = next((shown for n, shown in self.messages() if str(n) == number and not shown.deleted), None)
        if found is None:
            raise Refused("page.error.gone")
        return found


Gesture = Callable[[Held, dict[str, str]], Awaitable[None]]


async def write(held: Held, given: dict[str, str]) -> None:
    """Types a text and sends it; `reply`: the number of the message that was swiped."""
    text, phone = given.get("text", ""), held.phone
    if not text.strip():
        raise Refused("page.error.empty")
    if not held.phone.on:
        raise Refused("page.error.off")
    if isinstance(phone, SmsPhone):
        if len(text) > LONGEST_SMS:
            raise Refused("page.error.long", most=str(LONGEST_SMS))
        await phone.write(text)
        return
    if not held.started:
        raise Refused("page.error.start")
    if held.blocked:
        raise Refused("page.error.blocked")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise Refused("page.error.long", most=str(LONGEST_TEXT))
    try:
        if given.get("reply"):
            await phone.reply(held.message(given["reply"]), text)
        else:
            await phone.write(text, to=held.bot)
    except (Refusal, KeyError):
        raise Refused("page.error.gone") from None


async def press(held: Held, given: dict[str, str]) -> None:
    """Presses a button under a message."""
    phone = _telegram(held)
    if not phone.on:
        raise Refused("page.error.off")
    try:
        await phone.press(given.get("data", ""), on=held.message(given.get("message", "")))
    except (AssertionError, KeyError):
        raise Refused("page.error.gone") from None


async def start(held: Held, given: dict[str, str]) -> None:
    """By SMS texts START; on Telegram presses Start, which lifts a block as well."""
    if isinstance(held.phone, SmsPhone):
        await held.phone.start()
    else:
        await held.phone.start(held.bot)


async def stop(held: Held, given: dict[str, str]) -> None:
    """Texts STOP."""
    await write(held, {"text": "STOP"})


async def block(held: Held, given: dict[str, str]) -> None:
    if isinstance(held.phone, SmsPhone):
        held.phone.block()
    elif held.started:
        await held.phone.block(held.bot)


async def unblock(held: Held, given: dict[str, str]) -> None:
    if isinstance(held.phone, SmsPhone):
        held.phone.unblock()
    else:
        await held.phone.unblock(held.bot)


async def switch_off(held: Held, given: dict[str, str]) -> None:
    held.phone.switch_off()


async def switch_on(held: Held, given: dict[str, str]) -> None:
    held.phone.switch_on()


async def photo(held: Held, given: dict[str, str]) -> None:
    """Sends a picture: the line refuses it kindly."""
    if not held.phone.on:
        raise Refused("page.error.off")
    if isinstance(held.phone, SmsPhone):
        await held.phone.send_photo()
        return
    if not held.started or held.blocked:
        raise Refused("page.error.start")
    await held.phone.send_photo(to=held.bot)


async def lock(held: Held, given: dict[str, str]) -> None:
    """The screen goes dark; from now on it shows what a lock screen shows."""
    held.locked_at = len(held.phone.screen)


async def unlock(held: Held, given: dict[str, str]) -> None:
    held.locked_at = None


async def previews(held: Held, given: dict[str, str]) -> None:
    """Whether the lock screen shows words, or only that something came: what the welcome asks staff to set."""
    held.previews = not held.previews


def _telegram(held: Held) -> TelegramPhone:
    if not isinstance(held.phone, TelegramPhone):
        raise Refused("page.error.gone")
    return held.phone


GESTURES: dict[str, Gesture] = {
    gesture.__name__.replace("_", "-"): gesture
    for gesture in (
        write, press, start, stop, block, unblock, switch_off, switch_on, photo, lock, unlock, previews,
    )
}  # fmt: skip

WAYS_OF_ADDING = {"sms": True, "telegram": False}
PARTS = {part.value: part for part in Part}
