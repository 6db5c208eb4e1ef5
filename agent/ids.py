"""Identifiers: prefixed, unguessable, safe in URLs, file names and Asterisk's channel ids."""

from __future__ import annotations

import uuid


def new_call_id() -> str:
    """A call's id: `call_` and 32 hexadecimal digits."""
    return f"call_{uuid.uuid4().hex}"
