"""What the people who run the line must know: told to every admin, in her language, and where it recurs once a day."""

from __future__ import annotations

from collections.abc import Iterable

from bot.people import ContactId, Role, Staff
from bot.phrases import Phrase
from handlers import apply
from handlers.line import Line
from storage.work import Work


def tell_admins(
    work: Work, line: Line, what: Phrase, *, once: str = "", but: ContactId | None = None
) -> bool:
    """Tells every admin who can be reached, but not at this contact. `once`: a fixed word of ours; told for it already
    today (UTC), nobody is told again, and it is False."""
    if once and not work.rates.first_today_of_all(once):
        return False
    tell_each(work, line, [one for one in work.staff.everyone() if Role.ADMIN in one.roles], what, but=but)
    return True


def tell_each(
    work: Work, line: Line, people: Iterable[Staff], what: Phrase, *, but: ContactId | None = None
) -> None:
    """Tells each of these who can be reached, but not at this contact."""
    for person in people:
        if person.contact is not None and person.contact.id != but:
            apply.tell(work, line, person.contact, what)


def answerable(work: Work) -> list[Staff]:
    """The supervisors and admins: who answers for what is kept."""
    return [one for one in work.staff.everyone() if one.roles & {Role.SUPERVISOR, Role.ADMIN}]
