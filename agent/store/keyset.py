"""Pages of a list by keyset: what comes after a position, never "skip so many", so that no page grows slower."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, literal, or_

from agent.store.columns import Moment


@dataclass(frozen=True, slots=True)
class Position:
    """Where a row stands in a list that is sorted by time; the id decides among those of one moment."""

    created_at: datetime
    id: str


def page(
    query: Select[Any],
    created_at: ColumnElement[datetime],
    row_id: ColumnElement[str],
    *,
    after: Position | None,
    limit: int,
    descending: bool = True,
) -> Select[Any]:
    """The query for `limit` rows after a position, and one more, which tells whether the list goes on.

    An index on both columns answers it without sorting.
    """
    if after is not None:
        at, own = literal(after.created_at, Moment), literal(after.id, String)
        # The first condition is implied by the second; with it both databases begin in the right place of the index.
        query = query.where(
            and_(
                created_at <= at if descending else created_at >= at,
                or_(
                    created_at < at if descending else created_at > at,
                    row_id < own if descending else row_id > own,
                ),
            )
        )
    order = (created_at.desc(), row_id.desc()) if descending else (created_at.asc(), row_id.asc())
    return query.order_by(*order).limit(limit + 1)
