"""`greenroom rota` for a file: without configuration, keys or database."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Think, Type
from tests.storage.cast import ROBIN, writes


def test_who_is_on_call(types: Type, rota_file: Path) -> None:
    """One answer an instant, in its order, in UTC, "backup" always there."""
    shown = types(
        "rota", "at", "2026-01-06T03:00:00Z", "2026-01-07T04:00:00+01:00", "--json", "--file", str(rota_file)
    )
    assert shown.code == 0
    assert shown.json == [
        {"at": "2026-01-06T03:00:00Z", "on call": ["Alma"], "backup": []},
        {"at": "2026-01-07T03:00:00Z", "on call": ["Bo"], "backup": []},
    ]


def test_now_is_meant_without_an_instant(types: Type, rota_file: Path) -> None:
    """`rota at` alone asks for now."""
    (answer,) = types("rota", "at", "--file", str(rota_file), "--json").json
    assert answer["at"].endswith("Z")
    assert answer["on call"] in (["Alma"], ["Bo"])


def test_a_person_reads_a_table(types: Type, rota_file: Path) -> None:
    """Without --json the answer is for reading; an empty place says "nobody"."""
    shown = types("rota", "at", "2026-01-06T03:00:00Z", "--file", str(rota_file))
    assert "Alma" in shown.out
    assert "nobody" in shown.out


def test_gaps(types: Type, rota_file: Path) -> None:
    """Gaps are pairs of instants, and having some is not an error."""
    span = ("--from", "2026-01-05T00:00:00Z", "--to", "2026-01-07T00:00:00Z")
    shown = types("rota", "gaps", "--file", str(rota_file), *span, "--json")
    assert shown.code == 0
    assert shown.json == {"on call": [["2026-01-05T00:00:00Z", "2026-01-06T02:00:00Z"]]}


def test_a_file_without_on_call_is_one_gap(types: Type, rota_file: Path) -> None:
    """A rota without the schedule that the ladder asks leaves the line uncovered, and says so."""
    rota_file.write_text(rota_file.read_text().replace('"on call"', '"backup"'))
    span = ("--from", "2026-01-05T00:00:00Z", "--to", "2026-01-07T00:00:00Z")
    shown = types("rota", "gaps", "--file", str(rota_file), *span, "--json")
    assert shown.json["on call"] == [["2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z"]]


def test_the_calendar(types: Type, rota_file: Path) -> None:
    """`show` lists who serves from when to when."""
    span = ("--from", "2026-01-06T12:00:00Z", "--to", "2026-01-08T00:00:00Z")
    shown = types("rota", "show", "--file", str(rota_file), *span, "--json")
    assert shown.json == {
        "on call": [
            {"start": "2026-01-06T12:00:00Z", "end": "2026-01-07T02:00:00Z", "people": ["Alma"]},
            {"start": "2026-01-07T02:00:00Z", "end": "2026-01-08T00:00:00Z", "people": ["Bo"]},
        ]
    }
    assert "Tue 2026-01-06 21:00" in types("rota", "show", "--file", str(rota_file), *span).out


@pytest.mark.parametrize(
    "instant",
    [
        "2026-01-06T03:00:00",
        "2026-01-06",
        "tomorrow",
        "",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00Z",
        "9999-12-31T23:00Z",
        "٢٠٢٦",
    ],
)
def test_an_instant_needs_its_offset(types: Type, rota_file: Path, instant: str) -> None:
    """What could mean two instants is refused, with its place."""
    shown = types("rota", "at", "2026-01-06T03:00:00Z", instant, "--file", str(rota_file))
    assert (shown.code, shown.out) == (2, "")
    assert "INSTANT 2" in shown.err


def test_an_end_before_its_start(types: Type, rota_file: Path) -> None:
    """A span that runs backwards is wrong use."""
    span = ("--from", "2026-01-07T00:00:00Z", "--to", "2026-01-07T00:00:00Z")
    assert types("rota", "gaps", "--file", str(rota_file), *span).code == 2


@pytest.mark.parametrize(
    "content",
    [
        b"[[schedule]",
        b"\xff\xfe",
        b"schedule = 3",
        b'[[schedule]]\nname = "on call"\nzone = "Mars/Base"\n',
        b'[[schedule]]\nname = "on call"\nzone = "UTC"\nunknown = 1\n',
        b"[" * 5000,
        b"\x00",
    ],
    ids=["torn", "utf-16", "shape", "zone", "unknown", "deep", "zero"],
)
def test_an_invalid_file_is_exit_2(types: Type, tmp_path: Path, content: bytes) -> None:
    """One sentence that names the place."""
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    shown = types("rota", "at", "2026-01-06T03:00:00Z", "--file", str(path))
    assert (shown.code, shown.out) == (2, "")
    assert "Traceback" not in shown.err


@pytest.mark.parametrize("path", ["missing.toml", ".", "-", "/dev/null/x", "a\x00b", "x" * 5000])
def test_a_file_that_is_none_is_exit_2(types: Type, path: str) -> None:
    """A path that leads nowhere is answered, not thrown."""
    for words in (["rota", "at", "--file", path], ["rota", "apply", path]):
        shown = types(*words)
        assert (shown.code, shown.out) == (2, "")
        assert shown.err.count("\n") == 1


def test_a_file_out_of_notepad_is_one(types: Type, rota_file: Path) -> None:
    """With a mark at its beginning that nobody sees."""
    rota_file.write_bytes(b"\xef\xbb\xbf" + rota_file.read_bytes().replace(b"\n", b"\r\n"))
    assert types("rota", "at", "2026-01-06T03:00:00Z", "--file", str(rota_file), "--json").json[0]["on call"]
    alone = ("--for", "Zoe", "--from", "2026-01-06T03:00:00Z", "--file", str(rota_file))
    shown = types("rota", "cover", "Bo", *alone)
    assert (shown.code, shown.out) == (1, "")
    assert "not in the file" in shown.err


def test_one_person_spelled_in_two_ways_is_one(types: Type, rota_file: Path) -> None:
    """By her first spelling; a group of her alone is refused."""
    rota_file.write_text(rota_file.read_text().replace('"Bo"', '"alma"'))
    (one,) = types("rota", "at", "2026-01-07T03:00:00Z", "--file", str(rota_file), "--json").json
    assert one["on call"] == ["Alma"]
    rota_file.write_text(rota_file.read_text().replace('"alma"', '["Bo", "BO"]'))
    assert "names somebody twice" in types("rota", "at", "--file", str(rota_file)).err


def test_what_has_no_end_is_no_file(types: Type, tmp_path: Path) -> None:
    """A pipe that nobody writes to, and a device that never ends, are answered at once."""
    os.mkfifo(tmp_path / "pipe.toml")
    for path in ("pipe.toml", "/dev/zero", "/dev/stdin"):
        for words in (["rota", "at", "--file", path], ["rota", "apply", path]):
            shown = types(*words)
            assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    (tmp_path / "large.toml").write_bytes(b"#" * 4_000_001)
    assert "too large" in types("rota", "at", "--file", "large.toml").err


def test_the_real_program_answers_for_a_file(process: Type, rota_file: Path) -> None:
    """As a script calls it, with no home, no language, and a name that ASCII cannot spell."""
    rota_file.write_text(rota_file.read_text().replace("Alma", "Ольга"), encoding="utf-8")
    shown = process("rota", "at", "2026-01-06T03:00:00Z", "--file", "rota.toml", "--json", LC_ALL="C")
    assert shown.code == 0
    assert json.loads(shown.out)[0]["on call"] == ["Ольга"]


def test_a_rota_is_applied(line: Type, rota_file: Path) -> None:
    """The difference is shown, first without saving; then it answers like the file."""
    for name, number in (("Alma", "+12025550147"), ("Bo", "+12025550148")):
        assert line("staff", "add", name, "--sms", number).code == 0
    dry = line("rota", "apply", str(rota_file), "--dry-run", "--json").json
    assert (dry["saved"], dry["version"]) == (False, 0)
    assert dry["changes"]
    assert line("rota", "at", "2026-01-06T03:00:00Z", "--json").json[0]["on call"] == []
    saved = line("rota", "apply", str(rota_file), "--json").json
    assert saved == dry | {"saved": True, "version": 1}
    assert saved["unreachable"] == ["Alma", "Bo"]
    assert line("rota", "at", "2026-01-06T03:00:00Z", "--json").json[0]["on call"] == ["Alma"]
    span = ("--from", "2026-01-06T12:00:00Z", "--to", "2026-01-08T00:00:00Z", "--json")
    for what in ("show", "gaps"):
        of_line, of_file = (
            line("rota", what, *more, *span).json for more in ((), ("--file", str(rota_file)))
        )
        assert of_line["on call"] == of_file["on call"]
    again = line("rota", "apply", str(rota_file), "--json").json
    assert (again["saved"], again["version"], again["changes"]) == (False, 1, [])


def test_who_waits_is_asked_for_by_the_new_rota(line: Type, think: Think, rota_file: Path) -> None:
    """Whoever heard that nobody can answer need not wait until the clock looks again by itself."""
    for name, number in (("Alma", "+12025550147"), ("Bo", "+12025550148")):
        line("staff", "add", name, "--sms", number)
    waiting = think(lambda work: writes(work, ROBIN, "hello?"))
    assert think(lambda work: work.conversations.due(10)) == []
    line("rota", "apply", str(rota_file), "--dry-run")
    assert think(lambda work: work.conversations.due(10)) == []
    line("rota", "apply", str(rota_file))
    assert [due.id for due in think(lambda work: work.conversations.due(10))] == [waiting.id]


def test_a_stranger_in_the_rota_is_answered_no(line: Type, rota_file: Path) -> None:
    """Nothing is saved while somebody in the file is not staff; the place is named."""
    line("staff", "add", "Alma", "--sms", "+12025550147")
    shown = line("rota", "apply", str(rota_file))
    assert (shown.code, shown.out) == (1, "")
    assert 'participant 2: nobody on this line is called "Bo". Invite her first' in shown.err
    assert line("rota", "show", "--json").json == {}


def test_nobodys_turn_moves_when_one_leaves(line: Type, rota_file: Path) -> None:
    """Her turns stay hers, without her name."""
    for name, number in (("Alma", "+12025550147"), ("Bo", "+12025550148")):
        line("staff", "add", name, "--sms", number)
    line("rota", "apply", str(rota_file))
    line("staff", "remove", "Alma")
    first, second = line("rota", "at", "2026-01-06T03:00:00Z", "2026-01-07T03:00:00Z", "--json").json
    assert first["on call"] != ["Alma"]
    assert "removed" in first["on call"][0]
    assert second["on call"] == ["Bo"]
