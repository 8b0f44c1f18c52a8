"""The conversation that a rehearsal plays, as data: who they are, what they do, and what their phones must show.

`{robin}`, `{kit}` and `{again}` stand for case codes once a `Sees` has learned them; `{typo}` is Kit's, mistyped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What somebody is to the line."""

    TEXTER = "texter"
    COUNSELOR = "counselor"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Person:
    """One phone and its owner; a number means SMS, none Telegram."""

    name: str
    part: Part
    number: str = ""

    @property
    def channel(self) -> str:
        return "SMS" if self.number else "Telegram"


CAST = (
    Person("Robin", Part.TEXTER, "+12025550111"),
    Person("Kit", Part.TEXTER),
    Person("Alma", Part.COUNSELOR),
    Person("Bo", Part.COUNSELOR, "+12025550122"),
    Person("Sam", Part.SUPERVISOR),
)


@dataclass(frozen=True, slots=True)
class Writes:
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Swipes:
    """Answers the message that contains `on` by swiping it."""

    who: str
    on: str
    text: str


@dataclass(frozen=True, slots=True)
class Presses:
    who: str
    button: str


@dataclass(frozen=True, slots=True)
class Sees:
    """A message with `text` in it comes. `learns`: its case code is known by this word from now on."""

    who: str
    text: str
    learns: str = ""


@dataclass(frozen=True, slots=True)
class SeesMark:
    """The newest own message carries the mark."""

    who: str
    mark: str


@dataclass(frozen=True, slots=True)
class SeesOnce:
    """These came, in this order, and none of them twice."""

    who: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeesNone:
    """Nothing with `text` in it ever came."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Joins:
    """By SMS: answers the invitation. By Telegram: opens the link that works once."""

    who: str


@dataclass(frozen=True, slots=True)
class OpensBot:
    who: str


@dataclass(frozen=True, slots=True)
class Busy:
    """The SMS carrier answers "too many requests" until told otherwise."""

    on: bool


@dataclass(frozen=True, slots=True)
class Kill:
    """kill -9."""


@dataclass(frozen=True, slots=True)
class Restart:
    pass


Step = (
    Writes
    | Swipes
    | Presses
    | Sees
    | SeesMark
    | SeesOnce
    | SeesNone
    | Joins
    | OpensBot
    | Busy
    | Kill
    | Restart
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens, why it matters, whose phones are worth watching where there is no room for all."""

    title: str
    why: str
    watch: tuple[str, ...]
    steps: tuple[Step, ...]


ROBIN_FIRST = "is this private? my agent reads over my shoulder sometimes"
ALMA_FIRST = "It is. I see a code, not your name or number. Are you somewhere you can text?"
ROBIN_SAFE = "ok. at the airport. he kept my passport until the contract is signed"
KIT_FIRST = "they owe me for three shows and say i must pay for the flat first"
BO_FIRST = "That is not okay, and you are not alone with it. Did you sign anything for the flat?"
BO_HELD = "I have read all of it. Nobody may keep your passport."
ROBIN_ONE = "he is coming back with two coffees"
ROBIN_TWO = "gate 14, i am going to sit with the family next to me"
KIT_THANKS = "no. thank you, i will write down every day i worked"
KIT_AGAIN = "me again. they changed the lock and my bags are inside"
SAM_ANSWER = "I'm here. Are you somewhere warm and with people? Then let's do the bags together."

SCENES = (
    Scene(
        "The counselors join",
        "They install nothing: Bo answers one text, Alma and Sam open a link that works once.",
        ("Bo", "Alma", "Sam"),
        (
            Joins("Bo"),
            Sees("Bo", "Welcome"),
            Joins("Alma"),
            Sees("Alma", "Welcome"),
            Joins("Sam"),
            Sees("Sam", "Welcome"),
        ),
    ),
    Scene(
        "Robin texts the line",
        "One honest answer at once. The offer holds not a word of hers: lock screens are read by others.",
        ("Robin", "Alma"),
        (
            Writes("Robin", ROBIN_FIRST),
            Sees("Robin", "A real person will answer"),
            Sees("Alma", "New conversation", learns="robin"),
        ),
    ),
    Scene(
        "Alma takes it and answers",
        "She swipes Robin's words and types. Neither sees the other's name or number; 👌 says: Robin has it.",
        ("Robin", "Alma"),
        (
            Presses("Alma", "Take"),
            Sees("Alma", "{robin} is yours"),
            Sees("Alma", ROBIN_FIRST),
            Swipes("Alma", ROBIN_FIRST, ALMA_FIRST),
            Sees("Robin", ALMA_FIRST),
            SeesMark("Alma", "👌"),
            Writes("Robin", ROBIN_SAFE),
            Sees("Alma", ROBIN_SAFE),
        ),
    ),
    Scene(
        "Kit writes by Telegram, Bo has a plain phone",
        "Alma is talking, so Bo is asked. Every channel reaches every other; by SMS the code says who is meant.",
        ("Kit", "Bo"),
        (
            OpensBot("Kit"),
            Sees("Kit", "HELP tells you more"),
            Writes("Kit", KIT_FIRST),
            Sees("Kit", "thanks for writing"),
            Sees("Bo", "New conversation", learns="kit"),
            Writes("Bo", "take {kit}"),
            Sees("Bo", "{kit} is yours"),
            Sees("Bo", KIT_FIRST),
            Writes("Bo", "{kit} " + BO_FIRST),
            Sees("Kit", BO_FIRST),
        ),
    ),
    Scene(
        "Alma's bus arrives: she passes Robin on",
        "No blame and nothing to repeat: whoever takes over reads what was said, and Robin is told.",
        ("Robin", "Alma", "Bo"),
        (
            Writes("Alma", "pass {robin}"),
            Sees("Alma", "passed on"),
            Writes("Alma", "off"),
            Sees("Alma", "OFF"),
            Sees("Robin", "Someone else is coming"),
            Sees("Bo", "New conversation {robin}"),
            Writes("Bo", "take {robin}"),
            Sees("Bo", "{robin} is yours"),
            Sees("Bo", ROBIN_SAFE),
        ),
    ),
    Scene(
        "Bo mistypes a code, then forgets it: held, never guessed",
        "Two frightened people, one tired thumb. One wrong letter never makes another's code; no code is a question.",
        ("Robin", "Kit", "Bo"),
        (
            Writes("Bo", "{typo} " + BO_HELD),
            Sees("Bo", "no such conversation. Nothing was sent"),
            Writes("Bo", BO_HELD),
            Sees("Bo", "Not sent. Which conversation?"),
            Writes("Bo", "{robin}"),
            Sees("Robin", BO_HELD),
            SeesNone("Kit", BO_HELD),
        ),
    ),
    Scene(
        "The machine dies in the middle of it: kill -9",
        "What the carrier was told we have, is on the disk. What it could not tell us, it tells us again.",
        ("Robin", "Kit", "Bo"),
        (
            Busy(True),
            Writes("Robin", ROBIN_ONE),
            Kill(),
            Writes("Robin", ROBIN_TWO),
            Writes("Kit", KIT_THANKS),
        ),
    ),
    Scene(
        "It starts again, and nothing is lost",
        "All three arrive, in order, each once.",
        ("Robin", "Kit", "Bo"),
        (
            Busy(False),
            Restart(),
            Sees("Bo", ROBIN_ONE),
            Sees("Bo", ROBIN_TWO),
            Sees("Bo", KIT_THANKS),
            SeesOnce("Bo", (ROBIN_ONE, ROBIN_TWO)),
            SeesOnce("Bo", (KIT_THANKS,)),
        ),
    ),
    Scene(
        "Nobody is left on call, and Kit writes again",
        "Bo has gone home too. The supervisor is asked at once: a text is never left lying.",
        ("Kit", "Bo", "Sam"),
        (
            Writes("Bo", "done {kit}"),
            Sees("Kit", "has ended"),
            Sees("Bo", "{kit}: closed"),
            Writes("Bo", "off"),
            Sees("Bo", "OFF"),
            Writes("Kit", KIT_AGAIN),
            Sees("Sam", "New conversation", learns="again"),
            Presses("Sam", "Take"),
            Sees("Sam", "{again} is yours"),
            Sees("Sam", KIT_AGAIN),
            Swipes("Sam", KIT_AGAIN, SAM_ANSWER),
            Sees("Kit", SAM_ANSWER),
            SeesMark("Sam", "👀"),
        ),
    ),
    Scene(
        "Robin texts DELETE",
        "Our copy is gone at once: the words, the number, and the keys that opened them. No question, no proof asked.",
        ("Robin", "Bo"),
        (
            Writes("Robin", "DELETE"),
            Sees("Robin", "Our copy is gone"),
            Sees("Bo", "erased the conversation"),
        ),
    ),
)

KEPT = ("Kit", KIT_AGAIN, "again")
"""The message whose rows are shown at the end: its writer, its words, and its case code's word."""
ERASED = ("Robin", "robin")
