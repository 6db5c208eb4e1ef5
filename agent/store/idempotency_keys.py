"""Idempotency keys: which POST requests were begun, and what the finished ones were answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.engine import Store
from agent.store.schema import idempotency_keys as table

KEPT = timedelta(hours=24)
"""An answer is given again for so long."""
ABANDONED_AFTER = timedelta(seconds=60)
"""A request unfinished for so long died with its process; the API ends one that lives well before."""
SWEPT_EVERY = timedelta(minutes=10)
"""New keys take outdated rows away with them, at most so often."""
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a finished request was answered."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at a request."""

    api_key_id: str
    """Keys of different clients do not meet."""
    key: str
    request: str
    """SHA-256 of what is asked for."""
    at: datetime
    """Also tells this attempt from one that takes over when it has been given up."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The request that has the key."""

    request: str
    answer: KeptAnswer | None
    """None while it is being worked on."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The key is this request's."""

    made: str | None = None
    """Id of what an earlier attempt at the same request made before its process died."""


async def makes(connection: AsyncConnection, claim: Claim, resource_id: str) -> None:
    """Keep, in the transaction that makes it, what the request makes: who takes over does not make it again."""
    await connection.execute(update(table).where(_ours(claim)).values(made=resource_id))


class IdempotencyKeys:
    """The table of keys."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._swept_at: datetime | None = None

    async def claim(self, claim: Claim) -> Earlier | Ours:
        """Take a key, or tell who has it. Raises StoreError.

        What is ours ends with `finish` or `release`. The same request may take over one that was abandoned.
        """
        for _ in range(_ATTEMPTS):
            try:
                async with self._store.write() as connection:
                    await self._sweep(connection, claim.at)
                    await connection.execute(
                        insert(table).values(
                            api_key_id=claim.api_key_id,
                            idempotency_key=claim.key,
                            request=claim.request,
                            created_at=claim.at,
                        )
                    )
            except IntegrityError:
                async with self._store.write() as connection:
                    if await _taken_over(connection, claim):
                        made = select(table.c.made).where(_row_of(claim))
                        return Ours(await connection.scalar(made))
                    if earlier := await _earlier(connection, claim):
                        return earlier
            else:
                return Ours()
        return Earlier(claim.request, None)  # it came and went each time: others are at it

    async def finish(self, claim: Claim, answer: KeptAnswer) -> None:
        """Keep the answer; nothing happens if the claim was taken over. Raises StoreError."""
        async with self._store.write() as connection:
            await connection.execute(
                update(table).where(_ours(claim)).values(status=answer.status, headers=answer.headers, body=answer.body)
            )

    async def release(self, claim: Claim) -> None:
        """Give the key up, so that the request may be tried again at once. Raises StoreError.

        What it has made by then stays known.
        """
        async with self._store.write() as connection:
            await connection.execute(delete(table).where(_ours(claim), table.c.made.is_(None)))
            await connection.execute(update(table).where(_ours(claim)).values(created_at=claim.at - ABANDONED_AFTER))

    async def remove_outdated(self, now: datetime) -> int:
        """Remove what is older than 24 hours; returns how many. Raises StoreError."""
        async with self._store.write() as connection:
            return (await connection.execute(delete(table).where(table.c.created_at <= now - KEPT))).rowcount

    async def _sweep(self, connection: AsyncConnection, now: datetime) -> None:
        if self._swept_at is None or now - self._swept_at >= SWEPT_EVERY:
            self._swept_at = now
            await connection.execute(delete(table).where(table.c.created_at <= now - KEPT))


def _row_of(claim: Claim) -> ColumnElement[bool]:
    return and_(table.c.api_key_id == claim.api_key_id, table.c.idempotency_key == claim.key)


def _ours(claim: Claim) -> ColumnElement[bool]:
    return and_(_row_of(claim), table.c.created_at == claim.at, table.c.status.is_(None))


async def _taken_over(connection: AsyncConnection, claim: Claim) -> bool:
    outdated = table.c.created_at <= claim.at - KEPT
    abandoned = and_(
        table.c.status.is_(None),
        table.c.request == claim.request,
        table.c.created_at <= claim.at - ABANDONED_AFTER,
    )
    result = await connection.execute(
        update(table)
        .where(_row_of(claim), or_(outdated, abandoned))
        .values(
            request=claim.request,
            created_at=claim.at,
            status=None,
            headers=None,
            body=None,
            made=case((outdated, None), else_=table.c.made),
        )
    )
    return result.rowcount == 1


async def _earlier(connection: AsyncConnection, claim: Claim) -> Earlier | None:
    row = (await connection.execute(select(table).where(_row_of(claim)))).one_or_none()
    if row is None:
        return None
    answer = None if row.status is None else KeptAnswer(row.status, row.headers, row.body)
    return Earlier(row.request, answer)
