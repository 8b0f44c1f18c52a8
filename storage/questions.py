"""What the line has asked staff and has no answer to yet: OK and CAN'T answer the last one that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, insert, select

from bot.errors import SealBroken
from bot.people import ContactId, QuestionId, StaffId
from bot.questions import QuestionKind
from storage.desk import AnyRow, Desk
from storage.tables import questions
from storage.vault import Owner, Place

AT_ONCE: Final = 100
"""Questions in one look of the clock."""

_ALL = select(questions).order_by(questions.c.due_at, questions.c.id)
_ONE = _ALL.where(questions.c.id == bindparam("of"))
_DUE = _ALL.where(questions.c.due_at <= bindparam("now")).limit(AT_ONCE)
_OF = _ALL.where(questions.c.staff == bindparam("of"))
_GONE = delete(questions).where(questions.c.id == bindparam("of"))
_INSERT = insert(questions).inline()


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `about`: what its kind makes of it, as bytes; `due_at`: an answer after it comes too late."""

    id: QuestionId
    kind: QuestionKind
    staff: StaffId
    contact: ContactId
    due_at: datetime
    about: bytes


class Questions:
    """Questions, under the key of whom they were put to: they are gone with her."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.asked: list[tuple[StaffId, QuestionId]] = []
        """Those of this transaction, and whom they are put to."""

    def add(
        self, kind: QuestionKind, staff_id: StaffId, contact: ContactId, *, about: bytes, due_at: datetime
    ) -> QuestionId:
        """A new question, which a letter is to ask."""
        row: dict[str, Any] = {
            "id": self._desk.chance.id(),
            "kind": kind.value,
            "staff": staff_id,
            "contact": contact,
            "due_at": due_at,
        }
        key = self._desk.key(Owner.STAFF, staff_id.to_bytes(16, "big"))
        row["sealed"] = self._desk.vault.seal(key, _place(row), about, self._desk.now)
        self._desk.conn.execute(_INSERT, row)
        self.asked.append((staff_id, QuestionId(row["id"])))
        return QuestionId(row["id"])

    def get(self, question_id: QuestionId) -> Question | None:
        """The question, as long as it has no answer and has not lapsed."""
        return next(iter(self._list(_ONE, of=question_id)), None)

    def of(self, staff_id: StaffId) -> list[Question]:
        """Hers, the first due first."""
        return self._list(_OF, of=staff_id)

    def due(self) -> list[Question]:
        """Those that have waited long enough, a hundred at most."""
        return self._list(_DUE, now=self._desk.now)

    def settle(self, question_id: QuestionId) -> bool:
        """It has its answer, or has lapsed; False when somebody was quicker."""
        return self._desk.conn.execute(_GONE, {"of": question_id}).rowcount == 1

    def _list(self, statement: Select[Any], **params: object) -> list[Question]:
        """The rows; one that was changed is none, and goes: it would come first every time."""
        found = []
        for row in self._desk.conn.execute(statement, params).all():
            try:
                found.append(self._opened(row))
            except SealBroken as broken:
                self._desk.notice(broken)
                self.settle(QuestionId(row.id))
        return found

    def _opened(self, row: AnyRow) -> Question:
        key = self._desk.key(Owner.STAFF, row.staff.to_bytes(16, "big"))
        opened = self._desk.vault.open(key, _place(row._mapping), row.sealed)
        return Question(
            QuestionId(row.id),
            QuestionKind(row.kind),
            StaffId(row.staff),
            ContactId(row.contact),
            row.due_at,
            opened.body,
        )


def _place(row: Mapping[Any, Any]) -> Place:
    """What was asked, and of which phone, is part of it: no answer can be given to another question."""
    bound = f"{row['kind']} {row['contact'].hex()} {row['due_at'].isoformat()}"
    return Place(
        "questions.sealed", Owner.STAFF, row["staff"].to_bytes(16, "big"), row["id"], direction=bound
    )
