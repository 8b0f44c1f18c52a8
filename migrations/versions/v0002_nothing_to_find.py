"""What erasing, sealing, holding back and handing on keys need to be remembered. storage/tables says what each is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keys()
    _conversations()
    _strangers()
    _copies()


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose what is sealed.")


def _keys() -> None:
    op.create_table(
        "hosts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("knows", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hosts"),
    )
    op.create_index("ix_hosts_heard_at", "hosts", ["heard_at"])
    op.create_table(
        "parcels",
        sa.Column("host", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["host"], ["hosts.id"], name="fk_parcels_host", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("host", "kid", name="pk_parcels"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_chores"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erasures_day", "erasures", ["day"])
    op.create_table(
        "archive_keys",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_archive_keys_staff"),
        sa.PrimaryKeyConstraint("reader", name="pk_archive_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_archive_keys_staff", "archive_keys", ["staff"])


def _conversations() -> None:
    op.create_index("ix_conversations_state_last_hour", "conversations", ["state", "last_hour"])
    op.create_table(
        "endings",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name="fk_endings_conversation"),
        sa.PrimaryKeyConstraint("conversation", name="pk_endings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_endings_look_at", "endings", ["look_at"])
    op.create_table(
        "holds",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name="fk_holds_conversation"),
        sa.PrimaryKeyConstraint("conversation", name="pk_holds"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_holds_until", "holds", ["until"])
    op.create_table(
        "requests",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_due_at", "requests", ["due_at"])
    op.create_index("ix_requests_staff", "requests", ["staff"])


def _strangers() -> None:
    op.create_table(
        "blocks",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_blocks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_blocks_until", "blocks", ["until"])
    op.create_table(
        "tallies",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_tallies"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tallies_hour", "tallies", ["hour"])
    op.create_table(
        "counts",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name="pk_counts"),
        sqlite_with_rowid=False,
    )


def _copies() -> None:
    """What carriers hold from before anybody asked them to delete it is asked for at once."""
    op.create_index("ix_copies_contact", "copies", ["contact"])
    op.execute(sa.text("UPDATE copies SET due_at = 0 WHERE due_at IS NULL"))
