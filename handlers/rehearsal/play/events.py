"""What happens in a rehearsal, one small value a happening: the player tells them, a show shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from handlers.rehearsal.play.cast import Person
from handlers.rehearsal.play.script import Scene


@dataclass(frozen=True, slots=True)
class SceneBegan:
    """A scene of so many."""

    number: int
    of: int
    scene: Scene


@dataclass(frozen=True, slots=True)
class YourTurn:
    """What somebody is to do herself: `text` is a good answer, or the button."""

    who: str
    does: str
    text: str


class Mark(StrEnum):
    """What has become of a message that somebody wrote."""

    NONE = ""
    WAITS = "waits"
    SENT = "sent"
    SEEN = "👀"
    DELIVERED = "👌"
    FAILED = "💔"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Message:
    """A message has appeared on a phone. `bubble` counts them; `own`: its owner wrote it."""

    bubble: int
    phone: str
    own: bool
    text: str
    buttons: tuple[str, ...] = ()
    quoted: str = ""
    mark: Mark = Mark.NONE


@dataclass(frozen=True, slots=True)
class Marked:
    """A message that is shown already has another mark, or other buttons."""

    bubble: int
    phone: str
    mark: Mark
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody has pressed a button."""

    phone: str
    button: str


class State(StrEnum):
    """Of the program."""

    STARTS = "starts"
    RUNS = "runs"
    KILLED = "killed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Program:
    """The program has begun, serves, was killed or has ended. `pid` is 0 before it has one."""

    state: State
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Typed:
    """A command was typed, as an operator would."""

    command: str


@dataclass(frozen=True, slots=True)
class CarrierBusy:
    """The SMS carrier has begun to refuse what it is handed, or has time again."""

    on: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The clock has jumped by so many minutes."""

    minutes: float


@dataclass(frozen=True, slots=True)
class Row:
    """One column of one row: where it stands, what it is, and its bytes."""

    column: str
    meaning: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Searched:
    """A search through the bytes of every file: `found` names what was found, never the thing itself."""

    files: int
    size: int
    texts: int
    others: int
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What is left on the disk: one message's rows beside its words, what DELETE left, and the search."""

    writer: str
    words: str
    rows: tuple[Row, ...]
    erased: str  # whose conversation; "" where nobody erased one
    left: tuple[tuple[str, int], ...]
    search: Searched


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation played as it should."""

    messages: int
    seconds: float


Event = (
    SceneBegan
    | YourTurn
    | Message
    | Marked
    | Pressed
    | Program
    | Typed
    | CarrierBusy
    | TimePassed
    | OnDisk
    | Ended
)


class Told(Protocol):
    """Whoever is told of each event in its turn."""

    def tell(self, event: Event) -> None: ...


class Show(Told, Protocol):
    """A way to show events: opened with the cast, told of each, closed at the end, also of a failure."""

    def open(self, cast: tuple[Person, ...]) -> None: ...
    def close(self) -> None: ...
