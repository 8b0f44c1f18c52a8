"""The first tables. storage/tables says what each column is; a test proves that both agree."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _keys()
    _people()
    _conversations()
    _texts()
    _strangers()
    _letters()
    _copies()
    _rota()


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose what is sealed.")


def _keys() -> None:
    op.create_table(
        "epochs",
        sa.Column("kid", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_epochs"),
    )
    op.create_table(
        "envelopes",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("owner_id", sa.LargeBinary(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("kid", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["kid"], ["epochs.kid"], name="fk_envelopes_kid"),
        sa.PrimaryKeyConstraint("owner", "owner_id", "reader", name="pk_envelopes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_envelopes_kid", "envelopes", ["kid"])
    op.create_table(
        "line",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_line"),
    )


def _people() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name_label", sa.LargeBinary(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("name_label", name="uq_staff_name_label"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_contacts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("address_label", sa.LargeBinary(), nullable=True),
        sa.Column("token_label", sa.LargeBinary(), nullable=True),
        sa.Column("token_until", sa.BigInteger(), nullable=True),
        sa.Column("last_from", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_staff_contacts_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_contacts"),
        sa.UniqueConstraint("address_label", name="uq_staff_contacts_address_label"),
        sa.UniqueConstraint("token_label", name="uq_staff_contacts_token_label"),
    )
    op.create_index("ix_staff_contacts_staff", "staff_contacts", ["staff"])


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("texter", sa.LargeBinary(), nullable=True),
        sa.Column("counselor", sa.Integer(), nullable=True),
        sa.Column("counselor_contact", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("last_hour", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_due_at", "conversations", ["due_at"])
    op.create_index(
        "ix_conversations_state_counselor_last_hour", "conversations", ["state", "counselor", "last_hour"]
    )
    op.create_table(
        "texter_contacts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("route_label", sa.LargeBinary(), nullable=True),
        sa.Column("erase_label", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_texter_contacts_conversation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_texter_contacts"),
        sa.UniqueConstraint("route_label", name="uq_texter_contacts_route_label"),
    )
    op.create_index("ix_texter_contacts_conversation", "texter_contacts", ["conversation"])
    op.create_index("ix_texter_contacts_erase_label", "texter_contacts", ["erase_label"])
    op.create_table(
        "offers",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name="fk_offers_conversation"),
        sa.PrimaryKeyConstraint("conversation", "staff", name="pk_offers"),
    )
    op.create_index("ix_offers_staff_due_at", "offers", ["staff", "due_at"])
    op.create_table(
        "casecodes",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("rested_day", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_casecodes"),
    )
    op.create_index("ix_casecodes_rested_day", "casecodes", ["rested_day"])


def _texts() -> None:
    op.create_table(
        "transcript",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name="fk_transcript_conversation"),
        sa.PrimaryKeyConstraint("conversation", "sequence", name="pk_transcript"),
    )
    op.create_table(
        "held",
        sa.Column("position", LONG, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_held"),
        sa.UniqueConstraint("id", name="uq_held_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_held_contact_position", "held", ["contact", "position"])
    op.create_index("ix_held_conversation", "held", ["conversation"])
    op.create_index("ix_held_staff", "held", ["staff"])


def _strangers() -> None:
    op.create_table(
        "seen",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_seen"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seen_day", "seen", ["day"])
    op.create_table(
        "optouts",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_optouts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rates",
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("label", name="pk_rates"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rates_day", "rates", ["day"])
    op.create_table(
        "offsets",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bot", name="pk_offsets"),
    )


def _letters() -> None:
    op.create_table(
        "lanes",
        sa.Column("lane", sa.LargeBinary(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_by", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("lane", name="pk_lanes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_lanes_leased_by", "lanes", ["leased_by"])
    op.create_index("ix_lanes_ready_at", "lanes", ["ready_at"])
    op.create_index("ix_lanes_sender_priority_ready_at", "lanes", ["sender", "priority", "ready_at"])
    op.create_table(
        "outbox",
        sa.Column("position", LONG, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("lane", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("owner_id", sa.LargeBinary(), nullable=False),
        sa.Column("reference_label", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
        sa.UniqueConstraint("reference_label", name="uq_outbox_reference_label"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_contact", "outbox", ["contact"])
    op.create_index("ix_outbox_conversation", "outbox", ["conversation"])
    op.create_index("ix_outbox_lane_position", "outbox", ["lane", "position"])
    op.create_index("ix_outbox_state_deadline", "outbox", ["state", "deadline"])


def _copies() -> None:
    op.create_table(
        "copies",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("reference_label", sa.LargeBinary(), nullable=True),
        sa.Column("conversation", sa.LargeBinary(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("line", sa.LargeBinary(), nullable=True),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("offer", sa.Boolean(), nullable=False),
        sa.Column("created_day", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_copies"),
        sa.UniqueConstraint("label", name="uq_copies_label"),
        sa.UniqueConstraint("reference_label", name="uq_copies_reference_label"),
    )
    op.create_index("ix_copies_conversation", "copies", ["conversation"])
    op.create_index("ix_copies_created_day", "copies", ["created_day"])
    op.create_index("ix_copies_due_at", "copies", ["due_at"])


def _rota() -> None:
    op.create_table(
        "rotas",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_rotas"),
    )
    op.create_table(
        "audit",
        sa.Column("id", LONG, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_day", "audit", ["day"])
