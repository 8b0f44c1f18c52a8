"""A supervisor's key comes and goes: the first two at once, every later one by two people or after three days."""

from __future__ import annotations

from bot import fingerprint, phrases
from bot.foureyes import RULES, RequestKind, may_approve
from bot.people import Staff, StaffId
from bot.phrases import phrase
from handlers import alarms
from handlers.line import Line
from storage.archive_keys import ArchiveKey, KeyStanding
from storage.box import SupervisorKey
from storage.requests import Request, RequestState
from storage.work import Work

FIRST = 2
"""Keys of a line that need no second person: there is nobody yet whose trust could be abused."""


def at_once(work: Work) -> bool:
    """Whether the next key needs no second person; keys that have ended count, or ending two would open the way."""
    return len(work.archive_keys.all()) < FIRST


def propose(
    work: Work, line: Line, owner: Staff, half: SupervisorKey, public: bytes, by: Staff | None
) -> Request | None:
    """A key for this supervisor; None when it counts at once. `by` asks: an admin, without whom only the first may be
    added. ValueError when this very key has been on the line before."""
    said = fingerprint.spoken(half.reader)
    asker = by.id if by else None
    if at_once(work):
        if not work.archive_keys.add(owner.id, half, public):
            raise ValueError("known")
        work.audit.add("key added", by=asker, detail=f"{owner.id}: {said}")
        told = phrase("key.active", name=owner.name, fingerprint=said)
        alarms.tell_each(work, line, alarms.answerable(work), told)
        return None
    assert by is not None
    valid = RULES[RequestKind.KEY].valid
    if not work.archive_keys.add(owner.id, half, public, due_at=work.now + valid):
        raise ValueError("known")
    request = work.requests.add(RequestKind.KEY, by.id, valid=valid, reader=half.reader)
    work.audit.add("key asked for", by=by.id, detail=f"{owner.id}: {said}")
    for person in alarms.answerable(work):
        approves = may_approve(RequestKind.KEY, person, by.id)
        place = "key.asked.approve" if approves else "key.asked"
        told = phrase(
            place,
            name=owner.name,
            by=by.name,
            fingerprint=said,
            number=request.approving if approves else request.number,
            time=phrases.moment(request.due_at, work.now),
        )
        alarms.tell_each(work, line, [person], told)
    return request


def granted(work: Work, line: Line, request: Request, by: Staff) -> None:
    """A second admin has said yes."""
    work.archive_keys.activate(request.reader)
    work.audit.add("key approved", by=by.id, detail=_said(work, request))
    _announce(work, line, request, "key.active")


def refused(work: Work, line: Line, request: Request, by: Staff) -> None:
    """Somebody has said no: the key never counts."""
    said = _said(work, request)
    work.archive_keys.end(request.reader)
    work.audit.add("key refused", by=by.id, detail=said)
    _announce(work, line, request, "key.refused")


def lapsed(work: Work, line: Line, request: Request) -> None:
    """Three days have gone by, all were told, nobody has said no: it counts; not if its asker has left meanwhile."""
    if work.staff.get(request.by) is None:
        said = _said(work, request)
        work.archive_keys.end(request.reader)
        work.audit.add("key lapsed", detail=said)
        _announce(work, line, request, "key.refused")
        return
    work.archive_keys.activate(request.reader)
    work.audit.add("key counts after three days", detail=_said(work, request))
    _announce(work, line, request, "key.active")


def end(work: Work, line: Line, key: ArchiveKey, *, by: StaffId | None, why: str) -> None:
    """Nothing is sealed to this key any more; whoever answers for the line is told. `why`: for the audit trail."""
    owner = work.staff.get(key.staff)
    for request in work.requests.waiting():
        if request.kind is RequestKind.KEY and request.reader == key.reader:
            work.requests.settle(request, RequestState.LAPSED)
    work.archive_keys.end(key.reader)
    said = fingerprint.spoken(key.reader)
    work.audit.add("key ended", by=by, detail=f"{key.staff}: {said}, {why}")
    left = len(work.archive_keys.standing())
    told = phrase(
        "key.ended" if left >= FIRST else "key.ended.few",
        name=owner.name if owner else "?",
        fingerprint=said,
        count=str(left),
    )
    alarms.tell_each(work, line, alarms.answerable(work), told)


def ended_with(work: Work, line: Line, person: Staff, by: StaffId | None) -> None:
    """Somebody leaves the line: her keys end, and what she asked for is not done any more."""
    for key in work.archive_keys.of(person.id):
        end(work, line, key, by=by, why="she left")
    for request in work.requests.waiting():
        if request.by != person.id or not work.requests.settle(request, RequestState.LAPSED):
            continue
        if request.kind is RequestKind.KEY:
            key = next(one for one in work.archive_keys.all() if one.reader == request.reader)
            if key.standing is not KeyStanding.ENDED:
                end(work, line, key, by=by, why="its asker left")


def _said(work: Work, request: Request) -> str:
    whose = next((one.staff for one in work.archive_keys.all() if one.reader == request.reader), "?")
    return f"{whose}: {fingerprint.spoken(request.reader)}"


def _announce(work: Work, line: Line, request: Request, place: str) -> None:
    key = next((one for one in work.archive_keys.all() if one.reader == request.reader), None)
    owner = work.staff.get(key.staff) if key else None
    told = phrase(place, name=owner.name if owner else "?", fingerprint=fingerprint.spoken(request.reader))
    alarms.tell_each(work, line, alarms.answerable(work), told)
