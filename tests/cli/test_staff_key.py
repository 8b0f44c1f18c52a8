"""`greenroom staff key` and `greenroom audit`: whose keys count, who decided it, who did what; on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot import fingerprint
from bot.messages import Address
from bot.people import Medium, Standing
from bot.redact import Secret
from storage import archive, archive_keyfile
from storage.box import SupervisorKey
from storage.work import Work
from tests.cli.conftest import NUMBER, OURS, Think, Type
from tests.storage.cast import by_hand


def paper(folder: Path, name: str) -> str:
    """A .pub file, and the fingerprint of its key."""
    pair = archive.new_pair()
    (folder / name).write_text(archive_keyfile.public_paper(pair))
    return fingerprint.spoken(SupervisorKey(pair.public).reader)


@pytest.fixture
def staffed(line: Type) -> Type:
    """Sam supervises, Charlie is an admin, Alma a counselor."""
    line("staff", "add", "Sam", "--role", "supervisor", "--telegram")
    line("staff", "add", "Charlie", "--role", "admin", "--telegram")
    line("staff", "add", "Alma", "--sms", NUMBER)
    return line


def test_the_first_two_count_and_the_third_waits(staffed: Type, think: Think, tmp_path: Path) -> None:
    """Listed with the fingerprint that was read aloud; the third needs an admin, and another one, or 72 hours."""
    first, second, third = (paper(tmp_path, f"{n}.pub") for n in range(3))
    shown = staffed("staff", "key", "add", "sam", "0.pub")
    assert shown.code == 0
    assert first in shown.out
    assert staffed("staff", "key", "add", "Sam", "1.pub", "--json").json["standing"] == "active"
    assert staffed("staff", "key", "add", "Sam", "2.pub").code == 2
    assert staffed("staff", "key", "add", "Sam", "2.pub", "--by", "Alma").code == 1
    assert (
        staffed("staff", "key", "add", "Sam", "2.pub", "--by", "Charlie", "--json").json["standing"]
        == "proposed"
    )
    listed = {one["fingerprint"]: one["standing"] for one in staffed("staff", "key", "list", "--json").json}
    assert listed == {first: "active", second: "active", third: "proposed"}
    assert first in staffed("staff", "key", "list").out

    ended = staffed("staff", "key", "end", first.lower().replace(" ", "-"), "--by", "Charlie", "--json").json
    assert ended == {"ended": [first], "left": 1}
    assert staffed("staff", "key", "add", "Sam", "0.pub", "--by", "Charlie").code == 1
    assert staffed("staff", "key", "end", first, "--by", "Charlie").code == 1
    assert staffed("staff", "remove", "Sam").code == 0
    assert {one["standing"] for one in staffed("staff", "key", "list", "--json").json} == {"ended"}


def test_who_and_what_cannot_be_added(staffed: Type, tmp_path: Path) -> None:
    """One sentence each, with the cure."""
    paper(tmp_path, "good.pub")
    (tmp_path / "private").write_text(
        archive_keyfile.locked(archive.new_pair(), "x" * 12, archive_keyfile.Cost(128 * 1024, 1))
    )
    (tmp_path / "cut.pub").write_text((tmp_path / "good.pub").read_text()[:-40])
    (tmp_path / "huge.pub").write_bytes(b"\0" * 20_000_000)
    for name, file, code, said in (
        ("Alma", "good.pub", 1, "Only supervisors"),
        ("Nobody", "good.pub", 1, "Nobody on this line"),
        ("Sam", "private", 2, "PRIVATE key"),
        ("Sam", "cut.pub", 2, "cut"),
        ("Sam", "huge.pub", 2, "too large"),
        ("Sam", "nowhere.pub", 2, "cannot be read"),
        ("Sam", "config.toml", 2, "no key"),
    ):
        shown = staffed("staff", "key", "add", name, file)
        assert (shown.code, shown.out) == (code, ""), file
        assert shown.err.count("\n") == 1
        assert said in shown.err
    assert staffed("staff", "key", "list", "--json").json == []


def test_a_witness_is_nobody_who_reads(staffed: Type) -> None:
    """She may be an admin, but neither counselor nor supervisor."""
    assert staffed("staff", "add", "Wanda", "--role", "witness,admin", "--telegram").code == 0
    for role in ("witness,counselor", "supervisor,witness"):
        shown = staffed("staff", "add", "Bo", "--role", role, "--telegram")
        assert shown.code == 2
        assert "cannot read" in shown.err


def test_who_has_a_say_hears_of_a_new_voice(staffed: Type, think: Think) -> None:
    """One admin with a second phone must not become two unnoticed."""

    def joined(work: Work) -> None:
        charlie = work.staff.by_name("Charlie")
        assert charlie is not None
        number = Address(Medium.SMS, Secret("+12025550149"), OURS)
        added = work.staff.add_contact(charlie.id, Medium.SMS, number, token_until=None)
        assert added is not None
        work.staff.set_standing(added[0].id, Standing.JOINED)

    def texts(work: Work) -> list[str]:
        found = work.outbox.claim({(Medium.SMS, OURS): 9}, holder=b"h" * 16, lease=timedelta(minutes=1))
        return [one.letter.text.reveal() for one in found if one.letter is not None]

    think(joined)
    think(texts)
    staffed("staff", "add", "Bo", "--sms", "+12025550150")
    assert not any("Bo has another phone" in text for text in think(texts))
    staffed("staff", "contact", "Charlie", "--telegram")
    assert any("Charlie has another phone" in text for text in think(texts))


def test_the_trail_tells_who_did_what_and_where_it_breaks(
    staffed: Type, tmp_path: Path, database_url: str
) -> None:
    """In plain words, by alias; `check` and `audit` say that it is broken, and what stands before the break."""
    paper(tmp_path, "sam.pub")
    staffed("staff", "key", "add", "Sam", "sam.pub", "--by", "Charlie")
    shown = staffed("audit", "--json").json
    assert shown["whole"]
    told = [(one["what"], one["name"]) for one in shown["entries"]]
    assert told == [*[("staff added", None)] * 3, ("key added", "Charlie")]
    assert len(staffed("audit", "--last", "1", "--json").json["entries"]) == 1
    assert "Sam: " in staffed("audit").out
    assert NUMBER[-4:] not in staffed("audit").out
    by_hand(database_url, "DELETE FROM audit WHERE id = 2")
    broken = staffed("audit", "--json")
    assert (broken.code, broken.json["whole"]) == (1, False)
    assert len(broken.json["entries"]) == 1
    findings = staffed("check", "--offline", "--json").json
    assert ("fail", "audit") in [(one["level"], one["subject"]) for one in findings]
