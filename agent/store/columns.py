"""Column types that are the same in SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_read = json.JSONDecoder().raw_decode
"""`json.loads` without its look for white space around a document, which ours have not: half the time of short ones."""


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as microseconds since 1970: SQLite knows no time zones, and numbers sort and compare."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """In UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Anything that JSON can say, kept as ASCII text.

    Not PostgreSQL's own type: that refuses the character NUL and lone surrogates, and others may send us both.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """None stays NULL."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """What was put in."""
        return None if value is None else _read(value)[0]
