"""What a minute of a transfer over a trunk costs: it counts among the minutes and the money of calls out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("price_micros", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_transfers_started_at"), ["started_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfers_started_at"))
        batch_op.drop_column("price_micros")
