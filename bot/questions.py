"""What the line asks staff, to be answered by OK or CAN'T."""

from __future__ import annotations

from enum import StrEnum


class QuestionKind(StrEnum):
    """READ_BACK: is this what you mean? COVER: will you serve for a colleague? COVERING: you now do; CAN'T gives it
    back. REMINDER: your shift comes. READY: it begins. GAPS: nobody is there then; OK: we know. ECHO: repeat this
    number, for a sender can be forged."""

    READ_BACK = "read back"
    COVER = "cover"
    COVERING = "covering"
    REMINDER = "reminder"
    READY = "ready"
    GAPS = "gaps"
    ECHO = "echo"
