"""API keys: who may call the API, and for what."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from agent.ids import new_id
from agent.store.engine import Store
from agent.store.schema import api_keys

PREFIX = "pa_"
RANDOM_BYTES = 32
SECRET_LENGTH = len(PREFIX) + 43
"""43 characters of URL-safe base64 hold 32 bytes."""
HINT_LENGTH = 10


class Scope(StrEnum):
    """What a key may do. Each includes those before it."""

    READ = "read"
    CALLS = "calls"
    ADMIN = "admin"

    @property
    def included(self) -> frozenset[Scope]:
        """This one, and those before it."""
        scopes = tuple(Scope)
        return frozenset(scopes[: scopes.index(self) + 1])


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; its secret is not."""

    id: str
    name: str
    hint: str
    """The first characters of the secret."""
    scopes: frozenset[Scope]
    created_at: datetime
    last_used_at: datetime | None = None
    """Exact to a minute or so."""
    revoked_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Whether one of its scopes is `scope` or includes it."""
        return any(scope in own.included for own in self.scopes)


def hash_of(secret: str) -> str:
    """SHA-256. A slow, salted hash protects passwords that people choose; 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class ApiKeys:
    """The table of keys."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, name: str, scopes: frozenset[Scope], now: datetime) -> tuple[ApiKey, str]:
        """A new key, and its secret, which nobody can be told again. Raises StoreError."""
        secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        key = ApiKey(new_id("key"), name, secret[:HINT_LENGTH], scopes, now)
        async with self._store.write() as connection:
            await connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    name=name,
                    hash=hash_of(secret),
                    hint=key.hint,
                    scopes=sorted(scopes),
                    created_at=now,
                )
            )
        return key, secret

    async def find(self, secret: str) -> ApiKey | None:
        """The key with this secret, unless it was revoked. Raises StoreError.

        It is looked up by its hash, so the time it takes tells nothing about the secret: whoever tries one that is
        nearly right gets a hash that is entirely different. No comparison in constant time is needed.
        """
        query = select(api_keys).where(api_keys.c.hash == hash_of(secret), api_keys.c.revoked_at.is_(None))
        async with self._store.glance() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _key(row)

    async def list(self) -> list[ApiKey]:
        """All keys, revoked ones too, the oldest first. Raises StoreError."""
        async with self._store.read() as connection:
            rows = await connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
            return [_key(row) for row in rows]

    async def revoke(self, key_id: str, now: datetime) -> bool:
        """Let a key be refused from now on; False where there is none with this id. Raises StoreError.

        A key that was revoked already keeps its time.
        """
        async with self._store.write() as connection:
            known = await connection.execute(select(api_keys.c.id).where(api_keys.c.id == key_id))
            await connection.execute(
                update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            return known.one_or_none() is not None

    async def used(self, key_id: str, at: datetime) -> None:
        """Note when a key was used; an earlier time than the one noted changes nothing. Raises StoreError."""
        column = api_keys.c.last_used_at
        newer = or_(column.is_(None), column < at)
        async with self._store.write() as connection:
            await connection.execute(update(api_keys).where(api_keys.c.id == key_id, newer).values(last_used_at=at))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
