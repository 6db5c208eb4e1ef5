"""Tokens by which a browser, which cannot send a key with a WebSocket, listens to one call."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agent.store.api_keys import hash_of

PREFIX: Final = "pal_"
RANDOM_BYTES: Final = 32
LIFETIME: Final = timedelta(seconds=60)
"""From the front end's request to its WebSocket: seconds at most."""
MAX_TOKENS: Final = 1000
"""Not yet used; a further one makes the oldest invalid."""


@dataclass(frozen=True, slots=True)
class AudioToken:
    """What a token permits: one connection to one call."""

    call_id: str
    key_id: str
    """Of the API key that asked for it."""
    expires_at: datetime


class AudioTokens:
    """Those that were given out and not used. In memory: a call and its sound belong to this process, too."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, AudioToken] = OrderedDict()

    def issue(self, call_id: str, key_id: str, now: datetime) -> tuple[str, AudioToken]:
        """A new secret, and what it permits."""
        secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        token = AudioToken(call_id, key_id, now + LIFETIME)
        self._tokens[hash_of(secret)] = token
        while len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
        return secret, token

    def redeem(self, secret: str, call_id: str, now: datetime) -> AudioToken | None:
        """What the secret permits, this once; None for one that is unknown, used, too old, or of another call."""
        token = self._tokens.pop(hash_of(secret), None)
        return token if token is not None and token.call_id == call_id and now < token.expires_at else None
