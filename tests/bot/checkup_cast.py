"""A line in good order, as `greenroom check` finds it; each test breaks one thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bot import checkup, facts
from bot.facts import Facts, Folder, HeldKey, Line, Outside, Page, Schema, Seen
from bot.findings import Finding, Level
from bot.people import StaffId
from bot.redact import Secret
from bot.references import Kind, Reference
from bot.rota import Layer, Rota, Schedule, Unit
from bot.settings import Config, Database, Keys, Limits, Listen, Sms, Telegram, TelegramBot, Web
from bot.settings import Line as LineSettings
from tests.bot.cast import ALMA, BO, SAM

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PUBLIC = "https://line.greenroom.test"
OURS = f"{PUBLIC}/sms/inbound#rc=5&rp=all"


def reference(key: str) -> Reference:
    return Reference(key, Kind.FILE, f"/keys/{key}")


CONFIG = Config(
    line=LineSettings(
        name="Atelier Union", country="US", time_zone="America/New_York", languages=("en", "uk")
    ),
    database=Database(url="sqlite:////data/greenroom.db"),
    keys=Keys(root=reference("keys.root"), pepper=reference("keys.pepper"), keyring=Path("/keys/keyring")),
    web=Web(listen=Listen("127.0.0.1", 8080), public_url=PUBLIC),
    sms=Sms(
        account_sid="AC" + "1" * 32,
        auth_token=reference("sms.auth_token"),
        numbers=("+12025550100", "+12025550101"),
    ),
    telegram=Telegram(
        texters=TelegramBot(token=reference("telegram.texters.token")),
        staff=TelegramBot(token=reference("telegram.staff.token")),
    ),
    limits=Limits(countries=("US",)),
)


def set_up(**sections: Any) -> Config:
    """The configuration with other sections, each whole or as the keys that change."""
    changed = {
        name: msgspec.structs.replace(getattr(CONFIG, name), **value) if isinstance(value, dict) else value
        for name, value in sections.items()
    }
    return msgspec.structs.replace(CONFIG, **changed)


def layer(
    *people: StaffId, start: datetime = datetime(2026, 1, 5), unit: Unit = Unit.WEEK, **more: Any
) -> Layer[StaffId]:
    """All of these together, without end."""
    return Layer(
        name="always", zone="UTC", start=start, unit=unit, count=1, participants=(tuple(people),), **more
    )


def rota_of(*layers: Layer[StaffId], name: str = "on call") -> Rota[StaffId]:
    return Rota((Schedule(name=name, zone="UTC", layers=layers),))


KEYS = tuple(HeldKey(counts=True, owner=SAM.id, since=NOW.date()) for _ in range(2))
PEOPLE = Line(people=(ALMA, BO, SAM), rota=rota_of(layer(ALMA.id, BO.id)), keys=KEYS)

NUMBER = facts.Number(
    sms_url=Secret(OURS), fallback_url=Secret(""), posts=True, application=False, texts=True
)
TEXTERS = facts.Bot(seen=Seen.WELL, id=1, words=(("user name", Secret("rose_bot")), ("name", Secret("Rose"))))
STAFF = facts.Bot(seen=Seen.WELL, id=2, words=(("name", Secret("Atelier Union staff")),))
OUTSIDE = Outside(
    ahead=(timedelta(seconds=1),),
    public=Page.LINE,
    local=Page.LINE,
    twilio=facts.Twilio(seen=Seen.WELL, numbers=(NUMBER, NUMBER)),
    bots={"texters": TEXTERS, "staff": STAFF},
)

GOOD = Facts(
    config=CONFIG,
    now=NOW,
    secrets={"keys.root": None, "keys.pepper": None, "keys.keyring": None, "sms.auth_token": None},
    folders=(Folder("keys", Path("/keys"), 0o700),),
    schema=Schema.CURRENT,
    line=PEOPLE,
    outside=OUTSIDE,
)


def found(given: Facts, *levels: Level) -> list[Finding]:
    """The findings of these levels; by default fails and warnings."""
    return [f for f in checkup.findings(given) if f.level in (levels or (Level.FAIL, Level.WARNING))]


def new(given: Facts) -> list[Finding]:
    """What is found besides what is found on the line in good order, whatever its level; how long what is kept is told
    by tests/bot/test_notice."""
    usual = checkup.findings(GOOD)
    return [one for one in checkup.findings(given) if one not in usual and one.subject != "policy"]
