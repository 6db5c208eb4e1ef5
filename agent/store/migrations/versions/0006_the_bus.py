"""How far events were published to the message queue; and positions of events that are never given out twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "bus_positions",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("leased_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bus_positions")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _count_positions_up()


def _count_positions_up() -> None:
    """SQLite gives the highest position out again when its event was deleted, unless the table says AUTOINCREMENT.

    It can say so only when it is made. To drop the old one deletes what refers to it: that is put aside meanwhile.
    """
    op.execute("CREATE TEMPORARY TABLE deliveries_aside AS SELECT * FROM webhook_deliveries")
    with op.batch_alter_table("events", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    op.execute("INSERT INTO webhook_deliveries SELECT * FROM deliveries_aside")
    op.execute("DROP TABLE deliveries_aside")
