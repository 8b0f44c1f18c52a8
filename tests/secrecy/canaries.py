"""A thousand canaries through a whole story; then every byte that the line, its database or its log has written."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp

from bot.changes import Status
from bot.covers import Cover, Deal
from bot.feeds import Whose
from bot.redact import Secret
from handlers.rehearsal.phones import TelegramPhone
from storage.duty import Duty
from storage.work import Work
from tests import postgres
from tests.secrecy.net import Net, number_spellings, spellings
from tests.secrecy.trial import Outcome, Place
from tests.storage.cast import by_hand
from tests.stories.lives import House, moved_out, nursery
from tests.stories.stage import Phone, Stage, answers, staged, texts

TEXTS, ANSWERS = 10, 3
"""Of each texter and to each."""
WORDS = (
    *(
        "villa",
        "passport",
        "midnight",
        "agency",
        "castings",
        "hallway",
        "driver",
        "contract",
        "manager",
        "photo",
    ),
    *(
        "вілла",
        "паспорт",
        "опівночі",
        "агенція",
        "ліфт",
        "договір",
        "señora",
        "mañana",
        "habitación",
        "dueño",
    ),
)


@dataclass
class Cage:
    """All canaries of one story, by what they are."""

    chance: random.Random
    said: dict[str, list[str]] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    count: int = 0

    def text(self, kind: str) -> str:
        """Words that nobody has said before: as a person writes, and told from all others."""
        self.count += 1
        mark = "".join(self.chance.choices("bcdfghjklmnpqrstvwxz", k=10))
        words = " ".join(self.chance.choices(WORDS, k=4))
        made = f"{words} {mark} {self.chance.choice(WORDS)}"
        self.said.setdefault(kind, []).append(made)
        return made

    def name(self) -> str:
        self.count += 1
        made = "".join(self.chance.choices("abdeghiklmnorstuvz", k=11)).capitalize()
        self.said.setdefault("name", []).append(made)
        return made

    def phone(self, one: Phone) -> None:
        self.count += 1
        digits = str(one.user["id"]) if isinstance(one, TelegramPhone) else one.number.lstrip("+")
        self.numbers.append(digits)

    def net(self, *tokens: str) -> Net:
        said = [(kind, one) for kind, all_ in self.said.items() for one in all_]
        said += [("token", one) for one in tokens]
        found = [(f"a {kind} in {how}", pattern) for kind, one in said for how, pattern in spellings(one)]
        for one in self.numbers:
            found += [(f"a number in {how}", pattern) for how, pattern in number_spellings(one)]
        return Net(found)


async def canaries(place: Place, texters: int = 60, words: int = TEXTS) -> AsyncIterator[Outcome]:
    """Seventeen canaries a texter: her number or account, her texts, the answers, a note, what was held, a name."""
    cage = Cage(random.Random(place.seed))
    temporary = place.folder / "temporary"
    temporary.mkdir(mode=0o700)
    with nursery(TMPDIR=str(temporary)) as cradle:
        async with staged(place.folder, place.url) as stage:
            stage.town._next_user = 7_044_000_000 + cage.chance.randrange(10**6, 9 * 10**6)
            counselors = {medium: await _counselor(stage, cage, medium) for medium in ("sms", "telegram")}
            async with moved_out(stage, place.folder, cradle) as house:
                await house.runs()
                links = [
                    token
                    for name, _ in counselors.values()
                    for token in await _plans(stage, cage, house, name)
                ]
                for number in range(texters):
                    # A chat of Telegram's gets one message a second: few of them, but each with each.
                    medium = "telegram" if number % 5 == 1 else "sms"
                    hers = "telegram" if number % 10 == 0 or number == 6 else "sms"
                    name, alma = counselors[hers]
                    await stage.rota(name)
                    await _story(stage, cage, number, medium, alma, words)
                    if number == texters // 2:
                        await house.killed()
                        await house.runs()
                net = cage.net(*_tokens(stage), *links)
                yield _searched(place, net, cage, "while it runs")
                await house.killed()
                yield _searched(place, net, cage, "after a kill")
                await house.runs()
                assert await house.stops() == 0
                yield _searched(place, net, cage, "after it has stopped")
                yield _logs(house, net, cage)
    yield _control(cage, net)


def _tokens(stage: Stage) -> list[str]:
    bots = [bot.token.partition(":")[2] for bot in stage.town.telegram.bots.values()]
    return [*bots, stage.town.twilio.auth_token]


async def _counselor(stage: Stage, cage: Cage, medium: str) -> tuple[str, Phone]:
    name = cage.name()
    phone = await stage.staff(name, medium, languages=("en", "es", "uk"))
    cage.phone(phone)
    return name, phone


async def _plans(stage: Stage, cage: Cage, house: House, name: str) -> tuple[str, str]:
    """She asks for cover with a note, is away, was on call, and has a calendar, which is fetched by its link and by a
    wrong one; the tokens of both."""
    start = stage.town.clock.now() + timedelta(days=1)
    end = start + timedelta(hours=8)
    staff = stage.people[name]

    def thought(work: Work) -> Secret[str]:
        request = Cover(
            number=0,
            deal=Deal.COVER,
            giver=staff,
            schedule="on call",
            start=start,
            end=end,
            status=Status.OPEN,
            due_at=start,
            note=cage.text("note of a request"),
        )
        work.covers.add(request)
        work.aways.add(staff, start, end)
        work.duty.write([Duty(staff, "on call", start, end)], since=work.duty.until(), until=work.now)
        return work.feeds.add(Whose(staff, None))

    await stage.rota(name)
    link: str = (await stage.do(thought)).reveal()
    wrong = link[::-1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{await house.life.port()}") as http:
        for token, status in ((link, 200), (wrong, 404)):
            async with http.get(f"/calendar/{token}.ics") as answer:
                assert answer.status == status
                assert status == 404 or b"BEGIN:VEVENT" in await answer.read()
    return link, wrong


async def _story(stage: Stage, cage: Cage, number: int, medium: str, alma: Phone, words: int) -> None:
    """One texter from her first text to an end of some kind."""
    robin = stage.texter(medium, cage.name())
    cage.phone(robin)
    alma.look()
    await texts(robin, cage.text("text"))
    code = await stage.takes(alma)
    for _ in range(words - 1):
        said = cage.text("text")
        await texts(robin, said)
        await alma.shows(said)
    await stage.settled()  # nobody swipes a message before it is there
    for _ in range(ANSWERS):
        said = cage.text("answer")
        await answers(alma, code, said)
        await robin.shows(said)
    await _staff_writes(alma, f"NOTE {code} {cage.text('note')}")
    await _staff_writes(alma, "WHO")
    await _staff_writes(alma, cage.text("held text"))
    await _staff_writes(alma, f"HISTORY {code}")
    if number % 5 == 0:
        await _staff_writes(alma, f"PASS {code}")
        await stage.settled()
        await _staff_writes(alma, f"TAKE {code}")
    end = ("DONE", "BYE", "DELETE", "")[number % 4]
    if end == "DONE":
        await _staff_writes(alma, f"DONE {code}")
    else:
        await texts(robin, end or "BYE")
    await stage.settled()


async def _staff_writes(phone: Phone, text: str) -> None:
    if isinstance(phone, TelegramPhone):
        await phone.write(text, to="staff")
    else:
        await phone.write(text)


# ── Every byte ──


def written(place: Place) -> Iterator[tuple[str, bytes]]:
    """Every file of the line, its log, its temporary files and its database, journals included: not the configuration
    and the keys, which hold what is in them by design."""
    for path in place.folder.rglob("*"):
        if path.is_file() and "keys" not in path.parts and path.name != "config.toml":
            yield path.name, path.read_bytes()
    if place.server is None:
        folder = Path(place.url.removeprefix("sqlite:///")).parent
        for path in () if place.folder in folder.parents else folder.rglob("*"):
            if path.is_file() and "keys" not in path.parts and path.name != "config.toml":
                yield path.name, path.read_bytes()
        return
    yield from _of_server(place, place.server)


def _of_server(place: Place, server: postgres.Server) -> Iterator[tuple[str, bytes]]:
    [[oid]] = by_hand(place.url, "SELECT oid FROM pg_database WHERE datname = current_database()")
    by_hand(place.url, "SELECT pg_switch_wal()")
    by_hand(place.url, "CHECKPOINT")
    folders = (server.folder / "base" / str(oid), server.folder / "pg_wal", server.folder / "pg_stat")
    files = [path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file()]
    for path in [*files, *server.folder.parent.glob("log*")]:
        try:
            yield path.name, path.read_bytes()
        except FileNotFoundError:  # a segment that the server has put away meanwhile
            continue


def _searched(place: Place, net: Net, cage: Cage, when: str) -> Outcome:
    found: set[str] = set()
    size = 0
    for _, content in written(place):
        size += len(content)
        found |= net.caught(content)
    assert size > 100_000, "hardly anything has been written"
    return Outcome(cage.count, len(found), f"{when}: {', '.join(sorted(found))}")


def _logs(house: House, net: Net, cage: Cage) -> Outcome:
    found = net.caught(house.logs().encode())
    return Outcome(cage.count, len(found), f"in the log: {', '.join(sorted(found))}")


def _control(cage: Cage, net: Net) -> Outcome:
    """One of each kind, in each spelling, between rubbish: the net holds."""
    rubbish = cage.chance.randbytes(10_007)
    planted = [(how, one) for all_ in cage.said.values() for how, one in spellings(all_[-1])]
    planted += [(how, one) for how, one in number_spellings(cage.numbers[-1])]
    missed = [how for how, one in planted if not net.caught(rubbish + one + rubbish)]
    return Outcome(len(planted), len(missed), f"planted, and not seen: {', '.join(missed)}")
