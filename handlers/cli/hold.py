"""`greenroom hold` and `greenroom holdings`: what must be kept for now, and what there is at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot import casecode
from handlers.cli import asked, known
from handlers.cli.front import answer_is_no, wrong_use

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.config import Config
    from bot.conversation import Conversation
    from storage.work import Work

app = typer.Typer(help="Conversations that the law forbids to erase for now.")

LONGEST_REASON: Final = 200
FEWER: Final = 5
"""Numbers under this would point at somebody: they are not shown."""
COUNTED: Final = timedelta(days=30)

WORDS: Final = {
    "waiting": "conversations that wait for a counselor",
    "open": "conversations with a counselor",
    "closed": "closed conversations, not sealed",
    "sealed": "sealed conversations",
    "erased": "erased conversations: id, days, who had it",
    "held": "of all these on hold",
    "transcript_lines": "lines of transcripts, encrypted",
    "addresses": "texters' addresses, encrypted",
    "carrier_copies": "messages that carriers still have",
    "letters": "messages still to be sent",
    "held_texts": "texts of staff held for a question",
    "optouts": "fingerprints of those who wrote STOP",
    "blocks": "fingerprints of those who are blocked",
    "people": "people on the line",
    "audit_entries": "entries in the audit trail",
}
"""What is counted, as a person reads it."""

Code = Annotated[str, typer.Argument(help="The conversation's code.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="The admin or supervisor who answers for it.")]


@app.command()
def add(
    context: typer.Context,
    code: Code,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Its last day, such as 2027-01-31.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; stands in the audit trail.")],
    by: By,
) -> None:
    """Keep a conversation and its address until the end of a day, whatever [retention] says; or change that day."""
    from handlers import holding

    here = asked.of(context)
    config = here.settings()
    why = _reason(reason)

    def thought(work: Work) -> Conversation:
        who = known.answers(work, by)
        end = _end_of(until, config, work.now)
        found = _named(work, code)
        holding.begin(work, found.id, until=end, by=who.id, reason=why)
        return found

    with here.store(config) as store:
        found = store.do_now(thought)
    told = "erased at once all the same" if config.policy.delete_during_hold == "erase" else "erased after it"
    here.answer(
        {"code": found.code, "until": until.strip(), "by": by.strip()},
        f"{found.code} is kept until the end of {until.strip()}.",
        f"If its texter writes DELETE meanwhile it is {told} (policy.delete_during_hold).",
        "Carriers' copies are deleted as ever, and it is sealed as ever.",
    )


@app.command(name="list")
def list_(context: typer.Context) -> None:
    """What is held, until when, by whom and why."""
    here = asked.of(context)
    config = here.settings()

    def thought(work: Work) -> list[dict[str, object]]:
        people = {person.id: person.name for person in work.staff.everyone()}
        zone = _zone(config)
        return [
            {
                "code": found.code if found else None,
                "state": found.state.value if found else None,
                "until": (hold.until - timedelta(microseconds=1)).astimezone(zone).date().isoformat(),
                "by": people.get(hold.by, "somebody who left"),
                "reason": hold.reason,
                "erased at its end": hold.wished,
            }
            for hold in work.holds.all()
            for found in (work.conversations.get(hold.conversation),)
        ]

    with here.store(config) as store:
        rows = store.do_now(thought)
    if not rows and not here.json:
        here.answer(rows, "Nothing is held.")
        return
    shown = [[_cell(value) for value in row.values()] for row in rows]
    here.table(rows, ("code", "state", "until", "by", "reason", "erased at its end"), shown)


@app.command()
def end(context: typer.Context, code: Code, by: By) -> None:
    """Hold a conversation no longer: time goes on for it, or it is erased at once if its texter wished so."""
    from handlers import holding

    here = asked.of(context)

    def thought(work: Work) -> tuple[str, bool]:
        who = known.answers(work, by)
        wanted = _code(code)
        for hold in work.holds.all():
            found = work.conversations.get(hold.conversation)
            if found is not None and found.code == wanted:
                return found.code, holding.end(work, hold.conversation, by=who.id)
        raise answer_is_no("No conversation of that code is held. See: greenroom hold list")

    with here.store(here.settings()) as store:
        named, erased = store.do_now(thought)
    then = "It was erased now, as its texter had asked." if erased else "Time goes on for it."
    here.answer({"code": named, "erased": erased}, f"{named} is held no longer. {then}")


def holdings(context: typer.Context) -> None:
    """Say by count what this line holds, for whoever is asked for it. Nothing is opened."""
    here = asked.of(context)

    def thought(work: Work) -> tuple[dict[str, int], dict[str, int]]:
        from storage.tables import day_of

        return work.holdings(), work.counts.since(day_of(work.now - COUNTED))

    with here.store(here.settings()) as store:
        there, counted = store.do_now(thought)
    hidden = {name: number if number >= FEWER else None for name, number in counted.items()}
    rows = [(WORDS.get(name, name), str(number)) for name, number in there.items()]
    rows += [
        (f"{name}, in {COUNTED.days} days", f"fewer than {FEWER}" if number is None else str(number))
        for name, number in hidden.items()
    ]
    plain = {name: f"fewer than {FEWER}" if number is None else number for name, number in hidden.items()}
    here.table({**there, "counts": plain}, ("what", "number"), rows)


def _code(text: str) -> str:
    code = casecode.read(text)
    if code is None:
        raise wrong_use("CODE: that is no case code; one looks like K7R2.")
    return code


def _named(work: Work, text: str) -> Conversation:
    found = work.conversations.by_code(_code(text))
    if found is None:
        raise answer_is_no("There is no conversation of that code.")
    if found.state == "erased":
        raise answer_is_no("That conversation has been erased: there is nothing left to keep.")
    return found


def _reason(text: str) -> str:
    why = " ".join(text.split())
    if not why or len(why) > LONGEST_REASON or not why.isprintable():
        raise wrong_use(f"--reason: say why in 1 to {LONGEST_REASON} printable characters.")
    return why


def _end_of(text: str, config: Config, now: datetime) -> datetime:
    """The first instant after that day, where the line is."""
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d")  # noqa: DTZ007 - a date; its zone is the line's
    except ValueError:
        raise wrong_use("--until: write a day as year-month-day, such as 2027-01-31.") from None
    end = (day + timedelta(days=1)).replace(tzinfo=_zone(config))
    if end <= now:
        raise wrong_use("--until: that day is over already.")
    return end


def _zone(config: Config) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(config.line.time_zone)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "-" if value is None else str(value)
