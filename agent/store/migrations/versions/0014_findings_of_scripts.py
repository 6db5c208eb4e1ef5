"""What was found in scripts that the language model wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("scripts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("findings", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("scripts", schema=None) as batch_op:
        batch_op.drop_column("findings")
