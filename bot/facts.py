"""What `greenroom check` looks at: facts gathered first, so that every rule about them is a plain function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from bot.people import Staff, StaffId
from bot.redact import Secret
from bot.schedules import Rota
from bot.settings import Config


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a secret cannot be used, as a SettingsError says it."""

    what: str
    cure: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with something of ours in it, and its mode; `holds` says what: "keys", "the database"."""

    holds: str
    path: Path
    mode: int


class Schema(StrEnum):
    """How the database was found."""

    CURRENT = "current"
    MISSING = "missing"
    OLD = "old"
    TOO_NEW = "too new"
    AWAY = "away"
    LOCKED = "locked"
    """It is there, and the keys do not open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A supervisor's key that has not ended: whether it is sealed to, whose it is, and since when."""

    counts: bool
    owner: StaffId
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who works here and when; known only if the database opened. `trail`: whether the audit trail is whole.
    `rotation`: when the epoch keys are due to change. `silent`: when hosts were last heard of that have not been since
    the keys changed. `overdue`: how many copies carriers should have deleted
    an hour ago and nobody has asked them to."""

    people: tuple[Staff, ...]
    rota: Rota[StaffId] | None
    keys: tuple[HeldKey, ...] | None = None
    trail: bool = True
    rotation: datetime | None = None
    silent: tuple[datetime, ...] = ()
    overdue: int = 0


class Seen(StrEnum):
    """How somebody outside answered us."""

    WELL = "well"
    REFUSED = "refused"
    """The token."""
    STRANGELY = "strangely"
    """Whoever answered is not the carrier, or does not let us."""
    NOT_AT_ALL = "not at all"


class Page(StrEnum):
    """What answered at an address of ours."""

    LINE = "the line"
    NOT_READY = "the line, not ready"
    NOBODY = "nobody behind the proxy, or nobody at all"
    NO_NAME = "the name leads nowhere"
    NO_TLS = "the certificate is not accepted"
    ELSEWHERE = "a redirection"
    SOMETHING_ELSE = "something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One of our numbers as Twilio's account has it; where its texts go is a secret of whoever receives them."""

    sms_url: Secret[str]
    fallback_url: Secret[str]
    posts: bool
    application: bool
    texts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Twilio:
    """The account. `code` is Twilio's error number; `numbers` in the order of sms.numbers, None: not on the account."""

    seen: Seen
    code: str = ""
    numbers: tuple[Number | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """One bot as Telegram shows it. `words`: where a person reads it ("name", "description") → what it says."""

    seen: Seen
    id: int = 0
    joins_groups: bool = False
    reads_groups: bool = False
    webhook: Secret[str] = field(default_factory=lambda: Secret(""))
    words: tuple[tuple[str, Secret[str]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the network told. `ahead`: how far our clock is ahead of each carrier's that says the time.

    `public` and `local` are what answers /healthz at web.public_url and at web.listen; None: not asked.
    """

    ahead: tuple[timedelta, ...] = ()
    public: Page | None = None
    local: Page | None = None
    twilio: Twilio | None = None
    bots: Mapping[str, Bot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything. `secrets`: by key, None where it can be read. `alike`: pairs of keys that hold the same secret.

    `beside`: keys whose files lie in the database's folder. `schema` None: not looked at, for want of a secret.
    `outside` None: --offline.
    """

    config: Config
    now: datetime
    secrets: Mapping[str, Trouble | None]
    alike: tuple[tuple[str, str], ...] = ()
    beside: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = ()
    schema: Schema | None = Schema.CURRENT
    line: Line | None = None
    outside: Outside | None = None
