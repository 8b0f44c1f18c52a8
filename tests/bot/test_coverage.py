"""Holes in a schedule: nobody, nobody who can be reached, nobody who speaks a language; and which a change opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.coverage import Holes, Span, holes, length, opened
from bot.people import Contact, ContactId, Medium, Role, Staff, StaffId, Standing
from bot.rota import Layer, Schedule, Unit

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def person(number: int, role: Role, standing: Standing, *languages: str) -> Staff:
    contact = Contact(ContactId(bytes([number] * 16)), StaffId(number), Medium.SMS, standing)
    return Staff(StaffId(number), f"person {number}", frozenset({role}), languages, (contact,))


def day(n: int, length: int = 1) -> Span:
    return (MONDAY + n * DAY, MONDAY + (n + length) * DAY)


def test_each_kind_of_hole_is_where_it_is() -> None:
    """Alma speaks English, Bo has opted out, an admin takes no conversations, who has left is nobody; then the end."""
    turns = Layer(
        name="days",
        zone="UTC",
        start=MONDAY.replace(tzinfo=None),
        until=(MONDAY + 6 * DAY).replace(tzinfo=None),
        unit=Unit.DAY,
        participants=tuple((StaffId(n),) for n in (1, 2, 3, 4, 1, 5)),
    )
    schedule = Schedule(name="on call", zone="UTC", layers=(turns,))
    everybody = (
        person(1, Role.COUNSELOR, Standing.JOINED, "en"),
        person(2, Role.COUNSELOR, Standing.OPTED_OUT, "en", "uk"),
        person(3, Role.ADMIN, Standing.JOINED, "en", "uk"),
        person(5, Role.SUPERVISOR, Standing.JOINED, "uk"),
    )
    people = {one.id: one for one in everybody}
    assert holes(schedule, people, ("en", "uk"), MONDAY, MONDAY + 7 * DAY) == Holes(
        nobody=[day(6)], unreachable=[day(1, 3)], languages={"uk": [day(0), day(4)], "en": [day(5)]}
    )


SPANS = st.sets(st.integers(0, 30)).map(
    lambda edges: [
        (MONDAY + a * DAY, MONDAY + b * DAY) for a, b in zip(*[iter(sorted(edges))] * 2, strict=False)
    ]
)


@given(SPANS, SPANS)
def test_what_a_change_opens_is_what_was_no_hole(before: list[Span], after: list[Span]) -> None:
    """Day by day."""

    def days(spans: list[Span]) -> set[datetime]:
        return {MONDAY + n * DAY for n in range(31) if any(a <= MONDAY + n * DAY < b for a, b in spans)}

    new = opened(before, after)
    assert days(new) == days(after) - days(before)
    assert length(new) == len(days(new)) * DAY
