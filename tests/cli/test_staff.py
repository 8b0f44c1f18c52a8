"""`greenroom staff`: inviting, listing, letting go; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.conversation import State, Step, step
from bot.messages import Address, Side
from bot.people import Contact, Medium, Staff, Standing
from bot.redact import Secret
from storage.work import Work
from tests.cli.conftest import CONFIG, NUMBER, OURS, Think, Type

BO = "+447700900123"
ROBIN = Address(Medium.SMS, Secret("+12025550161"), OURS)


def claimed(work: Work) -> list[str]:
    """The texts of the letters that could leave now."""
    letters = work.outbox.claim({(Medium.SMS, OURS): 9}, holder=b"h" * 16, lease=timedelta(minutes=1))
    return [one.letter.text.reveal() for one in letters if one.letter is not None]


def joined(work: Work, name: str) -> tuple[Staff, Contact]:
    """Somebody who has answered OK."""
    person = work.staff.by_name(name)
    assert person is not None
    work.staff.set_standing(person.contacts[0].id, Standing.JOINED)
    return person, person.contacts[0]


def test_alma_is_invited_by_sms(line: Type, think: Think) -> None:
    """The line texts her once, from its first number, and asks for OK; no number is printed."""
    shown = line("staff", "add", "Alma", "--languages", "en,uk", "--sms", NUMBER, "--json")
    assert shown.code == 0
    assert shown.json == {
        "id": shown.json["id"],
        "name": "Alma",
        "channel": "sms",
        "join": None,
        "token": None,
    }
    (text,) = think(claimed)
    assert "Reply OK" in text
    assert "Atelier" in text
    assert NUMBER not in shown.out + shown.err


def test_sam_is_invited_by_telegram(line: Type, think: Think) -> None:
    """The link is there as soon as the staff bot's name is known; its token joins her once, and is stored nowhere."""
    before = line("staff", "add", "Sam", "--role", "supervisor", "--telegram", "--json").json
    assert before["join"] is None
    assert before["token"]
    think(lambda work: work.line.set("bot.staff", "AtelierStaffBot"))
    after = line("staff", "contact", "sam", "--telegram", "--json").json
    assert after["join"] == f"https://t.me/AtelierStaffBot?start={after['token']}"
    assert after["id"] == before["id"]
    address = Address(Medium.TELEGRAM, Secret("700001"), "staff")
    found = think(lambda work: work.staff.redeem(Secret(after["token"]), address))
    assert found is not None
    assert found[1].standing is Standing.JOINED
    assert think(lambda work: work.staff.redeem(Secret(after["token"]), address)) is None
    assert think(claimed) == []


def test_everybody_is_listed_without_numbers(line: Type) -> None:
    """Names, roles, languages and how each is reached, for people and for programs."""
    line("staff", "add", "Alma", "--languages", "en,uk", "--sms", NUMBER)
    line("staff", "add", "Sam", "--role", "admin,supervisor", "--telegram")
    shown = line("staff", "--json", "list")
    assert [{key: one[key] for key in ("name", "roles", "languages", "contacts")} for one in shown.json] == [
        {
            "name": "Alma",
            "roles": ["counselor"],
            "languages": ["en", "uk"],
            "contacts": [{"channel": "sms", "standing": "invited"}],
        },
        {
            "name": "Sam",
            "roles": ["admin", "supervisor"],
            "languages": ["en"],
            "contacts": [{"channel": "telegram", "standing": "invited"}],
        },
    ]
    table = line("staff", "list").out
    assert "Alma" in table
    assert NUMBER[-4:] not in shown.out + table


def test_an_empty_line_has_no_staff(line: Type) -> None:
    """An empty list is an answer too."""
    assert line("staff", "list", "--json").json == []


def test_a_name_is_given_once(line: Type) -> None:
    """In any case: "alma" is Alma."""
    assert line("staff", "add", "Alma", "--sms", NUMBER).code == 0
    again = line("staff", "add", "aLMA", "--sms", BO)
    assert (again.code, again.out) == (1, "")
    assert len(line("staff", "list", "--json").json) == 1


def test_a_counselor_may_have_a_phone_of_any_country(line: Type) -> None:
    """limits.countries is for strangers, whom nobody has vouched for."""
    assert line("staff", "add", "Bo", "--sms", BO).code == 0


def test_a_number_belongs_to_one_person(line: Type) -> None:
    """The second invitation leaves nobody behind without a contact."""
    line("staff", "add", "Alma", "--sms", NUMBER)
    again = line("staff", "add", "Bo", "--sms", NUMBER)
    assert again.code == 1
    assert NUMBER not in again.err
    assert [one["name"] for one in line("staff", "list", "--json").json] == ["Alma"]


def test_a_phone_that_said_stop_is_not_written_to(line: Type, think: Think) -> None:
    """Only START from that phone opens it again."""
    think(lambda work: work.optouts.add(Address(Medium.SMS, Secret(NUMBER), OURS)))
    shown = line("staff", "add", "Alma", "--sms", NUMBER)
    assert shown.code == 1
    assert "START" in shown.err
    assert think(claimed) == []


@pytest.mark.parametrize(
    "words",
    [
        ["Alma"],
        ["Alma", "--telegram", "--sms", NUMBER],
        ["Alma", "--sms", OURS],
        ["Alma", "--sms", "+12025550101"],
        ["Alma", "--sms", "2025550147"],
        ["Alma", "--sms", "+0025550147"],
        ["Alma", "--sms", "+1 202 555 0147"],
        ["Alma", "--sms", "+1202555014７"],
        ["Alma", "--sms", NUMBER + "\n"],
        ["Alma", "--sms", "ATELIER"],
        ["Alma", "--sms", ""],
        ["Alma", "--sms", NUMBER, "--languages", "en,xx"],
        ["Alma", "--sms", NUMBER, "--languages", ""],
        ["Alma", "--sms", NUMBER, "--role", "boss"],
        ["", "--sms", NUMBER],
        ["  ", "--sms", NUMBER],
        ["*", "--sms", NUMBER],
        ["Al\x1bma", "--sms", NUMBER],
        ["Al\u202ema", "--sms", NUMBER],
        ["A" * 41, "--sms", NUMBER],
        ["12025550147", "--sms", NUMBER],
    ],
    ids=range(21),
)
def test_what_cannot_be_meant_is_wrong_use(types: Type, tmp_path: Path, words: list[str]) -> None:
    """Exit 2, one sentence, no number in it; the database is not even opened."""
    (tmp_path / "config.toml").write_text(CONFIG.format(url="sqlite:///nowhere.db"))
    shown = types("staff", "add", *words)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    assert "555" not in shown.err


@pytest.mark.parametrize(("section", "way"), [("[sms]", ["--sms", NUMBER]), ("[telegram", ["--telegram"])])
def test_a_channel_that_the_line_has_not(types: Type, tmp_path: Path, section: str, way: list[str]) -> None:
    """Nobody is invited by a channel that nobody listens to."""
    text = CONFIG.format(url="sqlite:///nowhere.db")
    start = text.index(section)
    end = text.index("[telegram") if section == "[sms]" else len(text)
    (tmp_path / "config.toml").write_text(text[:start] + text[end:])
    assert types("staff", "add", "Alma", *way).code == 3


@pytest.mark.parametrize("words", [["remove", "Charlie"], ["contact", "Charlie", "--telegram"]])
def test_an_unknown_name_is_answered_no(line: Type, words: list[str]) -> None:
    """Exit 1: the question was right, the answer is no."""
    shown = line("staff", *words)
    assert (shown.code, shown.out) == (1, "")
    assert "Charlie" not in shown.err


def test_alma_is_let_go(line: Type, think: Think) -> None:
    """What waited for her is cancelled, her number is free again, and so is her name."""
    line("staff", "add", "Alma", "--sms", NUMBER)
    shown = line("staff", "remove", "ALMA", "--json")
    assert shown.json == {"id": shown.json["id"], "name": "Alma", "removed": True}
    assert think(claimed) == []
    assert line("staff", "list", "--json").json == []
    assert line("staff", "remove", "Alma").code == 1
    again = line("staff", "add", "Alma", "--sms", NUMBER, "--json")
    assert again.code == 0
    assert again.json["id"] != shown.json["id"]


def test_whoever_she_talked_with_goes_to_somebody_else(line: Type, think: Think) -> None:
    """Robin is not left talking to nobody: the conversation waits again, and Robin is told."""
    line("staff", "add", "Alma", "--sms", NUMBER)

    def talking(work: Work) -> None:
        alma, contact = joined(work, "Alma")
        new = work.conversations.new(address=ROBIN, language="en", at=datetime.now(UTC))
        taken = step(new, Step.TAKE)
        work.conversations.save(replace(taken, counselor=alma.id, counselor_contact=contact.id))

    think(talking)
    assert line("staff", "remove", "Alma").code == 0
    conversation = think(lambda work: work.conversations.by_address(ROBIN))
    assert conversation is not None
    assert conversation.state is State.WAITING
    assert conversation.counselor is None
    assert any("cut off" in text for text in think(claimed))


def test_the_keys_of_another_line_open_nothing(line: Type, tmp_path: Path) -> None:
    """A wrong root key is a matter of configuration, told without a traceback."""
    line("staff", "add", "Alma", "--sms", NUMBER)
    (tmp_path / "keys" / "root.key").chmod(0o600)
    (tmp_path / "keys" / "root.key").write_text("00" * 32)
    (tmp_path / "keys" / "root.key").chmod(0o400)
    shown = line("staff", "list")
    assert shown.code == 3
    assert shown.err.count("\n") == 1


def test_a_key_that_others_can_read_is_refused(line: Type, tmp_path: Path) -> None:
    """The cure is in the sentence."""
    (tmp_path / "keys" / "root.key").chmod(0o444)
    shown = line("staff", "list")
    assert shown.code == 3
    assert "chmod 400" in shown.err


def test_sides_do_not_mix(line: Type, think: Think) -> None:
    """The invitation is a letter to staff, about no conversation."""
    line("staff", "add", "Alma", "--sms", NUMBER)

    def sides(work: Work) -> list[tuple[Side, bool]]:
        found = work.outbox.claim({(Medium.SMS, OURS): 9}, holder=b"h" * 16, lease=timedelta(minutes=1))
        return [(one.letter.side, one.letter.about is None) for one in found if one.letter is not None]

    assert think(sides) == [(Side.STAFF, True)]


def test_everybody_plans_by_a_clock_of_her_own(line: Type, think: Think) -> None:
    """Given when she is invited, or later; without, the line's. One that there is not is refused with the nearest."""
    assert line("staff", "add", "Alma", "--sms", NUMBER, "--zone", "europe/kyiv").code == 0
    assert line("staff", "add", "Bo", "--sms", BO).code == 0
    shown = {one["name"]: one["zone"] for one in line("staff", "list", "--json").json}
    assert shown["Alma"] == "Europe/Kyiv"
    lines = shown["Bo"]
    assert "Europe/Kyiv" in line("staff", "list").out

    changed = line("staff", "zone", "bo", "Asia/Kathmandu", "--json")
    assert changed.json["zone"] == "Asia/Kathmandu"
    person = think(lambda work: work.staff.by_name("Bo"))
    assert person.zone == "Asia/Kathmandu"
    assert line("staff", "zone", "Bo", "line", "--json").json["zone"] == lines
    for wrong, near in (
        ("Europe/Kiew", "Europe/Kyiv"),
        ("New York City", "America/New_York"),
        ("Pariss", "Paris"),
    ):
        refused = line("staff", "zone", "Bo", wrong)
        assert refused.code == 2
        assert near in refused.err
    assert line("staff", "zone", "Bo", "../../etc/passwd").code == 2
    assert line("staff", "zone", "Zoe", "Europe/Kyiv").code == 1
    assert line("staff", "add", "Cleo", "--sms", "+447700900124", "--zone", "Mars").code == 2
