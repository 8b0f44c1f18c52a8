"""`greenroom check`: the real command on real files and databases, and against the carriers' stand-ins."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.config import load
from bot.messages import Address
from bot.people import Medium, Role, Standing
from bot.redact import Secret
from handlers.rehearsal.loopback import Loopback
from handlers.rehearsal.telegram_bots import Hook
from handlers.rehearsal.town import Town
from storage import archive
from storage.keyring import Keyring
from storage.work import Work
from tests.cli.conftest import Shown, Think, Type
from tests.storage.cast import by_hand
from tests.storage.sealed_cast import joins_as_supervisor
from tests.stories.stage import Stage, write_settings

Found = list[tuple[str, str]]


def said(shown: Shown, *levels: str) -> Found:
    """Level and subject of what was found; by default fails and warnings, without what is not built."""
    wanted = levels or ("fail", "warning")
    return [
        (one["level"], one["subject"])
        for one in shown.json
        if one["level"] in wanted and one["subject"] != "retention"
    ]


def words(shown: Shown, subject: str) -> str:
    return " ".join(f"{one['finding']} {one['cure']}" for one in shown.json if one["subject"] == subject)


# --- a fresh line, offline


def test_a_fresh_line(process: Type) -> None:
    """Everything that is still missing after init is said; exit 1, and nothing goes to stderr."""
    assert process("init").code == 0
    shown = process("check", "--offline", "--json")
    assert (shown.code, shown.err) == (1, "")
    assert [pair for pair in said(shown) if pair[0] == "fail"] == [
        ("fail", "channels"),
        ("fail", "people"),
        ("fail", "rota"),
    ]
    assert ("reminder", "network") in said(shown, "reminder")
    assert all(set(one) == {"level", "subject", "finding", "cure"} for one in shown.json)


def test_one_line_a_finding_for_people(process: Type) -> None:
    """As many lines as findings, and one that sums up; no colours where nobody looks."""
    process("init")
    found = process("check", "--offline", "--json").json
    shown = process("check", "--offline")
    assert shown.code == 1
    assert len(shown.out.splitlines()) == len(found) + 1
    assert "\x1b" not in shown.out
    for line, one in zip(shown.out.splitlines(), found, strict=False):
        assert line.startswith(one["level"])
        assert one["finding"] in line
        assert one["cure"] in line


def test_an_unreadable_configuration_is_exit_3(types: Type, tmp_path: Path) -> None:
    """Nothing can be said about a line whose settings say nothing."""
    assert types("check").code == 3
    (tmp_path / "config.toml").write_text("[line]\ncuntry = 1\n")
    shown = types("check", "--json")
    assert (shown.code, shown.out) == (3, "")


@pytest.fixture
def fresh(types: Type) -> Type:
    """A line after init."""
    types("init")
    return types


def offline(types: Type) -> Shown:
    return types("check", "--offline", "--json")


@pytest.mark.parametrize("key", ["root.key", "pepper.key", "keyring"])
def test_a_missing_key(fresh: Type, tmp_path: Path, key: str) -> None:
    """It is named; the database is not opened, and that is said."""
    (tmp_path / "keys" / key).unlink()
    shown = offline(fresh)
    assert ("fail", f"keys.{key.partition('.')[0]}") in said(shown)
    assert ("warning", "database") in said(shown)


@pytest.mark.parametrize("key", ["root.key", "pepper.key", "keyring"])
def test_a_readable_key(fresh: Type, tmp_path: Path, key: str) -> None:
    """Others can read it: chmod is the cure."""
    (tmp_path / "keys" / key).chmod(0o644)
    shown = offline(fresh)
    subject = f"keys.{key.partition('.')[0]}"
    assert ("fail", subject) in said(shown)
    assert "chmod" in words(shown, subject)


@pytest.mark.parametrize(
    ("folder", "mode", "level"),
    [("keys", 0o755, "warning"), ("keys", 0o777, "fail"), ("data", 0o750, "warning")],
)
def test_a_folder_of_others(fresh: Type, tmp_path: Path, folder: str, mode: int, level: str) -> None:
    """Looking in is a warning, writing is worse."""
    assert "folders" not in [subject for _, subject in said(offline(fresh))]
    (tmp_path / folder).chmod(mode)
    assert (level, "folders") in said(offline(fresh))


def test_the_keyring_beside_the_database(fresh: Type, tmp_path: Path) -> None:
    """Also when a link hides it."""
    shutil.move(tmp_path / "keys" / "keyring", tmp_path / "data" / "keyring")
    (tmp_path / "keys" / "keyring").symlink_to(tmp_path / "data" / "keyring")
    assert ("fail", "keys.keyring") in said(offline(fresh))


def test_root_and_pepper_alike(fresh: Type, tmp_path: Path) -> None:
    """Two files, one key."""
    assert ("fail", "keys.pepper") not in said(offline(fresh))
    (tmp_path / "keys" / "pepper.key").unlink()
    shutil.copy(tmp_path / "keys" / "root.key", tmp_path / "keys" / "pepper.key")
    assert ("fail", "keys.pepper") in said(offline(fresh))


def test_a_missing_database(fresh: Type, tmp_path: Path) -> None:
    """It is not made by looking."""
    (tmp_path / "data" / "greenroom.db").unlink()
    shown = offline(fresh)
    assert "greenroom migrate" in words(shown, "database")
    assert not (tmp_path / "data" / "greenroom.db").exists()


def test_a_file_that_is_no_database(fresh: Type, tmp_path: Path) -> None:
    """It is left alone, and one line says so."""
    (tmp_path / "data" / "greenroom.db").write_bytes(b"something else altogether" * 200)
    shown = offline(fresh)
    assert ("fail", "database") in said(shown)
    assert shown.err == ""


def test_a_database_that_is_away(fresh: Type, tmp_path: Path) -> None:
    """A finding among others, not the end of the command."""
    path = tmp_path / "config.toml"
    url = '[database]\nurl = "postgresql://line@127.0.0.1:1/line"'
    path.write_text(path.read_text().replace("[database]", url))
    shown = offline(fresh)
    assert shown.code == 1
    assert "does not answer" in words(shown, "database")
    assert "127.0.0.1" not in shown.out


# --- people, rota and schema on both databases


def joined(think: Think, name: str, number: int, *roles: Role, standing: Standing = Standing.JOINED) -> int:
    """Somebody whose phone has answered."""

    def thought(work: Work) -> int:
        person = work.staff.add(
            name, roles=frozenset(roles or {Role.COUNSELOR}), languages=("en", "es", "uk")
        )
        assert person is not None
        address = Address(Medium.SMS, Secret(f"+12025550{number}"), "+12025550100")
        added = work.staff.add_contact(person.id, Medium.SMS, address, token_until=None)
        assert added is not None
        work.staff.set_standing(added[0].id, standing)
        return person.id

    return think(thought)


@pytest.fixture
def tokens(line: Type, tmp_path: Path) -> Type:
    """That line with its tokens in files, so that every secret can be read."""
    path = tmp_path / "config.toml"
    text = path.read_text()
    for name, token in {
        "NEVER_SET_EITHER": "7000000001:" + "a" * 35,
        "NEVER_SET": secrets.token_hex(16),
        "NOR_THIS_ONE": "7000000002:" + "b" * 35,
    }.items():
        (tmp_path / "keys" / name).write_text(token)
        (tmp_path / "keys" / name).chmod(0o400)
        text = text.replace(f'"env:{name}"', f'"file:keys/{name}"')
    path.write_text(text)
    return line


def test_keys_of_another_line(tokens: Type, think: Think, tmp_path: Path) -> None:
    """They can be read, and open nothing."""
    joined(think, "Alma", 147)
    shutil.rmtree(tmp_path / "keys")
    (tmp_path / "keys").mkdir(mode=0o700)
    root = secrets.token_bytes(32)
    for name, key in (("root", root), ("pepper", secrets.token_bytes(32))):
        (tmp_path / "keys" / f"{name}.key").write_text(key.hex())
        (tmp_path / "keys" / f"{name}.key").chmod(0o400)
    Keyring.create(tmp_path / "keys" / "keyring", root)
    shown = offline(tokens)
    assert ("fail", "database") in said(shown)
    assert "The keys do not open this database." in words(shown, "database")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_entry_of_the_trail_made_a_text(tokens: Type, think: Think, database_url: str) -> None:
    """What somebody naturally types who edits it by hand: the trail is broken, and everything else is said as ever."""
    think(lambda work: work.audit.add("staff added"))
    before = said(tokens("check", "--offline", "--json"))
    by_hand(database_url, "UPDATE audit SET sealed = substr(sealed, 1, 20) || x'ff' || substr(sealed, 22)")
    shown = tokens("check", "--offline", "--json")
    assert shown.code == 1
    assert [one for one in said(shown) if one not in before] == [("fail", "audit")]
    assert tokens("audit").code == 1


def test_people_and_rota(tokens: Type, think: Think, rota_file: Path) -> None:
    """From nobody to a line that is staffed, on either database."""
    assert {("fail", "people"), ("fail", "rota")} <= set(said(offline(tokens)))
    joined(think, "Alma", 147)
    joined(think, "Bo", 148)
    assert ("warning", "people") in said(offline(tokens))
    joined(think, "Sam", 149, Role.SUPERVISOR)
    assert tokens("rota", "apply", str(rota_file)).code == 0
    shown = offline(tokens)
    assert not {"people", "rota"} & {subject for _, subject in said(shown)}
    assert {("ok", "people"), ("ok", "rota"), ("ok", "database")} <= set(said(shown, "ok"))


def test_on_call_who_opted_out(tokens: Type, think: Think, rota_file: Path) -> None:
    """Counted, never named."""
    joined(think, "Alma", 147, standing=Standing.OPTED_OUT)
    joined(think, "Bo", 148)
    tokens("rota", "apply", str(rota_file))
    shown = offline(tokens)
    assert ("fail", "rota") in said(shown)
    assert "1 opted out" in words(shown, "rota")
    assert "Alma" not in shown.out


@pytest.mark.parametrize(
    ("version", "word"), [("v9999", "newer"), (None, "greenroom migrate")], ids=["newer", "missing"]
)
def test_another_schema(tokens: Type, tmp_path: Path, version: str | None, word: str) -> None:
    """A newer one is left alone; one without tables is no database yet."""
    from sqlalchemy import create_engine, text

    from bot.opening import database_url
    from storage.postgres import url_of

    url = database_url(load(tmp_path / "config.toml"))
    engine = create_engine(url if url.startswith("sqlite") else url_of(url))
    with engine.begin() as conn:
        if version is None:
            conn.execute(text("DELETE FROM alembic_version"))
        else:
            conn.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    engine.dispose()
    shown = offline(tokens)
    assert ("fail", "database") in said(shown)
    assert word in words(shown, "database")


def test_one_bot_twice_offline(tokens: Type, tmp_path: Path) -> None:
    """A token that was made anew belongs to the same bot."""
    assert ("fail", "telegram") not in said(offline(tokens))
    path = tmp_path / "keys" / "NOR_THIS_ONE"
    path.unlink()
    path.write_text("7000000001:" + "c" * 35)
    path.chmod(0o400)
    assert ("fail", "telegram") in said(offline(tokens))


# --- the carriers


class Door:
    """What answers at the public address."""

    def __init__(self) -> None:
        self.response: Callable[[], web.Response] = self.ready
        self.server = Loopback(self._answer)

    @staticmethod
    def ready() -> web.Response:
        return web.json_response({"ready": True, "version": "1"})

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.path == "/healthz"
        return self.response()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    await found.server.come_up()
    yield found
    await found.server.go_down()


@pytest.fixture
async def town(door: Door) -> AsyncIterator[Town]:
    """Both carriers, with bots as they should be set."""
    async with Town(public_url=door.server.url) as around:
        for bot in around.telegram.bots.values():
            bot.joins_groups = False
        yield around


Check = Callable[[], Awaitable[Shown]]


@pytest.fixture
def checks(town: Town, types: Type, tmp_path: Path) -> Check:
    """Types `check --json` on a line whose carriers are the town's; the network is really asked."""
    write_settings(tmp_path, f"sqlite:///{tmp_path}/data/greenroom.db", town, {})
    (tmp_path / "data").mkdir(mode=0o700)
    assert types("migrate").code == 0

    async def checked() -> Shown:
        return await asyncio.to_thread(types, "check", "--json")

    return checked


OUTSIDE = {"clock", "web.public_url", "sms", "sms.auth_token", "network"}


def outside(shown: Shown) -> Found:
    """Fails and warnings about the world outside."""
    return [
        (level, subject)
        for level, subject in said(shown)
        if subject in OUTSIDE or subject.startswith(("sms.", "telegram"))
    ]


async def test_carriers_in_good_order(checks: Check, town: Town) -> None:
    """Nothing to say against them; nothing was changed there, and nobody was written to."""
    shown = await checks()
    assert outside(shown) == []
    good = {subject for _, subject in said(shown, "ok")}
    assert good >= {"clock", "web.public_url", "sms", "sms.numbers", "telegram.texters", "telegram.staff"}
    methods = {call.method for call in (*town.twilio.calls, *town.telegram.calls)}
    assert methods == {
        "IncomingPhoneNumbers.list", "getMe", "getWebhookInfo", "getMyName", "getMyDescription",
        "getMyShortDescription",
    }  # fmt: skip


async def test_nothing_secret_is_shown(checks: Check, town: Town) -> None:
    """Neither tokens nor numbers nor what a bot is called, whatever goes wrong."""
    texters = town.telegram.bots["texters"]
    texters.words["name", ""] = "The Rosegarden Hotline"
    town.twilio.number_settings["+12025550100"] = {"sms_url": "https://elsewhere.example.net/?key=hidden"}
    shown = await checks()
    tokens = [bot.token for bot in town.telegram.bots.values()]
    for hidden in (
        *tokens,
        town.twilio.auth_token,
        town.twilio.account_sid,
        "2025550100",
        "Rosegarden",
        "hidden",
    ):
        assert hidden not in shown.out + shown.err


async def test_the_clock_is_off(checks: Check, town: Town) -> None:
    """The carriers say another time than this machine."""
    town.clock.move(timedelta(minutes=-10))
    shown = await checks()
    assert ("fail", "clock") in said(shown)
    assert "10 minutes ahead" in words(shown, "clock")


@pytest.mark.parametrize(
    ("response", "level", "word"),
    [
        (lambda: web.Response(text="Welcome to nginx!", content_type="text/html"), "fail", "Something else"),
        (lambda: web.Response(status=404), "fail", "Something else"),
        (lambda: web.json_response([]), "fail", "Something else"),
        (lambda: web.Response(status=301, headers={"Location": "/x"}), "fail", "redirection"),
        (lambda: web.json_response({"ready": False, "why": "starting"}, status=503), "warning", "not ready"),
        (lambda: web.Response(status=502), "warning", "greenroom run"),
    ],
)
async def test_the_public_address(
    checks: Check, door: Door, response: Callable[[], web.Response], level: str, word: str
) -> None:
    """Whoever answers there, it is found out."""
    door.response = response
    shown = await checks()
    assert (level, "web.public_url") in said(shown)
    assert word in words(shown, "web.public_url")


async def test_nobody_at_the_public_address(checks: Check, door: Door) -> None:
    """No proxy, no line yet."""
    await door.server.go_down()
    assert ("warning", "web.public_url") in said(await checks())


async def test_twilio_refuses_the_token(checks: Check, tmp_path: Path) -> None:
    """The wrong one lies in the file."""
    path = tmp_path / "keys" / "twilio"
    path.chmod(0o600)
    path.write_text("0" * 32)
    path.chmod(0o400)
    assert outside(await checks()) == [("fail", "sms.auth_token")]


async def test_twilio_is_away(checks: Check, town: Town) -> None:
    """The rest is looked at all the same."""
    await town.twilio.server.go_down()
    shown = await checks()
    assert outside(shown) == [("fail", "sms")]
    assert ("ok", "telegram.texters") in said(shown, "ok")


async def test_twilio_says_something_else(checks: Check, town: Town) -> None:
    """Its own number for it, never its words."""
    town.twilio.faults.refuse(
        "IncomingPhoneNumbers.list", code=20005, message="Account of Rosegarden", status=403
    )
    shown = await checks()
    assert outside(shown) == [("fail", "sms")]
    assert "20005" in words(shown, "sms")
    assert "Rosegarden" not in shown.out


async def test_a_number_of_another_account(checks: Check, town: Town) -> None:
    """The configuration has one that Twilio does not."""
    town.twilio.numbers[:] = ["+12025550199"]
    assert outside(await checks()) == [("fail", "sms.numbers, the first")]


@pytest.mark.parametrize(
    "settings",
    [
        {"sms_url": "https://demo.twilio.com/welcome/sms/reply"},
        {"sms_url": ""},
        {"sms_application_sid": "AP" + "0" * 32},
        {"sms_method": "GET"},
        {"sms_fallback_url": "https://elsewhere.example.net/"},
    ],
    ids=lambda settings: next(iter(settings)),
)
async def test_texts_that_go_astray(checks: Check, town: Town, settings: dict[str, Any]) -> None:
    """As Twilio's console has it."""
    town.twilio.number_settings["+12025550100"] = settings
    assert outside(await checks()) == [("fail", "sms.numbers, the first")]


async def test_a_webhook_without_another_try(checks: Check, town: Town) -> None:
    """What follows the # makes Twilio try again."""
    town.twilio.inbound = "/sms/inbound"
    shown = await checks()
    assert outside(shown) == [("fail", "sms.numbers, the first")]
    assert "#rc=5&rp=all" in words(shown, "sms.numbers, the first")


async def test_telegram_refuses_a_token(checks: Check, tmp_path: Path) -> None:
    """Revoked, or mistyped."""
    path = tmp_path / "keys" / "telegram-staff"
    path.chmod(0o600)
    path.write_text("7000000001:" + "x" * 35)
    path.chmod(0o400)
    assert outside(await checks()) == [("fail", "telegram.staff.token")]


async def test_telegram_is_away(checks: Check, town: Town) -> None:
    """Both bots, one carrier."""
    await town.telegram.server.go_down()
    assert outside(await checks()) == [("fail", "telegram.texters"), ("fail", "telegram.staff")]


async def test_one_bot_for_both(checks: Check, tmp_path: Path) -> None:
    """Two files, one token."""
    staff = tmp_path / "keys" / "telegram-staff"
    staff.unlink()
    shutil.copy(tmp_path / "keys" / "telegram-texters", staff)
    assert outside(await checks()) == [("fail", "telegram")]


async def test_webhooks(checks: Check, town: Town, tmp_path: Path) -> None:
    """Somebody else's is an alarm in either mode; ours is right in one."""
    bot, path = town.telegram.bots["texters"], tmp_path / "config.toml"
    bot.hook = Hook("https://elsewhere.example.net/x", None, 40)
    assert outside(await checks()) == [("fail", "telegram.texters")]
    bot.hook = Hook(f"{town.public_url}/telegram/texters", None, 40)
    assert outside(await checks()) == [("warning", "telegram.texters")]
    path.write_text(path.read_text().replace('"polling"', '"webhook"'))
    assert outside(await checks()) == []
    bot.hook = Hook("https://elsewhere.example.net/x", None, 40)
    assert outside(await checks()) == [("fail", "telegram.texters")]


@pytest.mark.parametrize(
    ("what", "language", "text", "level"),
    [
        ("name", "", "Models' Hotline", "fail"),
        ("name", "", "Greenroom", "fail"),
        ("description", "", "If you were harassed, write to us.", "warning"),
        ("short_description", "en", "The helpline.", "warning"),
    ],
)
async def test_a_bot_that_tells(
    checks: Check, town: Town, what: str, language: str, text: str, level: str
) -> None:
    """In any language of the line; the staff bot's description is for staff."""
    town.telegram.bots["texters"].words[what, language] = text
    town.telegram.bots["staff"].words["description", ""] = text
    assert outside(await checks()) == [(level, f"telegram.texters, {what.replace('_', ' ')}")]


async def test_bots_and_groups(checks: Check, town: Town) -> None:
    """As @BotFather makes them, bots can be added to groups."""
    town.telegram.bots["texters"].joins_groups = True
    town.telegram.bots["staff"].reads_groups = True
    assert outside(await checks()) == [("warning", "telegram.texters"), ("warning", "telegram.staff")]


async def test_offline_asks_nobody(types: Type, checks: Check, town: Town) -> None:
    """Not a single call."""
    shown = await asyncio.to_thread(types, "check", "--offline", "--json")
    assert ("reminder", "network") in said(shown, "reminder")
    assert town.twilio.calls == town.telegram.calls == []


async def test_a_line_that_runs_well_is_exit_0(tmp_path: Path, types: Type) -> None:
    """The real program serves, staffed and with a rota, and its check finds nothing to cure."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "data").mkdir(mode=0o700)
    url = f"sqlite:///{tmp_path}/data/greenroom.db"
    async with Town(public_url=f"http://127.0.0.1:{port}") as around:
        path = write_settings(tmp_path, url, around, {})
        path.write_text(path.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))
        for bot in around.telegram.bots.values():
            bot.joins_groups = False
        stage = Stage(around, load(path))
        await stage.start()
        try:
            await stage.on_call("Alma", "sms", languages=("en", "es", "uk"))
            await stage.staff("Sam", "telegram", roles=("supervisor",))
            for pair in (archive.new_pair(), archive.new_pair()):
                await stage.do(lambda work, pair=pair: joins_as_supervisor(work, "Sam", pair).id)
            shown = await asyncio.to_thread(types, "check", "--json")
        finally:
            await stage.stop()
    assert (shown.code, said(shown), shown.err) == (0, [], "")
    assert ("ok", "web.public_url") in said(shown, "ok")
