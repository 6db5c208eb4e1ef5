"""Who asks: bearer keys and what they may do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from agent.api.problem_types import MISSING_SCOPE, UNAUTHENTICATED
from agent.errors import StoreError
from agent.store.api_keys import PREFIX, SECRET_LENGTH, ApiKey, ApiKeys, Scope

NOTED_EVERY = timedelta(minutes=1)
"""The use of a key is written down at most so often."""
REALM = 'Bearer realm="phone-agent"'

log = structlog.get_logger()


class Authenticator:
    """Finds the key of a request. Every request asks the store, so that a revoked key is refused at once."""

    def __init__(self, keys: ApiKeys, now: Callable[[], datetime]) -> None:
        self._keys = keys
        self._now = now
        self._noted: dict[str, datetime] = {}  # by id of valid keys: as many as there are
        self._noting: set[asyncio.Task[None]] = set()

    async def key_of(self, request: web.Request) -> ApiKey:
        """The key that the request carries. Raises ApiProblem (401), StoreError."""
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not secret:
            raise UNAUTHENTICATED.problem(headers={"WWW-Authenticate": REALM})
        key = None
        if kind.lower() == "bearer" and len(secret) == SECRET_LENGTH and secret.startswith(PREFIX):
            key = await self._keys.find(secret)
        if key is None:
            raise UNAUTHENTICATED.problem(headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'})
        self._note(key)
        return key

    async def close(self) -> None:
        """Wait for what is being written down."""
        await asyncio.gather(*self._noting)

    def _note(self, key: ApiKey) -> None:
        """In a task of its own: no answer waits for it, none fails with it."""
        now = self._now()
        last = self._noted.get(key.id) or key.last_used_at
        if last is not None and now - last < NOTED_EVERY:
            return
        self._noted[key.id] = now
        task = asyncio.create_task(self._write(key.id, now))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write(self, key_id: str, now: datetime) -> None:
        try:
            await self._keys.used(key_id, now)
        except StoreError as error:
            log.warning("api.key_use_not_noted", key_id=key_id, error=str(error))


def check_scope(key: ApiKey, scope: Scope) -> None:
    """Raises ApiProblem (403) unless the key may do what needs `scope`."""
    if not key.may(scope):
        raise MISSING_SCOPE.problem(
            f"This needs a key with the scope {scope}; {key.id} has {', '.join(sorted(key.scopes)) or 'none'}.",
            headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'},
        )
