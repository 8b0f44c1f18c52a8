"""`greenroom staff`: who works on the line, and how they are reached. Nobody is written to before she joins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.messages import Address, Letter, Priority, Side
from bot.people import ContactId, Medium, Role, Staff
from bot.phrases import phrase
from bot.redact import Secret
from handlers.cli import asked, known, staff_key
from handlers.cli.front import Code, Stopped, answer_is_no, wrong_use

if TYPE_CHECKING:
    from bot.config import Config
    from handlers.line import Line
    from storage.work import Work

app = typer.Typer(help="Who works on the line, and how they are reached.")
app.add_typer(staff_key.app, name="key")

INVITED_FOR = timedelta(days=7)
"""How long an invitation stays open."""
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}\Z")
LONGEST_NAME = 40

Name = Annotated[str, typer.Argument(help="Her alias on this line: not her real name.")]
Sms = Annotated[str | None, typer.Option("--sms", metavar="+1…", help="Reach her by SMS at this number.")]
Telegram = Annotated[bool, typer.Option("--telegram", help="Reach her by Telegram; prints a link to join.")]
Zone = Annotated[
    str, typer.Option("--zone", metavar="Europe/Kyiv", help="By whose clock she plans; default: the line's.")
]


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody is to be reached: a number for SMS, none for Telegram."""

    medium: Medium
    address: Address | None


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody with a new contact; `token` for Telegram only, `bot` the staff bot's name where it is known."""

    person: Staff
    way: Way
    token: Secret[str] | None
    bot: str | None

    @property
    def join(self) -> str | None:
        """The link that joins her: shown once, stored nowhere."""
        if self.token is None or self.bot is None:
            return None
        return f"https://t.me/{self.bot}?start={self.token.reveal()}"


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", help="counselor (default), supervisor, admin or witness; repeat it for several."
        ),
    ] = None,
    languages: Annotated[
        str | None, typer.Option("--languages", metavar="en,uk", help="What she answers in, best first.")
    ] = None,
    sms: Sms = None,
    telegram: Telegram = False,
    zone: Zone = "",
) -> None:
    """Invite somebody: by SMS the line texts her, by Telegram this prints the link to send her."""
    here = asked.of(context)
    config = here.settings()
    alias, roles, spoken = _name(name), _roles(role or ()), _languages(config, languages)
    way = _way(config, sms, telegram=telegram)
    clock = _zone(zone, "--zone") if zone else ""

    def thought(work: Work) -> Invited:
        person = work.staff.add(alias, roles=roles, languages=spoken, zone=clock)
        if person is None:
            raise answer_is_no("Somebody on this line has that name already. Choose another alias.")
        work.audit.add("staff added", detail=f"{person.id}: {', '.join(sorted(roles))}")
        _told(work, here.house.line(config), person)
        return invite(work, config, person, way)

    with here.store(config) as store:
        _show(here, store.do_now(thought))


@app.command()
def contact(context: typer.Context, name: Name, sms: Sms = None, telegram: Telegram = False) -> None:
    """Invite somebody to a further phone or Telegram account of hers."""
    here = asked.of(context)
    config = here.settings()
    way = _way(config, sms, telegram=telegram)

    def thought(work: Work) -> Invited:
        person = known.person(work, name)
        work.audit.add("contact added", detail=f"{person.id}: {way.medium.value}")
        _told(work, here.house.line(config), person)
        return invite(work, config, person, way)

    with here.store(config) as store:
        _show(here, store.do_now(thought))


@app.command(name="list")
def list_(context: typer.Context) -> None:
    """Everybody on the line. Numbers are never shown."""
    here = asked.of(context)
    config = here.settings()
    with here.store(config) as store:
        people = store.do_now(lambda work: work.staff.everyone())
    here.table(
        [plain(person) | {"zone": person.zone or config.line.time_zone} for person in people],
        ("name", "role", "languages", "zone", "reached by", ""),
        [
            (
                person.name,
                ", ".join(sorted(person.roles)),
                ", ".join(person.languages),
                person.zone or f"{config.line.time_zone} (the line's)",
                ", ".join(f"{c.medium} ({c.standing})" for c in person.contacts) or "-",
                "" if person.available else "on a break",
            )
            for person in people
        ],
    )


@app.command()
def zone(
    context: typer.Context,
    name: Name,
    zone: Annotated[str, typer.Argument(help="An IANA zone, such as Europe/Kyiv; line: the line's own.")],
) -> None:
    """By whose clock somebody plans: what she texts and reads about shifts is meant by it."""
    here = asked.of(context)
    config = here.settings()
    clock = "" if zone.strip().lower() == "line" else _zone(zone, "ZONE")

    def thought(work: Work) -> Staff:
        person = known.person(work, name)
        work.staff.set_zone(person, clock)
        work.audit.add("zone set", detail=f"{person.id}: {person.zone or 'line'}, now {clock or 'line'}")
        return person

    with here.store(config) as store:
        person = store.do_now(thought)
    shown = clock or config.line.time_zone
    here.answer(
        {"id": person.id, "name": person.name, "zone": shown},
        f"{person.name} plans by the clock of {shown}.",
    )


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Take somebody off the line at once; whoever she was talking with is offered to the others."""
    here = asked.of(context)
    config = here.settings()
    line = here.house.line(config)

    def thought(work: Work) -> Staff:
        # Here, not above: it brings SQLAlchemy, half a second that `--help` need not wait for.
        from handlers import leaving

        person = known.person(work, name)
        leaving.leave(work, line, person)
        return person

    with here.store(config) as store:
        person = store.do_now(thought)
    here.answer(
        {"id": person.id, "name": person.name, "removed": True},
        f"{person.name} is off the line; nothing more is sent to her.",
        "Her turns in the rota stay hers, and nobody serves them: see greenroom rota gaps.",
    )


def _told(work: Work, line: Line, person: Staff) -> None:
    """Whoever has a say hears of a new voice: one person with a second phone must not be two unnoticed."""
    from handlers import alarms

    if person.roles & {Role.SUPERVISOR, Role.ADMIN, Role.WITNESS}:
        alarms.tell_each(work, line, alarms.answerable(work), phrase("staff.voice", name=person.name))


def plain(person: Staff) -> dict[str, object]:
    """A staff member as JSON: never an address."""
    return {
        "id": person.id,
        "name": person.name,
        "roles": sorted(person.roles),
        "languages": list(person.languages),
        "available": person.available,
        "contacts": [{"channel": c.medium, "standing": c.standing} for c in person.contacts],
    }


def invite(work: Work, config: Config, person: Staff, way: Way) -> Invited:
    """Gives a person a further way to be reached: the SMS invitation waits in the outbox, or there is a token."""
    until = work.now + INVITED_FOR if way.address is None else None
    if way.address is not None and work.optouts.has(way.address):
        raise answer_is_no("That phone has sent STOP to this line. Ask her to text START from it first.")
    added = work.staff.add_contact(person.id, way.medium, way.address, token_until=until)
    if added is None:
        raise answer_is_no("That number is on this line already. See: greenroom staff list")
    new, token = added
    if way.address is not None:
        work.outbox.add(_invitation(config, person, new.id, way.address, work))
    return Invited(person, way, token, work.line.get("bot.staff"))


def _invitation(config: Config, person: Staff, to: ContactId, address: Address, work: Work) -> Letter:
    from bot import languages, phrases

    language = languages.read_by(person.languages, default=config.line.default_language)
    return Letter(
        to=to,
        side=Side.STAFF,
        medium=Medium.SMS,
        via=address.via,
        text=Secret(phrases.say("staff.invitation", language, line=config.line.name)),
        deadline=work.now + INVITED_FOR,
        priority=Priority.NOTICE,
    )


def _show(here: asked.Asked, invited: Invited) -> None:
    person, token = invited.person, invited.token
    plain_answer = {
        "id": person.id,
        "name": person.name,
        "channel": invited.way.medium.value,
        "join": invited.join,
        "token": token.reveal() if token else None,
    }
    here.answer(plain_answer, *_in_words(invited))


def _in_words(invited: Invited) -> Iterable[str]:
    name = invited.person.name
    if invited.token is None:
        yield f"{name} is invited: the line texts her, and she joins by answering OK."
    elif invited.join is not None:
        yield f"Send {name} this link; it works once, for {INVITED_FOR.days} days:"
        yield invited.join
    else:
        yield f"{name} is invited. The staff bot's name is known once `greenroom run` has started; until then"
        yield f"let her open the staff bot and send it this, once, within {INVITED_FOR.days} days:"
        yield f"/start {invited.token.reveal()}"


def _name(name: str) -> str:
    alias = " ".join(name.split())
    if not alias or len(alias) > LONGEST_NAME or not alias.isprintable() or not any(map(str.isalpha, alias)):
        raise wrong_use(f"NAME: use 1 to {LONGEST_NAME} printable characters with a letter among them.")
    return alias


def _roles(words: Iterable[str]) -> frozenset[Role]:
    asked_for = {part.strip().lower() for word in words for part in word.split(",")} or {Role.COUNSELOR.value}
    if not asked_for <= {role.value for role in Role}:
        raise wrong_use("--role: use counselor, supervisor, admin or witness.")
    roles = frozenset(map(Role, asked_for))
    if Role.WITNESS in roles and roles & {Role.COUNSELOR, Role.SUPERVISOR}:
        raise wrong_use("--role: a witness must be somebody who cannot read, so no counselor or supervisor.")
    return roles


def _zone(written: str, place: str) -> str:
    from bot import zones

    found = zones.named(written)
    if found is None:
        near = zones.nearest(written)
        cure = f"Did you mean {near}?" if near else 'Use a name such as "Europe/Kyiv".'
        raise wrong_use(f"{place}: there is no such zone. {cure}")
    return found


def _languages(config: Config, words: str | None) -> tuple[str, ...]:
    from bot.phrases import LANGUAGE_NAMES

    if words is None:
        return (config.line.default_language,)
    spoken = tuple(dict.fromkeys(word.strip().lower() for word in words.split(",")))
    able = sorted({*LANGUAGE_NAMES, *config.line.languages})
    if not set(spoken) <= set(able):
        raise wrong_use(f"--languages: use codes like en,uk out of {', '.join(able)}.")
    return spoken


def _way(config: Config, number: str | None, *, telegram: bool) -> Way:
    """Exactly one way; its channel must be part of this line."""
    if (number is not None) == telegram:
        raise wrong_use("Say how to reach her: either --sms with a number, or --telegram.")
    if number is None:
        if config.telegram is None:
            raise Stopped(
                Code.SETTINGS, "This line has no Telegram. Add [telegram] to the configuration first."
            )
        return Way(Medium.TELEGRAM, None)
    if not NUMBER.match(number):
        raise wrong_use("--sms: write + and the country code, then digits only: no spaces, no dashes.")
    if config.sms is None:
        raise Stopped(Code.SETTINGS, "This line has no SMS. Add [sms] to the configuration first.")
    if number in config.sms.numbers:
        raise wrong_use("--sms: that is a number of the line itself. Give the number of her own phone.")
    return Way(Medium.SMS, Address(Medium.SMS, Secret(number), config.sms.numbers[0]))
