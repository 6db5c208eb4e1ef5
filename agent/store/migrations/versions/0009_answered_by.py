"""Who answered a call that we made, with the evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("calls", sa.Column("answered_by", sa.Text(), nullable=True))
