"""Identifiers: prefixed, sortable by time, safe in URLs, file names and Asterisk's channel ids."""

from __future__ import annotations

from ulid import ULID


def new_id(prefix: str) -> str:
    """`prefix`, an underscore and a ULID: 26 characters that begin with the time and end with 80 random bits.

    Ids of the same millisecond do not sort among each other.
    """
    return f"{prefix}_{ULID()}"


def new_call_id() -> str:
    """A call's id, such as `call_01JD8Z…`."""
    return new_id("call")
