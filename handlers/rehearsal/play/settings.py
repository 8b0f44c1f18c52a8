"""What the program of a rehearsal is told: a configuration that knows only stand-ins, and a rota."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from handlers.rehearsal.town import Town

ZONE = "America/New_York"

SETTINGS = """\
[line]
name = "Greenroom"
country = "US"
time_zone = "{zone}"

[database]
url = "sqlite:///data/greenroom.db"

[keys]
root = "file:keys/root.key"
pepper = "file:keys/pepper.key"
keyring = "keys/keyring"

[web]
listen = "127.0.0.1:0"
public_url = "{public_url}"

[sms]
account_sid = "{account_sid}"
auth_token = "file:keys/twilio"
numbers = ["{number}"]
api_url = "{sms_url}"
rate = 1000

[telegram.texters]
token = "file:keys/telegram-texters"
api_url = "{telegram_url}"

[telegram.staff]
token = "file:keys/telegram-staff"
api_url = "{telegram_url}"

[ladder]
"""

PATIENT: Mapping[str, float] = {
    "offer_seconds": 3600,
    "still_looking_minutes": 120,
    "supervisors_minutes": 120,
    "nobody_minutes": 120,
    "reply_deadline_minutes": 60,
    "window_minutes": 1440,
}
"""A ladder for a script that is only watched: whoever watches decides the pace."""

ROTA = f"""\
[[schedule]]
name = "on call"
zone = "{ZONE}"

[[schedule.layer]]
name = "days"
zone = "{ZONE}"
start = 2020-01-01T08:00:00
unit = "day"
participants = [["Alma", "Bo"]]
days = ["mo", "tu", "we", "th", "fr", "sa", "su"]
from = "08:00"
to = "20:00"
advance = "active"

[[schedule.layer]]
name = "evenings"
zone = "{ZONE}"
start = 2020-01-01T20:00:00
unit = "day"
participants = ["Bo"]
days = ["mo", "tu", "we", "th", "fr", "sa", "su"]
from = "20:00"
to = "24:00"
advance = "active"
"""
"""The usual: two by day, one in the evening, nobody at night."""

ADDED = """
[[schedule.layer]]
name = "whoever was added"
zone = "{zone}"
start = 2020-01-01T00:00:00
unit = "week"
participants = [[{names}]]
"""


def configuration(town: Town, ladder: Mapping[str, float]) -> str:
    """The whole of config.toml."""
    text = SETTINGS.format(
        zone=ZONE,
        public_url=town.public_url,
        account_sid=town.twilio.account_sid,
        number=town.twilio.numbers[0],
        sms_url=town.twilio.api_url,
        telegram_url=town.telegram.api_url,
    )
    return text + "".join(f"{key} = {value:g}\n" for key, value in ladder.items())


def rota(usual: str, added: Iterable[str]) -> str:
    """A rota file, with everybody who was added on call at any time."""
    names = ", ".join(f'"{name}"' for name in added)
    return usual + (ADDED.format(zone=ZONE, names=names) if names else "")
