"""The header Retry-After: when a receiver wants to be asked again. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=24)
"""More than that is cut: nobody may hold an event back for a year."""
_MOST_DIGITS = 9


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """The time that the header names as seconds or as an HTTP date, between now and `LONGEST` from now.

    None for no header, and for one that cannot be read.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=int(text)) if len(text) <= _MOST_DIGITS else LONGEST
        return now + min(wait, LONGEST)
    try:
        named = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if named.tzinfo is None:
        named = named.replace(tzinfo=UTC)
    return min(max(named, now), now + LONGEST)
