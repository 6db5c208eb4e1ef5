"""Run by alembic for each migration; the connection comes from `agent.store.migrate`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from agent.store.columns import Json, Moment
from agent.store.schema import metadata


def _as_it_is_kept(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration names what is in the database: our own types may change after it was written."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_as_it_is_kept,
)
with context.begin_transaction():
    context.run_migrations()
