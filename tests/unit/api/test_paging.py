from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from agent.api.models import ResponseModel
from agent.api.paging import MAX_CURSOR, Page, PageQuery, decoded, encoded, page_of
from agent.ids import new_id
from agent.store.keyset import Position

START = datetime(2026, 1, 31, tzinfo=UTC)


class Thing(ResponseModel):
    id: str


def test_a_position_survives_its_cursor_to_the_microsecond() -> None:
    position = Position(START + timedelta(microseconds=123_457), new_id("call"))
    cursor = encoded(position)
    assert decoded(cursor) == position
    assert len(cursor) <= MAX_CURSOR
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        [1],
        [1, 2],
        ["1", "call_1"],
        [True, "call_1"],
        [-1, "call_1"],
        [10**30, "call_1"],
        [1, "'; DROP TABLE calls"],
        [1, "call_1\0"],
        [1, ""],
        [1, "call_1", 2],
        {"a": 1},
    ],
)
def test_a_cursor_with_other_content_is_refused(content: Any) -> None:
    with pytest.raises(PydanticCustomError, match="no cursor of ours"):
        decoded(base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("="))


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()) | st.none() | st.integers())
def test_garbage_is_refused_and_nothing_else_happens(value: Any) -> None:
    with pytest.raises(PydanticCustomError):
        decoded(value)


def test_a_page_ends_where_the_next_begins() -> None:
    def page(ids: list[str]) -> Page[Thing]:
        return page_of(
            ids,
            PageQuery(limit=2),
            item=lambda row: Thing(id=row),
            position=lambda row: Position(START, row),
        )

    full = page(["a", "b", "c"])
    assert ([thing.id for thing in full.data], full.has_more) == (["a", "b"], True)
    assert decoded(full.next_cursor) == Position(START, "b")
    last = page(["a", "b"])
    assert (len(last.data), last.has_more, last.next_cursor) == (2, False, None)
    assert page([]).model_dump() == {"object": "list", "data": [], "has_more": False, "next_cursor": None}
