"""Webhook endpoints in the database: where applications want to be told of events, and with which secrets."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.ids import new_id
from agent.store.keyset import Position, page
from agent.store.schema import webhook_deliveries, webhook_endpoints

SECRET_PREFIX = "whsec_"  # noqa: S105  # the mark of Standard Webhooks, no secret
SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""
OVERLAP = timedelta(hours=24)
"""After a rotation the old secret signs too for so long, so that an application can change it at its leisure."""


class DisabledReason(StrEnum):
    """Why an endpoint gets nothing."""

    REQUESTED = "requested"
    """Somebody switched it off."""
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """Nothing got through for days."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """One endpoint."""

    id: str
    url: str = field(repr=False)  # may hold a token
    description: str
    events: tuple[str, ...]
    """Types that it wants; empty: the usual ones."""
    secret: str = field(repr=False)
    old_secret: str | None = field(repr=False)
    old_secret_expires_at: datetime | None
    enabled: bool
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    """No delivery got through since then."""
    created_at: datetime
    updated_at: datetime

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """What signs at that time: the secret, and the old one until it expires."""
        old, expires_at = self.old_secret, self.old_secret_expires_at
        is_rotating = old is not None and expires_at is not None and now < expires_at
        return (self.secret, old) if old is not None and is_rotating else (self.secret,)


def new_secret() -> str:
    """`whsec_` and 256 random bits in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


async def create(
    connection: AsyncConnection, *, url: str, description: str = "", events: Sequence[str] = (), now: datetime
) -> WebhookEndpoint:
    """A new endpoint, enabled. This is the moment to show its secret: never again."""
    made = (
        webhook_endpoints.insert()
        .values(
            id=new_id("we"),
            url=url,
            description=description,
            events=list(events),
            secret=new_secret(),
            enabled=True,
            created_at=now,
            updated_at=now,
        )
        .returning(webhook_endpoints)
    )
    return _endpoint((await connection.execute(made)).one())


async def get(connection: AsyncConnection, endpoint_id: str) -> WebhookEndpoint | None:
    """One endpoint."""
    return _found(await connection.execute(select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)))


async def locked(connection: AsyncConnection, endpoint_id: str) -> WebhookEndpoint | None:
    """One endpoint, which no other transaction changes before this one ends.

    Whoever changes an endpoint and its deliveries takes the endpoint first: two can never wait for each other.
    """
    wanted = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).with_for_update(key_share=True)
    return _found(await connection.execute(wanted))


async def listed(
    connection: AsyncConnection, *, limit: int, after: Position | None = None, descending: bool = True
) -> list[WebhookEndpoint]:
    """A page of them, and one more than `limit` where the list goes on; see `keyset.page`."""
    wanted = page(
        select(webhook_endpoints),
        webhook_endpoints.c.created_at,
        webhook_endpoints.c.id,
        after=after,
        limit=limit,
        descending=descending,
    )
    return [_endpoint(row) for row in await connection.execute(wanted)]


async def change(
    connection: AsyncConnection,
    endpoint_id: str,
    *,
    now: datetime,
    url: str | None = None,
    description: str | None = None,
    events: Sequence[str] | None = None,
) -> WebhookEndpoint | None:
    """Change what is given; None where there is no such endpoint."""
    given = {"url": url, "description": description, "events": None if events is None else list(events)}
    return await _set(connection, endpoint_id, now, {key: value for key, value in given.items() if value is not None})


async def remove(connection: AsyncConnection, endpoint_id: str) -> bool:
    """Delete an endpoint and its deliveries; False where there is no such endpoint."""
    gone = delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
    return (await connection.execute(gone)).rowcount > 0


async def rotate_secret(connection: AsyncConnection, endpoint_id: str, *, now: datetime) -> WebhookEndpoint | None:
    """Give it a new secret, to be shown now and never again; the one so far signs too for `OVERLAP`.

    A still older one ends at once: two sign at most.
    """
    values = {
        "secret": new_secret(),
        "old_secret": webhook_endpoints.c.secret,
        "old_secret_expires_at": now + OVERLAP,
    }
    return await _set(connection, endpoint_id, now, values)


async def enable(connection: AsyncConnection, endpoint_id: str, *, now: datetime) -> WebhookEndpoint | None:
    """Let it have events again, from now on; `webhook_replay` brings those that it missed."""
    return await _set(connection, endpoint_id, now, {"enabled": True, "disabled_reason": None, "failing_since": None})


async def disable(
    connection: AsyncConnection, endpoint_id: str, reason: DisabledReason, *, now: datetime
) -> WebhookEndpoint | None:
    """Let it have nothing more, and cancel what waits for it; None where it was disabled before, or is unknown."""
    switched = (
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.enabled)
        .values(enabled=False, disabled_reason=reason, updated_at=now)
        .returning(webhook_endpoints)
    )
    endpoint = _found(await connection.execute(switched))
    if endpoint is not None:
        await connection.execute(
            update(webhook_deliveries)
            .where(webhook_deliveries.c.endpoint_id == endpoint_id, webhook_deliveries.c.status == "pending")
            .values(
                status="canceled",
                finished_at=now,
                error="The endpoint was disabled.",
                leased_until=None,
                leased_by=None,
            )
        )
    return endpoint


async def set_failing_since(connection: AsyncConnection, endpoint_id: str, since: datetime | None) -> None:
    """Note since when nothing gets through; None: something did."""
    await connection.execute(
        update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).values(failing_since=since)
    )


async def _set(
    connection: AsyncConnection, endpoint_id: str, now: datetime, values: dict[str, Any]
) -> WebhookEndpoint | None:
    changed = (
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint_id)
        .values(updated_at=now, **values)
        .returning(webhook_endpoints)
    )
    return _found(await connection.execute(changed))


def _found(result: Any) -> WebhookEndpoint | None:
    row = result.one_or_none()
    return None if row is None else _endpoint(row)


def _endpoint(row: Row[Any]) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=row.id,
        url=row.url,
        description=row.description,
        events=tuple(row.events),
        secret=row.secret,
        old_secret=row.old_secret,
        old_secret_expires_at=row.old_secret_expires_at,
        enabled=row.enabled,
        disabled_reason=None if row.disabled_reason is None else DisabledReason(row.disabled_reason),
        failing_since=row.failing_since,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
