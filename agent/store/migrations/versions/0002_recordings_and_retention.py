"""Recordings with consent; what retention looks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. No version before this one wrote into the table of recordings."""
    op.drop_table("recordings")
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("consent", sa.String(length=16), nullable=False),
        sa.Column("answered_by", sa.String(length=8), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=32), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("file_removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_recordings_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_recordings")),
    )
    op.create_index(op.f("ix_recordings_status_decided_at"), "recordings", ["status", "decided_at"])
    op.add_column("calls", sa.Column("transcript_deleted_at", sa.BigInteger(), nullable=True))
    for name, still in (("transcript", "transcript_deleted_at IS NULL"), ("personal_data", "erased_at IS NULL")):
        where = sa.text(still)
        op.create_index(
            f"ix_calls_ended_at_with_{name}", "calls", ["ended_at"], sqlite_where=where, postgresql_where=where
        )
