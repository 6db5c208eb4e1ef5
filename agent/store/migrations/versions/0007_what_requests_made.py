"""What a request with an idempotency key has made, known also where its answer was not kept any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("idempotency_keys", sa.Column("made", sa.String(length=64), nullable=True))
