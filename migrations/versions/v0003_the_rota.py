"""What planning needs to be remembered: the past as it was, requests, absences, questions, calendars. storage/tables
says what each is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("staff_contacts", sa.Column("last_question", sa.LargeBinary(), nullable=True))
    op.add_column("outbox", sa.Column("question", sa.LargeBinary(), nullable=True))
    _past()
    _requests()
    _told()


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose what is sealed.")


def _long() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _past() -> None:
    op.create_table(
        "duty",
        sa.Column("id", _long(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_duty"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_duty_staff", "duty", ["staff"])
    op.create_index("ix_duty_day", "duty", ["day"])
    op.create_table(
        "aways",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_aways"),
    )
    op.create_index("ix_aways_staff", "aways", ["staff"])
    op.create_index("ix_aways_until", "aways", ["until"])


def _requests() -> None:
    op.create_table(
        "covers",
        sa.Column("number", _long(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_covers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_covers_staff", "covers", ["staff"])
    op.create_index("ix_covers_due_at", "covers", ["due_at"])
    op.create_table(
        "questions",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_staff", "questions", ["staff"])
    op.create_index("ix_questions_due_at", "questions", ["due_at"])


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_told"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_day", "told", ["day"])
    op.create_table(
        "feeds",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("label", name="uq_feeds_label"),
    )
    op.create_index("ix_feeds_staff", "feeds", ["staff"])
