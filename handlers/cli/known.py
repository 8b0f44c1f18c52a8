"""People as they are named on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.people import Role, Staff
from handlers.cli.front import answer_is_no

if TYPE_CHECKING:
    from storage.work import Work


def person(work: Work, name: str) -> Staff:
    """The staff member of that name, in any case; the answer is no without one."""
    found = work.staff.by_name(name.strip())
    if found is None:
        raise answer_is_no("Nobody on this line has that name. See: greenroom staff list")
    return found


def admin(work: Work, name: str) -> Staff:
    """The admin of that name; the answer is no when she is none."""
    found = person(work, name)
    if Role.ADMIN not in found.roles:
        raise answer_is_no("--by: that person is no admin of this line. See: greenroom staff list")
    return found


def answers(work: Work, name: str) -> Staff:
    """The admin or supervisor of that name; the answer is no when she is neither."""
    who = person(work, name)
    if not who.roles & {Role.ADMIN, Role.SUPERVISOR}:
        raise answer_is_no("--by: only an admin or a supervisor may do that. See: greenroom staff list")
    return who
