"""What the people who run the line must know: told to every admin, in her language, and where it recurs once a day."""

from __future__ import annotations

from bot.people import ContactId, Role
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
    for person in work.staff.everyone():
        if Role.ADMIN in person.roles and person.contact is not None and person.contact.id != but:
            apply.tell(work, line, person.contact, what)
    return True
