"""The training scripts: whole in every language, playable by a person, and played by the real program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import phrases, segments
from handlers.rehearsal.play import script as story
from handlers.rehearsal.play.cast import CAST, Part
from handlers.rehearsal.play.failure import NotPlayed
from handlers.rehearsal.play.script import FOLDER, OWN, AnyStep, Script, read, scripts

HOUSE = Path(__file__).parents[2]
LANGUAGES = sorted({"en", "es", "uk", *phrases.languages()})
PARTS = {person.name: person.part for person in CAST}
TRAINING = [name for name, script in scripts().items() if script.trainee]
CODE = re.compile(r"\{(\w+)\}")
RELAYED = re.compile(r"\{\w+\} (?P<words>.+)")
IN_THE_TERMINAL = ["nobody-on-call", "pretender"]
"""The page's tests play every script with the same player (tests/page/test_scripts); the terminal shows these two."""
AT_ONCE = 2
"""Rehearsals at a time: each is a program and its commands."""

every_script = pytest.mark.parametrize("script", scripts().values(), ids=scripts())
every_training = pytest.mark.parametrize("script", [scripts()[name] for name in TRAINING], ids=TRAINING)


def steps(script: Script) -> list[AnyStep]:
    return [step for scene in script.scenes for step in scene.steps]


def said(step: AnyStep) -> str:
    """What somebody types, with codes as words."""
    return step.text if isinstance(step, story.Writes | story.Swipes) else ""


def relayed(step: AnyStep) -> str:
    """What of it should reach a texter: swiped words, and words behind a code that is right."""
    if isinstance(step, story.Swipes):
        return step.text
    found = RELAYED.fullmatch(said(step))
    return found["words"] if found and not said(step).startswith("{typo}") else ""


def test_six_are_learned_in_order() -> None:
    """From the first conversation to the pretender, after the tour; each has a place of its own."""
    assert list(scripts()) == [
        "tour",
        "first-conversation",
        "two-at-once",
        "nobody-on-call",
        "hand-off",
        "in-danger",
        "pretender",
    ]
    assert [script.order for script in scripts().values()] == list(range(7))
    assert {path.stem for path in FOLDER.iterdir()} == set(scripts())


@every_script
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_whole_in_every_language(script: Script, language: str) -> None:
    """A title and a reason everywhere; what a good answer looks like wherever the trainee acts."""
    assert script.words[language].title
    assert script.words[language].about
    for scene in script.scenes:
        words = scene.words[language]
        assert words.title
        assert words.why
        if any(step.who == script.trainee and isinstance(step, OWN) for step in scene.steps):
            assert words.good or not script.trainee


@every_script
def test_everybody_in_it_has_a_phone(script: Script) -> None:
    """Whoever acts or is watched is in the cast; what nobody does happens to the line."""
    for scene in script.scenes:
        assert scene.watch
        assert {*scene.watch, *(step.who for step in scene.steps if step.who)} <= set(PARTS)
    nobodys = story.Busy | story.Later | story.Kill | story.Restart
    assert all(isinstance(step, nobodys) is not bool(step.who) for step in steps(script))


@every_script
def test_codes_are_learned_before_they_are_used(script: Script) -> None:
    """An unlearned word would be typed with its braces; what is compared as it stands has none."""
    learned: set[str] = set()
    for step in steps(script):
        text = said(step)
        if isinstance(step, story.Swipes):
            text += step.on
        if isinstance(step, story.Sees):
            text += step.text
        assert set(CODE.findall(text)) <= learned
        if isinstance(step, story.Sees) and step.learns:
            learned |= {step.learns, "typo"}
        if isinstance(step, story.SeesNone):
            assert "{" not in step.text
        if isinstance(step, story.SeesOnce):
            assert "{" not in "".join(step.texts)
    ends = filter(None, (script.kept, script.erased))
    assert {end.code for end in ends} <= learned
    assert {end.writer for end in (script.kept, *filter(None, [script.erased]))} <= set(PARTS)


@every_script
def test_what_is_read_back_was_written(script: Script) -> None:
    """The message that is shown as it lies on the disk is one of its writer's."""
    assert script.kept.text in {said(step) for step in steps(script) if step.who == script.kept.writer}


@every_training
def test_the_trainee_is_a_counselor_who_acts(script: Script) -> None:
    """A new volunteer plays a part that she will have."""
    assert PARTS[script.trainee] is Part.COUNSELOR
    assert any(step.who == script.trainee and isinstance(step, OWN) for step in steps(script))


@every_training
def test_it_can_be_played_in_other_words(script: Script) -> None:
    """Each answer is seen once as it was written, and nobody else waits for a part of the trainee's own words: in
    practice they are hers."""
    own = [said(step) for step in steps(script) if step.who == script.trainee]
    for step in steps(script):
        if relayed(step) and PARTS[step.who] is not Part.TEXTER:
            seen = [one for one in steps(script) if isinstance(one, story.Sees) and one.text == relayed(step)]
            assert [PARTS[one.who] for one in seen] == [Part.TEXTER]
        if isinstance(step, story.Sees) and step.who != script.trainee:
            assert all(words.endswith(step.text) for words in own if step.text in words)
            assert not any(words in step.text for words in own if words and words != step.text)


@every_training
def test_answers_are_short(script: Script) -> None:
    """What reaches a texter is one SMS: no curly quote, no second part."""
    for step in steps(script):
        if PARTS.get(step.who) is not Part.TEXTER and relayed(step):
            assert segments.count(relayed(step)).number == 1, relayed(step)


@every_training
def test_it_is_short_enough_for_one_sitting(script: Script) -> None:
    """Five to eight scenes."""
    assert 5 <= len(script.scenes) <= 8
    assert len(steps(script)) <= 45


@pytest.mark.parametrize(
    "broken",
    [
        lambda text: text.replace('does = "writes"', 'does = "shouts"'),
        lambda text: text.replace("trainee =", "traineee ="),
        lambda text: text.replace("order = 6", 'order = "last"'),
        lambda text: text.replace("[[scenes]]", "[[scenes"),
        lambda text: text.replace('name = "pretender"', 'name = "somebody"'),
        lambda text: text.encode("utf-16").decode("latin-1"),
    ],
    ids=[
        "a verb that there is not",
        "a key that there is not",
        "not a number",
        "no TOML",
        "a name",
        "no text",
    ],
)
def test_a_broken_file_is_refused_by_its_name(tmp_path: Path, broken: Callable[[str], str]) -> None:
    """One sentence names the file; nothing of it is played."""
    whole = (FOLDER / "pretender.toml").read_text(encoding="utf-8")
    path = tmp_path / "pretender.toml"
    path.write_text(broken(whole), encoding="utf-8")
    with pytest.raises(NotPlayed, match=r"^The script pretender\.toml "):
        read(path)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[tuple[int, str, str]]]]:
    """Some training scripts, each as a process of its own, two at a time."""
    folder = tmp_path_factory.mktemp("rehearsals")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(play, name, folder / name) for name in IN_THE_TERMINAL}
        pool.shutdown(cancel_futures=True)


def play(name: str, folder: Path) -> tuple[int, str, str]:
    """`greenroom rehearse --script NAME`, into a pipe: its exit code and what it printed."""
    folder.mkdir()
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "bot", "rehearse", "--script", name]
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", IN_THE_TERMINAL)
def test_the_real_program_plays_it(played: dict[str, Future[tuple[int, str, str]]], name: str) -> None:
    """From the first scene to the last, everything as it should; what was said is nowhere in the clear."""
    code, out, err = played[name].result()
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    titles = [scene.told("en").title for scene in scripts()[name].scenes]
    assert all(f"{n}/{len(titles)} {title}" in flat for n, title in enumerate(titles, 1))
    assert "nothing found" in flat
    assert "Everything went as it should" in flat
