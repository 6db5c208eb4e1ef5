"""Lists, page by page."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, InstanceOf, WithJsonSchema
from pydantic_core import PydanticCustomError

from agent.api.models import QueryModel, ResponseModel
from agent.store.keyset import Position

RowT = TypeVar("RowT")
ItemT = TypeVar("ItemT", bound=BaseModel)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
MAX_CURSOR = 120
MAX_ITEMS = 100


def encoded(position: Position) -> str:
    """A position as clients see it: without meaning to them, safe in a URL."""
    moment = (position.created_at - _EPOCH) // timedelta(microseconds=1)
    text = json.dumps([moment, position.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(value: Any) -> Position:
    """The position of a cursor. Raises PydanticCustomError (`invalid_cursor`) for what we did not make."""
    if isinstance(value, str) and len(value) <= MAX_CURSOR:
        try:
            padded = value + "=" * (-len(value) % 4)
            match json.loads(base64.b64decode(padded, altchars=b"-_", validate=True)):
                case [int(moment), str(row_id)] if _is_moment(moment) and _ID.fullmatch(row_id):
                    return Position(_EPOCH + timedelta(microseconds=moment), row_id)
        except (binascii.Error, ValueError, RecursionError):
            pass
    raise PydanticCustomError("invalid_cursor", "This is no cursor of ours; take `next_cursor` of the page before.")


def _is_moment(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value <= _LAST_US


Cursor = Annotated[
    InstanceOf[Position],
    BeforeValidator(decoded),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_CURSOR, "pattern": "^[A-Za-z0-9_-]+$"}),
]


class PageQuery(QueryModel):
    """Which page of a list. Filters of a list are added in a subclass."""

    limit: int = Field(default=20, ge=1, le=MAX_ITEMS)
    """Items on a page."""
    cursor: Cursor | None = None
    """`next_cursor` of the page before; none: the first page."""
    order: Literal["desc", "asc"] = "desc"
    """By the time of creation: newest or oldest first. Keep it, and the filters, from page to page."""


class Page(ResponseModel, Generic[ItemT]):
    """A part of a list."""

    object: Literal["list"] = "list"
    data: list[ItemT]
    has_more: bool
    """Whether a page follows."""
    next_cursor: str | None
    """`cursor` for that page."""


def page_of(
    rows: Sequence[RowT],
    query: PageQuery,
    *,
    item: Callable[[RowT], ItemT],
    position: Callable[[RowT], Position],
) -> Page[ItemT]:
    """A page of the rows that `agent.store.keyset.page` fetched: one more than it holds, if there are more."""
    shown = rows[: query.limit]
    has_more = len(rows) > query.limit
    return Page(
        data=[item(row) for row in shown],
        has_more=has_more,
        next_cursor=encoded(position(shown[-1])) if has_more else None,
    )
