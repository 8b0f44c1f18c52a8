"""A script as data: who does what, what the phones must show, and in every language what is to be learned from it.

The scripts are the TOML files in `scripts/`. `{robin}` and its like stand for case codes once a `sees` has learned
them; `{typo}` is the code of the last one learned with a slip of the thumb.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from functools import cache
from pathlib import Path

import msgspec

from handlers.rehearsal.play.failure import NotPlayed

FOLDER = Path(__file__).parent / "scripts"
SOURCE = "en"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="does", kw_only=True):
    """One thing that happens, or must have happened."""

    who: str = ""


class Writes(Step, frozen=True, tag="writes"):
    text: str


class Swipes(Step, frozen=True, tag="swipes"):
    """Answers the message that contains `on` by swiping it."""

    on: str
    text: str


class Presses(Step, frozen=True, tag="presses"):
    button: str


class Sees(Step, frozen=True, tag="sees"):
    """A message with `text` in it comes. `learns`: its case code is known by this word from now on."""

    text: str
    learns: str = ""


class SeesMark(Step, frozen=True, tag="sees mark"):
    """The newest own message carries the mark."""

    mark: str


class SeesOnce(Step, frozen=True, tag="sees once"):
    """These came, in this order, and none of them twice."""

    texts: tuple[str, ...]


class SeesNone(Step, frozen=True, tag="sees none"):
    """Nothing with `text` in it ever came."""

    text: str


class Joins(Step, frozen=True, tag="joins"):
    """By SMS: answers the invitation. By Telegram: opens the link that works once."""


class OpensBot(Step, frozen=True, tag="opens the bot"):
    pass


class Busy(Step, frozen=True, tag="carrier busy"):
    """The SMS carrier answers "too many requests" until told otherwise."""

    on: bool


class Later(Step, frozen=True, tag="time passes"):
    """The clock jumps: by so many minutes, or (0) to the next instant at which somebody else comes on call."""

    minutes: float = 0


class Kill(Step, frozen=True, tag="kill -9"):
    pass


class Restart(Step, frozen=True, tag="starts again"):
    pass


AnyStep = (
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
    | Later
    | Kill
    | Restart
)
OWN = (Writes, Swipes, Presses, OpensBot, Joins)
"""What somebody does with her own thumb: a trainee may do it instead."""


class SceneWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens, why it matters, and what a good answer looks like."""

    title: str
    why: str
    good: str = ""


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some steps that belong together, and whose phones are worth watching where there is no room for all."""

    words: Mapping[str, SceneWords]
    watch: tuple[str, ...]
    steps: tuple[AnyStep, ...]

    def told(self, language: str) -> SceneWords:
        return self.words.get(language) or self.words[SOURCE]


class ScriptWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the script is called, and what whoever plays it learns."""

    title: str
    about: str


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message whose rows are shown at the end: its writer, its words, and its case code's word."""

    writer: str
    code: str
    text: str


class Erased(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation of which nothing may be left: whose, and its case code's word."""

    writer: str
    code: str


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guided conversation. `begins`: the line's local time; `trainee`: whose part a new volunteer plays.

    `joined`: staff have answered their invitations before the first scene. `rota` and `ladder`: instead of the usual.
    """

    name: str
    order: int
    words: Mapping[str, ScriptWords]
    scenes: tuple[Scene, ...]
    kept: Kept
    erased: Erased | None = None
    trainee: str = ""
    begins: time = time(18, 40)
    joined: bool = True
    rota: str = ""
    ladder: Mapping[str, float] = {}

    def told(self, language: str) -> ScriptWords:
        return self.words.get(language) or self.words[SOURCE]


@cache
def scripts() -> Mapping[str, Script]:
    """All scripts by name, in the order in which they are learned."""
    found = sorted(map(read, FOLDER.glob("*.toml")), key=lambda script: script.order)
    return {script.name: script for script in found}


def read(path: Path) -> Script:
    """One script; NotPlayed names the file and the place where it is wrong."""
    try:
        script = msgspec.toml.decode(path.read_bytes(), type=Script)
    except (msgspec.DecodeError, ValueError) as error:
        raise NotPlayed(f"The script {path.name} cannot be read: {error}") from error
    if script.name != path.stem:
        raise NotPlayed(f"The script {path.name} calls itself {script.name}.")
    return script


def named(name: str) -> Script:
    """The script of that name; NotPlayed lists those that there are."""
    if name not in scripts():
        raise NotPlayed(f"There is no script of that name. There are: {', '.join(scripts())}.")
    return scripts()[name]
