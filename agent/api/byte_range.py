"""The part of a file that a request asks for: the header Range (RFC 9110, 14), for one range. Pure."""

from __future__ import annotations

import re
from typing import Final

_ONE: Final = re.compile(r"bytes[ \t]*=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)


class UnsatisfiableError(ValueError):
    """The range begins behind the end."""


def byte_range(header: str | None, size: int) -> range | None:
    """Positions asked for, or None: the whole file.

    As the RFC has it, what cannot be understood is ignored, and so are several ranges in one header: no client of
    sound asks for them. Raises UnsatisfiableError.
    """
    match = _ONE.fullmatch(header) if header else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        if int(suffix) == 0 or size == 0:
            raise UnsatisfiableError
        return range(max(0, size - int(suffix)), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return range(start, min(int(last) + 1, size) if last else size)
