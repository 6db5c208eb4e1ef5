"""Shares of observations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def percent(outcomes: Iterable[bool | None]) -> float | None:
    """Of the outcomes how many were true; None where there were none."""
    known = [bool(one) for one in outcomes]
    return 100 * sum(known) / len(known) if known else None


def ratio(outcomes: Iterable[bool | None]) -> str:
    """The same as people read it: 3/4."""
    known = [bool(one) for one in outcomes]
    return f"{sum(known)}/{len(known)}"


def reasons(found: Iterable[str | None]) -> dict[str, int]:
    """How often each reason is given."""
    given = sorted(one for one in found if one is not None)
    return {one: given.count(one) for one in given}


def notes(conditions: Mapping[str, Any]) -> tuple[str, ...]:
    """A row's conditions as lines that people read under its table."""
    return tuple(f"{_words(row)}: {'; '.join(_items(told))}" for row, told in conditions.items())


def _items(told: Mapping[str, Any]) -> Iterator[str]:
    for key, value in told.items():
        if isinstance(value, Mapping):
            inner = ", ".join(f"{_words(str(name))} {count}" for name, count in value.items()) or "nothing"
            yield f"{_words(key)}: {inner}"
        elif isinstance(value, list):
            yield f"{_words(key)}: {', '.join(map(str, value)) or 'nothing'}"
        else:
            yield f"{_words(key)} {value}"


def _words(key: str) -> str:
    return key.replace("_", " ")
