"""Shares of observations. Pure."""

from __future__ import annotations

from collections.abc import Iterable


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
