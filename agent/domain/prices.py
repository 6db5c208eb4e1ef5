"""What calls cost, by the beginning of the number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

MICROS = 1_000_000
"""Money is counted in millionths of whatever currency the configuration means, so that sums are exact."""
_MINUTE = timedelta(minutes=1)


def longest_prefix(number: str, prefixes: Iterable[str]) -> str | None:
    """The longest of those that the number begins with; None: none."""
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)


def price_micros(number: str, per_minute: Mapping[str, float]) -> int:
    """Millionths per minute; a number without a price costs nothing."""
    prefix = longest_prefix(number, per_minute)
    return 0 if prefix is None else round(per_minute[prefix] * MICROS)


def minutes_begun(lasted: timedelta) -> int:
    """As providers count: each minute that has begun, and one at least."""
    return max(1, -(-lasted // _MINUTE))
