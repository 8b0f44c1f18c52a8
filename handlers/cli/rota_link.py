"""`greenroom rota link`: calendars to subscribe to, each behind a link of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bot.feeds import Whose
from handlers.cli import asked, known
from handlers.cli.front import Code, Stopped, answer_is_no, wrong_use

if TYPE_CHECKING:
    from bot.people import StaffId
    from bot.redact import Secret
    from storage.feeds import Feed
    from storage.work import Work

NOWHERE = (
    "web.public_url is missing: a calendar must be able to reach this line. Add it to the configuration."
)
"""A line without carriers that call it may have none."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A link, or that there is none any more; `title` for a person."""

    title: str
    token: Secret[str] | None
    ended: int


def link(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Whose shifts, in all schedules.")] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="NAME", help='Everybody\'s shifts in one: "on call".')
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="End the link; make none.")] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="Whose calendars have a link, and since when.")
    ] = False,
) -> None:
    """Make the link by which a calendar program shows somebody's shifts; it is shown once, and ends the one before."""
    here = asked.of(context)
    if list_:
        if name is not None or schedule is not None or revoke:
            raise wrong_use("--list stands alone. Try: greenroom rota link --list")
        _list(here)
        return
    if (name is None) == (schedule is None):
        raise wrong_use('Say whose calendar: a NAME, or --schedule "on call".')
    url = here.settings().web.public_url
    if not url and not revoke:
        raise Stopped(Code.SETTINGS, NOWHERE)

    def thought(work: Work) -> _Made:
        whose, title, spoken = _whose(work, name, schedule, ending=revoke)
        if not revoke:
            work.audit.add("calendar link made", detail=spoken)
            return _Made(title, work.feeds.add(whose), 0)
        ended = work.feeds.end(whose)
        if not ended:
            raise answer_is_no("That calendar has no link. See: greenroom rota link --list")
        work.audit.add("calendar link ended", detail=spoken)
        return _Made(title, None, ended)

    with here.store(here.settings()) as store:
        made = store.do_now(thought)
    _show(here, made, url)


def _whose(work: Work, name: str | None, schedule: str | None, *, ending: bool) -> tuple[Whose, str, str]:
    """Whose calendar is meant, how a person reads it, and how the trail has it: without a name."""
    if name is not None:
        person = known.person(work, name)
        return Whose(person.id, None), person.name, str(person.id)
    wanted = " ".join((schedule or "").split())
    if not ending and wanted not in _schedules(work):
        raise answer_is_no("The rota in force has no schedule of that name. See: greenroom rota show")
    return Whose(None, wanted), wanted, f"schedule {wanted}"


def _schedules(work: Work) -> set[str]:
    from bot import rotafile

    document = work.rota.current()
    return {schedule.name for schedule in rotafile.decode(document).schedules} if document else set()


def _show(here: asked.Asked, made: _Made, url: str) -> None:
    plain: dict[str, object] = {"calendar": made.title, "url": None, "ended": made.ended}
    if made.token is None:
        here.answer(plain, f"The link to the calendar of {made.title} has ended.")
        return
    plain["url"] = f"{url}/calendar/{made.token.reveal()}.ics"
    here.answer(
        plain,
        f"The calendar of {made.title}; this link is shown once, and any link to it before has ended:",
        str(plain["url"]),
        "Let her add it in her calendar program as a calendar to subscribe to. Whoever has the link sees the shifts;",
        "greenroom rota link … --revoke ends it. A calendar may lag by hours: the line's own texts are what counts.",
    )


def _list(here: asked.Asked) -> None:
    def thought(work: Work) -> list[dict[str, object]]:
        names = {person.id: person.name for person in work.staff.everyone()}
        return [_plain(feed, names) for feed in work.feeds.all()]

    with here.store(here.settings()) as store:
        rows = store.do_now(thought)
    rows.sort(key=lambda row: (str(row["name"] or ""), str(row["schedule"] or "")))
    if not rows and not here.json:
        here.answer(rows, "No calendar has a link.")
        return
    shown = [[str(value) if value is not None else "" for value in row.values()] for row in rows]
    here.table(rows, ("name", "schedule", "made", "fetched"), shown)


def _plain(feed: Feed, names: dict[StaffId, str]) -> dict[str, object]:
    return {
        "name": None if feed.whose.staff is None else names.get(feed.whose.staff),
        "schedule": feed.whose.schedule,
        "made": feed.made.date().isoformat(),
        "fetched": feed.looked.date().isoformat() if feed.looked else None,
    }
