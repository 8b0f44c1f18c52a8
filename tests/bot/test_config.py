"""The operator is told what is wrong with her configuration, by key and with the cure; no secret is repeated."""

import contextlib
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot import config
from bot.errors import SettingsError
from bot.retention import POLICIES
from bot.settings import Listen

EXAMPLE = Path(__file__).parent.parent.parent / "config.example.toml"
TOKEN = "123456789:AAFake_token-of-no-bot-at-all_000000"
AUTH = "0123456789abcdef0123456789abcdef"
SMALL = """
[line]
country = "GB"
time_zone = "Europe/London"
"""
WHOLE = (
    SMALL
    + """
[web]
public_url = "https://line.example.org/"
[sms]
account_sid = "AC00000000000000000000000000000000"
auth_token = "file:keys/twilio"
numbers = ["+447700900100"]
[telegram.texters]
token = "env:TEXTERS"
[telegram.staff]
token = "credential:staff"
"""
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Writes a configuration file and loads it."""
    folder = tmp_path_factory.mktemp("line")

    def load(text: str | bytes) -> config.Config:
        path = folder / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return config.load(path)

    load.folder = folder
    return load


@pytest.fixture
def refused(written):
    """What the operator is told about a configuration that cannot be used."""

    def load(text: str | bytes) -> str:
        with pytest.raises(SettingsError) as refusal:
            written(text)
        assert refusal.value.__cause__ is None
        assert refusal.value.what.endswith(".")
        return str(refusal.value)

    return load


def with_key(key: str, value: str) -> str:
    """The whole configuration with one key set, in TOML's own words."""
    table, _, name = key.rpartition(".")
    line = f"{name} = {value}\n"
    text = re.sub(rf"(?m)^\[{table}\]\n", lambda found: found[0] + line, WHOLE)
    text = text if text != WHOLE else f"{WHOLE}[{table}]\n{line}"
    lines = text.splitlines()
    head = lines.index(f"[{table}]")
    body = [one for one in lines[head + 2 :]]
    end = next((n for n, one in enumerate(body) if one.startswith("[")), len(body))
    kept = [one for one in body[:end] if not one.startswith(f"{name} =")]
    return "\n".join([*lines[: head + 2], *kept, *body[end:]])


def leaf(settings: object, key: str) -> object:
    for name in key.split("."):
        settings = getattr(settings, name)
    return settings


def test_a_small_file_is_enough_and_brings_the_defaults(written) -> None:
    """Country and zone are asked for: a wrong emergency number is worse than a question at start."""
    got = written(SMALL)

    assert got.line.name == "Greenroom"
    assert "en" in got.line.languages
    assert got.database.url == f"sqlite:///{written.folder}/data/greenroom.db"
    assert got.keys.keyring == written.folder / "keys/keyring"
    assert got.keys.root.place == f"{written.folder}/keys/root.key"
    assert got.web.listen == Listen("127.0.0.1", 8080)
    assert (got.sms, got.telegram) == (None, None)
    assert got.ladder.offer_seconds == 90
    assert got.limits.countries == ("GB",)
    assert (got.policy.minors, got.policy.photos, got.policy.reveal) == ("off", "off", False)


def test_a_whole_file_is_read(written) -> None:
    """Both channels, with the address as carriers will sign it: no slash at its end."""
    got = written(WHOLE)

    assert got.web.public_url == "https://line.example.org"
    assert got.sms.numbers == ("+447700900100",)
    assert got.sms.api_url == "https://api.twilio.com"
    assert got.telegram.updates == "polling"
    assert got.telegram.staff.token.place == "staff"


def test_the_example_shows_every_key_with_its_default(written) -> None:
    """What is commented out may be switched on one by one; nothing is missing, nothing stale."""
    switched_on = re.sub(r'(?m)^# (?=[a-z_]+ = |")', "", EXAMPLE.read_text())
    text = switched_on.replace('languages = ["en", "es", "uk"]', 'languages = ["en"]')
    shown = written(text)
    plain = written(EXAMPLE.read_text())
    known = set(config._known(config.Config))
    table = tomllib.loads(text)

    assert known == {key for key in known if _has(table, key)}
    for section in ("ladder", "retention", "limits", "web", "telegram"):
        assert leaf(shown, section) == leaf(plain, section)
    assert shown.policy == msgspec.structs.replace(
        plain.policy,
        reporting=shown.policy.reporting,
        answers=written.folder / "answers.toml",
        alternatives=written.folder / "alternatives.toml",
    )


def _has(table: dict, key: str) -> bool:
    for name in key.split("."):
        if name not in table:
            return False
        table = table[name]
    return True


BOUNDS = [
    ("ladder.offer_seconds", 90, 1, 3600),
    ("ladder.still_looking_minutes", 4, 0.02, 120),
    ("ladder.supervisors_minutes", 6, 0.02, 120),
    ("ladder.nobody_minutes", 10, 0.02, 120),
    ("ladder.nudge_minutes", 5, 0.02, 120),
    ("ladder.escalate_minutes", 10, 0.02, 120),
    ("ladder.reply_deadline_minutes", 10, 1, 60),
    ("ladder.window_minutes", 30, 1, 1440),
    ("retention.address_hours", 24, 0, 168),
    ("retention.seal_hours", 2, 0, 24),
    ("retention.transcript_days", 30, 0, 90),
    ("retention.dedup_hours", 48, 48, 720),
    ("retention.block_days", 90, 1, 365),
    ("retention.audit_days", 365, 30, 1095),
    ("retention.telegram_hours", 40, 0.01, 44),
    ("retention.capsule_days", 3, 1, 14),
    ("limits.open_conversations", 3, 1, 20),
    ("limits.weekly_hours", 20, 1, 168),
    ("limits.daily_segments", 2000, 50, 1000000),
    ("limits.reserve_percent", 30, 10, 90),
]


@pytest.mark.parametrize(("key", "default", "floor", "ceiling"), BOUNDS)
def test_numbers_keep_their_bounds(written, refused, key, default, floor, ceiling) -> None:
    """The floor and the ceiling are accepted; beyond them, no number, a truth value: refused with the bounds."""
    assert leaf(written(SMALL), key) == default
    assert leaf(written(with_key(key, str(floor))), key) == floor
    assert leaf(written(with_key(key, str(ceiling))), key) == ceiling
    for wrong in (
        floor - 0.001,
        ceiling + 1,
        "true",
        "nan",
        "inf",
        "-inf",
        '"5"',
        "[]",
        "1979-05-27",
        "9" * 400,
    ):
        told = refused(with_key(key, str(wrong)))
        assert told.startswith(f"{key} must be ")
        assert f"number from {floor} to {ceiling}." in told


def test_every_retention_period_comes_from_the_one_table(written) -> None:
    """Configuration and sweep cannot disagree about a period."""
    kept = written(SMALL).retention

    assert {name: getattr(kept, name) for name in kept.__struct_fields__} == {
        name: policy.default for name, policy in POLICIES.items()
    }


@pytest.mark.parametrize(
    "key", ["ladder.nudge_minutes", "retention.telegram_hours", "sms.rate", "limits.reserve_percent"]
)
def test_decimals_are_allowed(written, key: str) -> None:
    """A rehearsal runs with fractions of a minute."""
    assert leaf(written(with_key(key, "10.25")), key) == 10.25


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("sms.auth_tokn", "sms.auth_token"),
        ("ladder.offer_second", "ladder.offer_seconds"),
        ("retention.offer_seconds", "ladder.offer_seconds"),
        ("line.timezone", "line.time_zone"),
        ("telegram.staff.tokens", "telegram.staff.token"),
        ("polcy.minors", "policy"),
        ("web.public_uri", "web.public_url"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(refused, key: str, nearest: str) -> None:
    """A slip of the pen does not silently leave a default standing."""
    told = refused(with_key(key, '"x"'))

    assert told.startswith(f"{key.split('.')[0] if key.startswith('polcy') else key} is not a known key.")
    assert told.endswith(f"{nearest}.")


@pytest.mark.parametrize(
    "key",
    [
        "sms.auth_token",
        "sms.next_auth_token",
        "telegram.texters.token",
        "keys.root",
        "keys.pepper",
        "database.password",
    ],
)
@pytest.mark.parametrize(
    "value", [TOKEN, AUTH, f"file:{TOKEN}", f"env:{AUTH}", f"credential:{TOKEN}", "hunter2", ""]
)
def test_a_secret_written_out_is_refused_with_the_cure_and_not_repeated(
    refused, key: str, value: str
) -> None:
    """The operator learns how to write a reference; the token does not reach her terminal or a log."""
    told = refused(with_key(key, f'"{value}"'))

    assert told.startswith(f"{key} must say where the secret lies")
    assert "file:PATH" in told
    assert not any(word in told for word in (TOKEN, AUTH, "hunter2"))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("line.country", '"us"', "two letters"),
        ("line.country", "3", "two letters"),
        ("line.time_zone", '"Mars/Olympus"', "time zone"),
        ("line.time_zone", '"../../etc/passwd"', "time zone"),
        ("line.time_zone", '""', "time zone"),
        ("line.time_zone", "1", "text"),
        ("line.languages", '["xx"]', "unknown language"),
        ("line.languages", '["es"]', "default language"),
        ("line.languages", "[]", "default language"),
        ("line.languages", '"en"', "a list, each a language"),
        ("line.default_language", '"english"', "two letters"),
        ("line.name", '""', "1 to 60"),
        ("database.url", '"mysql://host/name"', "SQLite"),
        ("database.url", '"sqlite://"', "SQLite"),
        ("database.url", '"sqlite:///:memory:"', "SQLite"),
        ("database.url", '"postgresql://user@host"', "SQLite"),
        ("database.url", '"postgresql://user@[::1/x"', "SQLite"),
        ("web.listen", '"8080"', "host and a port"),
        ("web.listen", '":8080"', "host and a port"),
        ("web.listen", '"127.0.0.1:99999"', "host and a port"),
        ("web.listen", '"::1:8080"', "host and a port"),
        ("web.listen", "8080", "text"),
        ("web.public_url", '"http://line.example.org"', "https://"),
        ("web.public_url", '"line.example.org"', "https://"),
        ("web.public_url", '"https://"', "https://"),
        ("web.public_url", '"https://line.example.org?x=1"', "https://"),
        ("web.public_url", '"https://127.0.0.1.evil.example:x"', "https://"),
        ("web.public_url", '"http://localhost.example.org"', "https://"),
        ("sms.account_sid", '"AC0"', "AC and 32"),
        ("sms.messaging_service", '"MG0"', "MG and 32"),
        ("sms.numbers", "[]", "a list"),
        ("sms.numbers", '["+447700900100", "+447700900100"]', "twice"),
        ("sms.numbers", '["07700900100"]', "+12025550100"),
        ("sms.numbers", '["+0447700900100"]', "+12025550100"),
        ("sms.numbers", '["+447700900100\\n"]', "+12025550100"),
        ("sms.numbers", '["+44770090010٣"]', "+12025550100"),
        ("sms.numbers", '["+44 7700 900100"]', "+12025550100"),
        ("sms.api_url", '"http://api.twilio.com"', "https://"),
        ("sms.rate", "0", "from 0.01"),
        ("telegram.updates", '"push"', '"polling" or "webhook"'),
        ("telegram.staff.token", '"env:TEXTERS"', "different secrets"),
        ("keys.pepper", '"file:keys/../keys/root.key"', "different secrets"),
        ("keys.pepper", '"file:keys/root.key"', "different secrets"),
        ("keys.keyring", '""', "path"),
        ("policy.minors", "true", '"off" or "ask"'),
        ("policy.photos", '"yes"', '"off" or "supervisor" or "on"'),
        ("policy.reveal", '"yes"', "true or false"),
        ("policy.reporting", "{ en = 3 }", "a sentence"),
        ("policy.reporting", '{ xx = "We must report." }', "unknown language"),
        ("policy.reporting", '{ English = "We must report." }', "two letters"),
        ("limits.countries", '["GBR"]', "two letters"),
        ("limits.open_conversations", "2.5", "a whole number from 1 to 20"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(refused, key: str, value: str, says: str) -> None:
    """One sentence what it must be, one what to do, and the value is not repeated."""
    told = refused(with_key(key, value))

    assert told.startswith(key)
    assert says in told


@pytest.mark.parametrize(
    "value", ["postgresql://alma:hunter2@host/name", "postgresql://host/name?password=hunter2"]
)
def test_a_password_in_the_database_address_is_refused(refused, value: str) -> None:
    """It belongs into a file; the sentence does not repeat it."""
    told = refused(with_key("database.url", f'"{value}"'))

    assert told.startswith("database.url must not hold the password")
    assert "database.password" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("database.url", "sqlite:///my data.db", "sqlite:///{folder}/my data.db"),
        ("database.url", "sqlite:////var/lib/line.db", "sqlite:////var/lib/line.db"),
        ("database.url", "postgresql://user@host:5432/name", "postgresql://user@host:5432/name"),
        (
            "database.url",
            "postgresql:///name?host=/run/postgresql",
            "postgresql:///name?host=/run/postgresql",
        ),
        ("web.public_url", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("web.public_url", "http://localhost:8080/", "http://localhost:8080"),
        ("web.public_url", "https://example.org/line/", "https://example.org/line"),
        ("sms.api_url", "http://127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
def test_right_values_are_read(written, key: str, value: str, meant: str) -> None:
    """What an operator may write, and what it means."""
    assert leaf(written(with_key(key, f'"{value}"')), key) == meant.format(folder=written.folder)


def test_an_ipv6_address_can_be_listened_on(written) -> None:
    """In brackets, as in an address."""
    assert written(with_key("web.listen", '"[::1]:8080"')).web.listen == Listen("::1", 8080)


@pytest.mark.parametrize(
    ("text", "key"), [("", "line"), ("[line]\ncountry='GB'", "line.time_zone"), (SMALL + "[sms]", "sms.")]
)
def test_a_missing_key_is_named(refused, text: str, key: str) -> None:
    """What has no sensible default is asked for."""
    assert re.match(rf"{re.escape(key)}\w* is missing\.", refused(text))


def test_sms_needs_the_public_address(refused) -> None:
    """Twilio signs it: a guess would refuse every text."""
    assert refused(WHOLE.replace("public_url", "# ")).startswith(
        "web.public_url is missing, and [sms] needs it."
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[line]\ncountry = 'GB'\nname = hunter2\n", "not valid TOML at line 3."),
        (b"[line\n", "not valid TOML at line 1."),
        (b"[line]\nname = '''hunter2", "not valid TOML at its end."),
        (b"[line]\nname = '\xff'", "not UTF-8 at line 2."),
        (b"line = 3", "line must be a table."),
        (b"[[line]]\n", "line must be a table."),
        (b"a=" + b"[" * 5000, "The configuration"),
        (b"a." * 3000 + b"b=1", "The configuration"),
        (b"#" * (1 << 21), "larger than a megabyte."),
        (b'"' + TOKEN.encode() + b'" = 1', "a key that is not known, with a strange name."),
        (b"\xef\xbb\xbf", "line is missing."),
    ],
)
def test_a_broken_file_is_refused_by_line(refused, text: bytes, says: str) -> None:
    """The operator learns where to look, without what stands there."""
    told = refused(text)

    assert says in told or says == "The configuration"
    assert "hunter2" not in told
    assert TOKEN not in told


def test_a_file_that_is_not_there_is_answered_with_init(tmp_path: Path) -> None:
    """The first error anybody meets tells the first command."""
    with pytest.raises(SettingsError, match="Run: greenroom init"):
        config.load(tmp_path / "config.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        config.load(tmp_path)
    with pytest.raises(SettingsError, match="cannot be read"):
        config.load(tmp_path / "a\x00b")


VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text("abc:/+?#[]@%\n\x00é😀0123456789", max_size=20).map(repr),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
@example(b"\x00")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_bring_another_error(written, content: bytes) -> None:
    """Whatever is in the file, the operator gets a sentence and no traceback."""
    with pytest.raises(SettingsError):
        written(content)


@given(st.sampled_from(sorted(config._known(config.Config))), VALUES)
@settings(max_examples=300)
def test_no_value_brings_another_error(written, key: str, value: object) -> None:
    """Whatever is written behind any key: accepted, or refused in our own words."""
    text = str(value).replace("True", "true").replace("False", "false").replace("\\'", "")
    table, _, name = key.rpartition(".")
    content = f"[{table}]\n{name} = {text}\n" if table else f"{name} = {text}\n"
    with contextlib.suppress(SettingsError):
        written(content.encode("utf-8", "surrogatepass"))
