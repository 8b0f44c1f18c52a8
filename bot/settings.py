"""Everything an operator can set: one class a section, each key with its default, bounds and a word for errors.

Paths and places of secrets are absolute here, whatever the file said. `config.load` is the way to a `Config`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bot.references import Reference
from bot.retention import POLICIES


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the web server listens; port 0 is any free one."""

    host: str
    port: int


def _kept(name: str) -> Meta:
    """The bounds of a period of the retention table."""
    return Meta(ge=POLICIES[name].floor, le=POLICIES[name].ceiling)


Minutes = Annotated[float, Meta(ge=0.02, le=120)]
Phone = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}\Z", description='a number such as "+12025550100"')]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z", description='a country\'s two letters, such as "US"')]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z", description='a language\'s two letters, such as "en"')]
Name = Annotated[str, Meta(min_length=1, max_length=60, description="a name of 1 to 60 characters")]
Sentence = Annotated[str, Meta(min_length=1, max_length=300, description="a sentence of 1 to 300 characters")]
AccountSid = Annotated[str, Meta(pattern=r"^AC[0-9a-f]{32}\Z", description="AC and 32 digits of 0-9 a-f")]
ServiceSid = Annotated[str, Meta(pattern=r"^MG[0-9a-f]{32}\Z", description="MG and 32 digits of 0-9 a-f")]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file. It does not print its values: the line's numbers are among them."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Line(Section, frozen=True, kw_only=True):
    """`[line]`: whom it serves. `name` is seen by staff only. `languages` empty: all it has texts for."""

    country: Country
    time_zone: str
    name: Name = "Greenroom"
    default_language: Language = "en"
    languages: tuple[Language, ...] = ()


class Database(Section, frozen=True, kw_only=True):
    """`[database]`: `sqlite:///PATH` or `postgresql://user@host/name`; the password apart."""

    url: str
    password: Reference | None = None


class Keys(Section, frozen=True, kw_only=True):
    """`[keys]`: root and pepper by reference, and the keyring file; while one is changed, the previous one too."""

    root: Reference
    pepper: Reference
    keyring: Path
    previous_root: Reference | None = None
    previous_pepper: Reference | None = None


class Web(Section, frozen=True, kw_only=True):
    """`[web]`: where we listen, and the address by which carriers reach us, without a slash at its end.

    `public_url` is empty only where no carrier calls us.
    """

    listen: Listen
    public_url: str = ""


class Sms(Section, frozen=True, kw_only=True):
    """`[sms]`: the first number is the line's, the others are the pool; `rate` messages a second and number."""

    account_sid: AccountSid
    auth_token: Reference
    numbers: Annotated[tuple[Phone, ...], Meta(min_length=1, description='a list such as ["+12025550100"]')]
    next_auth_token: Reference | None = None
    messaging_service: ServiceSid | None = None
    api_url: str = "https://api.twilio.com"
    rate: Annotated[float, Meta(ge=0.01, le=1000)] = 1


class TelegramBot(Section, frozen=True, kw_only=True):
    """`[telegram.texters]` and `[telegram.staff]`."""

    token: Reference
    api_url: str = "https://api.telegram.org"


class Telegram(Section, frozen=True, kw_only=True):
    """`[telegram]`: two different bots, so that a leaked staff token does not open texters' chats."""

    texters: TelegramBot
    staff: TelegramBot
    updates: Literal["polling", "webhook"] = "polling"


class Ladder(Section, frozen=True, kw_only=True):
    """`[ladder]`: how long one waits for whom."""

    offer_seconds: Annotated[float, Meta(ge=1, le=3600)] = 90
    still_looking_minutes: Minutes = 4
    supervisors_minutes: Minutes = 6
    nobody_minutes: Minutes = 10
    nudge_minutes: Minutes = 5
    escalate_minutes: Minutes = 10
    reply_deadline_minutes: Annotated[float, Meta(ge=1, le=60)] = 10
    window_minutes: Annotated[float, Meta(ge=1, le=1440)] = 30


class Retention(Section, frozen=True, kw_only=True):
    """`[retention]`: defaults and bounds are those of `bot.retention`."""

    address_hours: Annotated[float, _kept("address_hours")] = POLICIES["address_hours"].default
    seal_hours: Annotated[float, _kept("seal_hours")] = POLICIES["seal_hours"].default
    transcript_days: Annotated[float, _kept("transcript_days")] = POLICIES["transcript_days"].default
    dedup_hours: Annotated[float, _kept("dedup_hours")] = POLICIES["dedup_hours"].default
    block_days: Annotated[float, _kept("block_days")] = POLICIES["block_days"].default
    audit_days: Annotated[float, _kept("audit_days")] = POLICIES["audit_days"].default
    telegram_hours: Annotated[float, _kept("telegram_hours")] = POLICIES["telegram_hours"].default
    capsule_days: Annotated[float, _kept("capsule_days")] = POLICIES["capsule_days"].default


class Limits(Section, frozen=True, kw_only=True):
    """`[limits]`: load and cost. `countries` are those we send SMS to; empty in the file: the line's own one."""

    open_conversations: Annotated[int, Meta(ge=1, le=20)] = 3
    weekly_hours: Annotated[float, Meta(ge=1, le=168)] = 20
    daily_segments: Annotated[int, Meta(ge=50, le=1_000_000)] = 2000
    reserve_percent: Annotated[float, Meta(ge=10, le=90)] = 30
    countries: tuple[Country, ...] = ()


class Policy(Section, frozen=True, kw_only=True):
    """`[policy]`: what the organisation has decided. `reporting`: language → sentence."""

    minors: Literal["off", "ask"] = "off"
    photos: Literal["off", "supervisor", "on"] = "off"
    supervisor_for_minors: bool = False
    reveal: bool = False
    delete_during_hold: Literal["erase", "keep"] = "erase"
    reporting: dict[Language, Sentence] = {}
    answers: Path | None = None
    alternatives: Path | None = None


class Config(Section, frozen=True, kw_only=True):
    """The whole file. A missing `sms` or `telegram` means that the line has no such channel."""

    line: Line
    database: Database
    keys: Keys
    web: Web
    sms: Sms | None = None
    telegram: Telegram | None = None
    ladder: Ladder = Ladder()
    retention: Retention = Retention()
    limits: Limits = Limits()
    policy: Policy = Policy()
