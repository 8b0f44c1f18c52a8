"""How fast is fast: a burst of distress is joined, a stream waits half a minute, and nothing is dropped."""

from __future__ import annotations

from bot import bursts
from bot.bursts import Flow, Pace
from tests.clock import FakeClock


def paces(count: int, every: float, clock: FakeClock) -> list[Pace]:
    flow, found = Flow(), []
    for _ in range(count):
        flow, pace = bursts.pour(flow, clock())
        found.append(pace)
        clock.advance(seconds=every)
    return found


def test_twenty_texts_in_seconds_are_never_delayed(clock: FakeClock) -> None:
    """The first eight one by one, the others joined with what still waits."""
    assert paces(20, 0.2, clock) == [Pace.ALONE] * 8 + [Pace.TOGETHER] * 12


def test_sixty_in_ten_minutes_always_fit(clock: FakeClock) -> None:
    """One every ten seconds, for an hour: each by itself."""
    assert set(paces(360, 10, clock)) == {Pace.ALONE}


def test_a_stream_waits_and_recovers(clock: FakeClock) -> None:
    """Beyond sixty in a rush they come every half minute; after ten quiet minutes all is as before."""
    flow = Flow()
    found = []
    for _ in range(70):
        flow, pace = bursts.pour(flow, clock())
        found.append(pace)
    assert found[-10:] == [Pace.LATER] * 10
    clock.advance(minutes=11)
    assert bursts.pour(flow, clock())[1] is Pace.ALONE
    clock.advance(days=-1)
    assert bursts.pour(flow, clock())[0].stream <= bursts.STREAM
