"""`greenroom hold` and `holdings`: what must be kept, who answers for it, and what there is; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import notice
from bot.people import Role
from handlers.cli import hold
from storage.work import Work
from tests.cli.conftest import Think, Type
from tests.handlers.cast import address, ends, supervises
from tests.storage.cast import ROBIN, writes

TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.fixture
def code(line: Type, think: Think) -> str:
    """Robin's ended conversation, on a line with Sam (admin), Toni (supervisor) and Alma (counselor)."""

    def thought(work: Work) -> str:
        for name, role in (("Sam", Role.ADMIN), ("Toni", Role.SUPERVISOR), ("Alma", Role.COUNSELOR)):
            assert work.staff.add(name, roles=frozenset({role}), languages=("en",)) is not None
        return ends(work, ROBIN).code

    return think(thought)


def test_a_hold_is_added_changed_listed_and_ended(line: Type, think: Think, code: str) -> None:
    """Each with a name that answers for it, and an entry in the trail; no word of the conversation is shown."""
    added = line(
        "hold", "add", code.lower(), "--until", TOMORROW, "--reason", "court order 12", "--by", "sam"
    )
    assert added.code == 0
    assert added.out.startswith(f"{code} is kept until the end of {TOMORROW}.")
    assert "erased at once all the same" in added.out
    line("hold", "add", code, "--until", TOMORROW, "--reason", "court order 13", "--by", "Toni")
    [row] = line("hold", "list", "--json").json
    assert row == {
        "code": code,
        "state": "closed",
        "until": TOMORROW,
        "by": "Toni",
        "reason": "court order 13",
        "erased at its end": False,
    }
    assert "please help" not in line("hold", "list").out

    ended = line("hold", "end", code, "--by", "Sam", "--json")
    assert ended.json == {"code": code, "erased": False}
    assert line("hold", "list").out == "Nothing is held.\n"
    told = think(lambda work: [(entry.what, entry.by, entry.detail) for entry in work.audit.entries()])
    assert [what for what, _, _ in told] == ["hold begun", "hold changed", "hold ended"]
    assert told[0][1:] == (1, f"until {TOMORROW}: court order 12")
    assert f"{code}: until" in line("audit").out
    assert {one["about"] for one in line("audit", "--json").json["entries"]} == {code}


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (("--until", TOMORROW, "--reason", "x", "--by", "Alma"), 1, "only an admin or a supervisor"),
        (("--until", TOMORROW, "--reason", "x", "--by", "Nobody"), 1, "Nobody on this line"),
        (("--until", "tomorrow", "--reason", "x", "--by", "Sam"), 2, "year-month-day"),
        (("--until", "2020-01-01", "--reason", "x", "--by", "Sam"), 2, "over already"),
        (("--until", TOMORROW, "--reason", " ", "--by", "Sam"), 2, "say why"),
        (("--until", TOMORROW, "--reason", "x"), 2, "--by"),
    ],
)
def test_a_hold_that_cannot_be(
    line: Type, code: str, words: tuple[str, ...], exit_code: int, told: str
) -> None:
    """One sentence, and nothing is held."""
    shown = line("hold", "add", code, *words)
    assert shown.code == exit_code
    assert told in shown.err
    assert shown.err.count("\n") == 1
    assert line("hold", "list", "--json").json == []


def test_what_is_not_there_cannot_be_held(line: Type, think: Think, code: str) -> None:
    """Erased, never given, not even a code; and what is not held cannot be let go."""
    more = ("--until", TOMORROW, "--reason", "x", "--by", "Sam")
    assert "no case code" in line("hold", "add", "hello", *more).err
    assert line("hold", "end", code, "--by", "Sam").code == 1

    def erases(work: Work) -> None:
        found = work.conversations.by_code(code)
        assert found is not None
        work.conversations.erase(found)

    think(erases)
    shown = line("hold", "add", code, *more)
    assert (shown.code, "nothing left to keep" in shown.err) == (1, True)


def test_holdings_are_counts(line: Type, think: Think, code: str) -> None:
    """What exists, exactly; what was counted about texters, only where it is not too few to hide anybody."""

    def more(work: Work) -> None:
        for number in range(3):
            writes(work, address(number), "hi")
        for _ in range(7):
            work.counts.add("opened")
        for _ in range(4):
            work.counts.add("ended: bye")

    think(more)
    line("hold", "add", code, "--until", TOMORROW, "--reason", "x", "--by", "Sam")
    shown = line("holdings", "--json").json
    there = {name: shown[name] for name in ("waiting", "open", "closed", "sealed", "erased", "held")}
    assert there == {"waiting": 3, "open": 0, "closed": 1, "sealed": 0, "erased": 0, "held": 1}
    assert (shown["addresses"], shown["transcript_lines"], shown["people"]) == (4, 4, 3)
    assert shown["counts"] == {"ended: bye": "fewer than 5", "opened": 7}
    assert set(shown) == {*hold.WORDS, "counts"}
    assert "fewer than 5" in line("holdings").out


def test_the_policy_is_printed_for_the_privacy_notice(line: Type, think: Think, code: str) -> None:
    """One sentence a line, generated from the settings; without two supervisors' keys it says what happens then."""
    shown = line("check", "--policy")
    assert shown.code == 0
    assert "A conversation is erased 24 hours after it has ended.\n" in shown.out
    assert ("Messages are deleted in Telegram at the age of 40 hours" in shown.out) is notice.CARRIERS
    think(lambda work: (supervises(work, "Uma"), supervises(work, "Vera")))
    sentences = line("check", "--policy", "--json").json
    assert any("sealed 2 hours after" in one for one in sentences)
