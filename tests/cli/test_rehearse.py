"""`greenroom rehearse --script NAME`: the real program plays a script, for a terminal, a log or a program."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.__main__ import Roof
from handlers.cli.demo import rehearsal
from handlers.cli.demo.board import Board
from handlers.cli.demo.plain import Lines
from handlers.cli.front import Code, Stopped
from handlers.rehearsal.play import events
from handlers.rehearsal.play.cast import CAST
from handlers.rehearsal.play.script import Kept, Scene, SceneWords, Script, ScriptWords, SeesOnce, scripts
from tests.cli.conftest import HOUSE, Type

TOUR = scripts()["tour"]
TITLES = [scene.told("en").title for scene in TOUR.scenes]


@dataclass
class Run:
    """A rehearsal as a process, and the empty folder that it may use for what is temporary."""

    process: subprocess.Popen[bytes]
    folder: Path

    @classmethod
    def begun(cls, folder: Path, *words: str, **environment: str) -> Run:
        folder.mkdir()
        bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), "TMPDIR": str(folder), **environment}
        command = [sys.executable, "-m", "bot", "rehearse", "--script", "tour", *words]
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(command, cwd=folder, env=bare, stdout=pipe, stderr=pipe), folder)

    def said(self) -> tuple[int, str, str]:
        """Its exit code and what it printed, once it has ended."""
        out, err = self.process.communicate(timeout=180)
        return self.process.returncode, out.decode(), err.decode()

    def until_it_says(self, word: str) -> str:
        """What it printed up to the line with this word."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line.decode())
            if word in lines[-1]:
                break
        return "".join(lines)

    def nothing_is_left(self) -> bool:
        """No file in its folder, and no process that knows of it."""
        return not list(self.folder.iterdir()) and not living(str(self.folder))


def living(word: str) -> list[str]:
    """The command lines of all processes that mention the word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Two rehearsals at the same time, one for a log and one for a program: they do not disturb each other."""
    folder = tmp_path_factory.mktemp("rehearsals")
    runs = {
        "lines": Run.begun(folder / "lines"),
        "json": Run.begun(folder / "json", "--json"),
    }
    yield runs
    for run in runs.values():
        run.process.kill()


@pytest.fixture(scope="module")
def lines(played: dict[str, Run]) -> tuple[int, str, str]:
    return played["lines"].said()


@pytest.fixture(scope="module")
def told(played: dict[str, Run]) -> tuple[int, list[dict[str, Any]], str]:
    code, out, err = played["json"].said()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_a_pipe_gets_the_conversation_in_order(lines: tuple[int, str, str]) -> None:
    """Each message once, scene by scene, and no control codes: what CI or a screen reader can use."""
    code, out, err = lines
    assert (code, err) == (0, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out)
    flat = " ".join(out.split())
    places = [
        flat.index(words)
        for words in (
            "$ greenroom init",
            "$ greenroom rota apply",
            "Robin → line is this private?",
            "line → Robin Hi, thanks for writing.",
            "line → Alma New conversation",
            "Alma presses [Take]",
            "Alma → line It is.",
            "line → Robin It is.",
            "👌 delivered",
            "line → Bo Not sent. Which conversation?",
            "kill -9",
            "gate 14, i am going to sit with the family next to me (not taken yet",
            "Robin: the line has it now",
            "line → Sam New conversation",
            "Robin → line DELETE",
            "What is on the disk",
            "transcript.sealed",
            "nothing found",
            "Everything went as it should",
        )
    ]
    assert places == sorted(places)
    assert {flat.count(f"{n}/{len(TITLES)} {title}") for n, title in enumerate(TITLES, 1)} == {1}


def test_nothing_is_left_of_it(played: dict[str, Run], lines: tuple[int, str, str]) -> None:
    """Its folder is gone, and so are the program and every command."""
    assert played["lines"].nothing_is_left()


def test_json_has_a_line_for_each_event(told: tuple[int, list[dict[str, Any]], str]) -> None:
    """Every phone, message, mark and scene, for a program to read."""
    code, happened, err = told
    assert (code, err) == (0, "")
    assert [p["name"] for p in happened[0]["phones"]] == [person.name for person in CAST]
    scenes = [one["title"] for one in happened if one["event"] == "scene"]
    assert scenes == TITLES
    assert {one["phone"] for one in happened if one["event"] == "message"} == {p.name for p in CAST}
    assert happened[-1]["event"] == "ended"
    assert happened[-1]["messages"] == sum(one["event"] == "message" for one in happened)


def test_a_killed_program_is_another_process_afterwards(
    told: tuple[int, list[dict[str, Any]], str],
) -> None:
    """It serves, is killed, serves again, and ends in order."""
    program = [one for one in told[1] if one["event"] == "program"]
    states = [one["state"] for one in program]
    assert states == ["starts", "runs", "killed", "starts", "runs", "stopped"]
    assert program[1]["pid"] == program[2]["pid"] != program[4]["pid"]


def test_no_phone_shows_anothers_number_or_name(told: tuple[int, list[dict[str, Any]], str]) -> None:
    """Neither side learns who the other is: not from any message on any phone."""
    received = [one for one in told[1] if one["event"] == "message" and not one["own"]]
    assert len(received) > 20
    for one in received:
        assert not any(p.number and p.number.lstrip("+") in one["text"] for p in CAST)
        # Colleagues know one another by alias: who is left on call is said to whoever goes OFF.
        names = r"Robin|Kit" if one["text"].startswith("You are OFF") else r"Robin|Kit|Alma|Bo|Sam"
        assert not re.search(rf"\b({names})\b", one["text"])


def test_the_disk_holds_nothing_that_can_be_read(told: tuple[int, list[dict[str, Any]], str]) -> None:
    """The rows are there, beside the words; no text, number, name or id is."""
    disk = next(one for one in told[1] if one["event"] == "disk")
    assert disk["words"] == TOUR.kept.text
    assert disk["words"].encode().hex() not in "".join(row["hex"] for row in disk["rows"])
    assert {row["column"] for row in disk["rows"]} >= {"transcript.sealed", "envelopes.wrapped"}
    assert set(disk["left"].values()) == {0}
    assert disk["search"]["found"] == []
    assert disk["search"]["texts"] >= 12
    assert disk["search"]["others"] >= 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C or a shutdown while the program serves: no process, no folder, no traceback."""
    run = Run.begun(tmp_path / "run")
    run.until_it_says("the program serves")
    run.process.send_signal(number)
    code, _, err = run.said()
    assert (code, err) == (128 + number, "")
    assert run.nothing_is_left()


def test_what_a_killed_rehearsal_left_goes_with_the_next(tmp_path: Path) -> None:
    """kill -9 of the rehearsal itself: its processes end at once, its folder at the next start; others' stay."""
    killed, folder = Run.begun(tmp_path / "run"), tmp_path / "run"
    killed.until_it_says("the program serves")
    killed.process.kill()
    killed.process.wait(timeout=30)
    (left,) = folder.iterdir()
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "bot", "rehearse", "--script", "tour"]
    with subprocess.Popen(command, env=bare, stdout=subprocess.PIPE) as second:
        assert second.stdout is not None
        second.stdout.readline()
        assert not left.exists()
        (theirs,) = folder.iterdir()
        with subprocess.Popen(command, env=bare, stdout=subprocess.PIPE) as third:
            assert third.stdout is not None
            third.stdout.readline()
            assert theirs.exists()
            third.send_signal(signal.SIGTERM)
        second.send_signal(signal.SIGTERM)
    assert killed.nothing_is_left()


def test_a_reader_who_leaves_ends_it(tmp_path: Path) -> None:
    """`| head`: nobody is there to be told."""
    run = Run.begun(tmp_path / "run")
    run.until_it_says("greenroom init")
    assert run.process.stdout is not None
    run.process.stdout.close()
    assert run.process.wait(timeout=180) == 0
    assert run.nothing_is_left()


def test_a_conversation_that_does_not_play_is_exit_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says where it stopped; what came before was shown, and nothing is left."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shown: list[str] = []
    words = {"en": SceneWords("Never", "It cannot be.")}
    never = Scene(words=words, watch=("Bo",), steps=(SeesOnce(who="Bo", texts=("never said",)),))
    script = Script("never", 1, {"en": ScriptWords("Never", "")}, (never,), Kept("Bo", "bo", "never said"))
    with pytest.raises(Stopped) as stopped:
        rehearsal.rehearse(Roof(), Lines(shown.append), script, pace=0)
    assert stopped.value.code == Code.NO
    assert "scene 1" in str(stopped.value)
    assert any("Never" in line for line in shown)
    assert not list(tmp_path.iterdir())
    assert not living(str(tmp_path))


@pytest.mark.parametrize("words", [["--script", "nothing"], ["--script"]])
def test_a_wrong_name_is_answered_with_a_way_on(types: Type, words: list[str]) -> None:
    """One sentence, exit 2: the names that there are, or where to read them."""
    shown = types("rehearse", *words)
    assert (shown.code, shown.out) == (2, "")
    assert "tour" in shown.err or "--help" in shown.err
    assert shown.err.count("\n") == 1


def test_the_scripts_can_be_listed(types: Type) -> None:
    """By name and title; as JSON for a program."""
    assert [one["name"] for one in types("rehearse", "--script", "list", "--json").json] == list(scripts())
    assert TOUR.told("en").title in types("rehearse", "--script", "list").out


def test_a_terminal_is_given_back_as_it_was(tmp_path: Path) -> None:
    """In a terminal the phones fill its other screen; after Ctrl-C the first one and the cursor are back."""
    master, slave = pty.openpty()
    bare = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HOUSE),
        "TMPDIR": str(tmp_path),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "COLUMNS": "80",
        "LINES": "24",
    }
    command = [sys.executable, "-m", "bot", "rehearse", "--script", "tour"]
    process = subprocess.Popen(command, cwd=tmp_path, env=bare, stdout=slave, stderr=slave, stdin=slave)
    os.close(slave)
    seen = b""
    deadline = time.monotonic() + 120
    while b"the program serves" not in seen and time.monotonic() < deadline:
        seen += os.read(master, 65536)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            seen += os.read(master, 65536)
        except OSError:  # the terminal's other side is closed
            break
    os.close(master)
    assert process.wait(timeout=60) == 130
    assert seen.index(b"\x1b[?1049h") < seen.rindex(b"\x1b[?1049l")
    assert seen.rindex(b"\x1b[?25l") < seen.rindex(b"\x1b[?25h")
    colours = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[\d;]*)?m")
    assert not colours.search(seen)
    assert not list(tmp_path.iterdir())
    assert not living(str(tmp_path))


def picture(width: int, height: int) -> list[str]:
    """What a terminal of this size shows after a few events."""
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, color_system=None)
    board = Board(console)
    board.open(CAST)
    words = {"en": SceneWords("Robin texts", "One answer at once.")}
    board.tell(events.SceneBegan(2, 9, Scene(words=words, watch=("Robin", "Alma"), steps=())))
    board.tell(events.Message(1, "Robin", True, "are you there?", mark=events.Mark.WAITS))
    board.tell(events.Message(2, "Alma", False, "New conversation K7R2", buttons=("Take", "Pass")))
    board.tell(events.Message(3, "Sam", False, "a [bold]long[/] story 👀 " * 200))
    board.tell(events.Program(events.State.KILLED, 7))
    board.close()
    options = console.options.update(height=height)
    return ["".join(one.text for one in line) for line in console.render_lines(board, options)]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (120, 40), (200, 50), (130, 24), (30, 10)])
def test_the_picture_fits_every_terminal(width: int, height: int) -> None:
    """Whole lines, no more of them than there are; the scene's phones are there, and what has happened."""
    lines = picture(width, height)
    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}
    whole = " ".join(" ".join(lines).split())
    assert "Robin" in whole
    assert "2/9 Robin texts" in whole
    assert "are you there?" in whole
    assert "not taken yet" in whole


@pytest.mark.parametrize(("width", "height"), [(120, 40), (200, 50)])
def test_a_large_terminal_shows_all_five(width: int, height: int) -> None:
    """Side by side, with buttons as buttons, and words that look like markup as they are."""
    whole = " ".join(picture(width, height))
    for person in CAST:
        assert f" {person.name} " in whole
    assert "[ Take ]" in whole
    assert "[bold]long[/]" in whole


def test_a_small_terminal_counts_what_it_does_not_show() -> None:
    """Whoever is not in the scene is in the first line, with how much has come."""
    assert "Sam +1" in picture(80, 24)[0]


def test_a_failed_message_is_marked() -> None:
    """What was not sent says so, in a log as well."""
    shown: list[str] = []
    lines = Lines(shown.append)
    lines.open(CAST)
    lines.tell(events.Message(1, "Alma", True, "are you safe?"))
    lines.tell(events.Marked(1, "Alma", events.Mark.FAILED))
    assert "💔 not sent" in shown[-1]
