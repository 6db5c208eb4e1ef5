"""Which deliveries a sender may work on, and what came of it. Several processes may share one database.

A lease ends by itself, so that what a dead process had begun is sent again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.events import StoredEvent
from agent.store.schema import events, webhook_deliveries, webhook_endpoints
from agent.store.webhook_deliveries import DeliveryStatus

CANDIDATES = 1024
"""Deliveries that are looked at to find some that may go. Those of one call are due in the order of its events (see
`enqueue` and `finish`), so that what waits for an earlier event is not found before that one is due as well."""

_TABLE = webhook_deliveries.c
_EARLIER = webhook_deliveries.alias("earlier")


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that is ours until then."""

    delivery_id: str
    attempts: int
    """Made before."""
    until: datetime
    event: StoredEvent


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt."""

    lease: Lease
    status: DeliveryStatus
    """DELIVERED, DEAD, or PENDING: it is tried again."""
    next_attempt_at: datetime | None = None
    """For PENDING."""
    response_status: int | None = None
    error: str | None = None


def _free(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(
        _TABLE.status == DeliveryStatus.PENDING,
        _TABLE.next_attempt_at <= now,
        or_(_TABLE.leased_until.is_(None), _TABLE.leased_until <= now),
    )


_NOW = bindparam("now", type_=_TABLE.next_attempt_at.type)
# Subqueries that give one value: PostgreSQL would turn EXISTS into a join, and without statistics into a slow one.
_DUE = select(webhook_endpoints.c.id).where(
    webhook_endpoints.c.enabled,
    select(_TABLE.id)
    .where(_TABLE.endpoint_id == webhook_endpoints.c.id, _free(_NOW))
    .limit(1)
    .scalar_subquery()
    .is_not(None),
)
_CANDIDATES = (
    select(_TABLE.id, _TABLE.event_id, _TABLE.call_id, _TABLE.sequence, _TABLE.attempts, _TABLE.next_attempt_at)
    .where(_TABLE.endpoint_id == bindparam("endpoint"), _free(_NOW))
    .order_by(_TABLE.next_attempt_at)
    .limit(CANDIDATES)
    .subquery("candidates")
)
_first_pending_of_the_call = (
    select(func.min(_EARLIER.c.sequence))
    .where(
        _EARLIER.c.endpoint_id == bindparam("endpoint"),
        _EARLIER.c.call_id == _CANDIDATES.c.call_id,
        _EARLIER.c.status == DeliveryStatus.PENDING,
    )
    .scalar_subquery()
)
_CHOOSE = (
    select(_CANDIDATES.c.id, _CANDIDATES.c.event_id, _CANDIDATES.c.attempts)
    .where(or_(_CANDIDATES.c.call_id.is_(None), _CANDIDATES.c.sequence == _first_pending_of_the_call))
    .order_by(_CANDIDATES.c.next_attempt_at)
    .limit(bindparam("most"))
)
_FAIL = (
    update(webhook_deliveries)
    .where(
        _TABLE.id == bindparam("delivery"),
        _TABLE.status == DeliveryStatus.PENDING,
        _TABLE.leased_by == bindparam("sender"),
    )
    .values(
        status=bindparam("new_status"),
        attempts=_TABLE.attempts + 1,
        next_attempt_at=bindparam("due"),
        finished_at=bindparam("finished"),
        response_status=bindparam("answered"),
        error=bindparam("why"),
        leased_until=None,
        leased_by=None,
    )
)
_EACH_LATER = bindparam("due", type_=_TABLE.next_attempt_at.type) + (
    _TABLE.sequence - bindparam("behind", type_=_TABLE.sequence.type)
)
_POSTPONE_LATER = (
    update(webhook_deliveries)
    .where(
        _TABLE.endpoint_id == bindparam("endpoint"),
        _TABLE.call_id == bindparam("call"),
        _TABLE.status == DeliveryStatus.PENDING,
        _TABLE.sequence > bindparam("behind", type_=_TABLE.sequence.type),
        _TABLE.next_attempt_at < _EACH_LATER,
    )
    .values(next_attempt_at=_EACH_LATER)
)


async def due(connection: AsyncConnection, now: datetime) -> list[str]:
    """Enabled endpoints for which something is due and not leased."""
    return list((await connection.execute(_DUE, {"now": now})).scalars())


async def claim(
    connection: AsyncConnection, endpoint_id: str, *, sender: str, now: datetime, until: datetime, limit: int
) -> list[Lease]:
    """Lease up to `limit` deliveries that are due, those due longest first.

    The endpoint must be locked (`webhook_endpoints.locked`): that keeps other processes from choosing the same. Of each
    call only the earliest pending event, and none while that is leased or not due yet: this keeps the order.
    """
    chosen = (await connection.execute(_CHOOSE, {"endpoint": endpoint_id, "now": now, "most": limit})).all()
    if not chosen:
        return []
    await connection.execute(
        update(webhook_deliveries)
        .where(_TABLE.id.in_([row.id for row in chosen]))
        .values(leased_until=until, leased_by=sender)
    )
    named = await connection.execute(select(events).where(events.c.id.in_([row.event_id for row in chosen])))
    found = {row.id: StoredEvent(**row._asdict()) for row in named}
    return [Lease(row.id, row.attempts, until, found[row.event_id]) for row in chosen]


async def finish(
    connection: AsyncConnection, endpoint_id: str, attempts: Sequence[Attempt], *, sender: str, now: datetime
) -> None:
    """Record what came of attempts. A failure counts only while the lease is the sender's; a success always does."""
    await _delivered([attempt for attempt in attempts if attempt.status is DeliveryStatus.DELIVERED], connection, now)
    failed = [attempt for attempt in attempts if attempt.status is not DeliveryStatus.DELIVERED]
    if not failed:
        return
    await connection.execute(
        _FAIL,
        [
            {
                "delivery": attempt.lease.delivery_id,
                "sender": sender,
                "new_status": attempt.status,
                "due": attempt.next_attempt_at or now,
                "finished": now if attempt.status is DeliveryStatus.DEAD else None,
                "answered": attempt.response_status,
                "why": attempt.error,
            }
            for attempt in failed
        ],
    )
    for attempt in failed:
        event = attempt.lease.event
        if attempt.next_attempt_at is not None and event.call_id is not None and event.sequence is not None:
            await postpone_later(
                connection, endpoint_id, event.call_id, behind=event.sequence, due=attempt.next_attempt_at
            )


async def postpone_later(
    connection: AsyncConnection, endpoint_id: str, call_id: str, *, behind: int, due: datetime
) -> None:
    """Let what is pending of a call behind a sequence number be due after `due`, a microsecond for each number."""
    given = {"endpoint": endpoint_id, "call": call_id, "behind": behind, "due": due}
    await connection.execute(_POSTPONE_LATER, given)


async def hasten(connection: AsyncConnection, endpoint_id: str, *, before: datetime, now: datetime) -> None:
    """Let what waits for another attempt be due now, of events from before a moment.

    The endpoint must be locked. What is being sent right now stays as it is.
    """
    at = select(events.c.at).where(events.c.id == _TABLE.event_id).scalar_subquery()
    free = or_(_TABLE.leased_until.is_(None), _TABLE.leased_until <= now)
    waits = and_(_TABLE.status == DeliveryStatus.PENDING, _TABLE.next_attempt_at > now, free)
    await connection.execute(
        update(webhook_deliveries)
        .where(_TABLE.endpoint_id == endpoint_id, waits, at < before)
        .values(next_attempt_at=now)
    )


async def release(connection: AsyncConnection, leases: Collection[Lease], *, sender: str) -> None:
    """Give leases back that were not used."""
    await connection.execute(
        update(webhook_deliveries)
        .where(_TABLE.id.in_([lease.delivery_id for lease in leases]), _TABLE.leased_by == sender)
        .values(leased_until=None, leased_by=None)
    )


async def held(connection: AsyncConnection, senders: str) -> list[str]:
    """Endpoints of which something is leased to senders whose names begin like this."""
    leased = (
        select(_TABLE.id)
        .where(_TABLE.endpoint_id == webhook_endpoints.c.id, *_leased_to(senders))
        .limit(1)
        .scalar_subquery()
    )
    return list((await connection.execute(select(webhook_endpoints.c.id).where(leased.is_not(None)))).scalars())


async def inherit(connection: AsyncConnection, endpoint_id: str, senders: str) -> int:
    """Free what is leased to those, who are dead; how many. The endpoint must be locked, as for `claim`."""
    free = (
        update(webhook_deliveries)
        .where(_TABLE.endpoint_id == endpoint_id, *_leased_to(senders))
        .values(leased_until=None, leased_by=None)
    )
    return (await connection.execute(free)).rowcount


def _leased_to(senders: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _TABLE.status == DeliveryStatus.PENDING, _TABLE.leased_by.startswith(senders, autoescape=True)


async def _delivered(attempts: Sequence[Attempt], connection: AsyncConnection, now: datetime) -> None:
    by_answer: dict[int | None, list[str]] = defaultdict(list)
    for attempt in attempts:
        by_answer[attempt.response_status].append(attempt.lease.delivery_id)
    for response_status, ids in by_answer.items():
        await connection.execute(
            update(webhook_deliveries)
            .where(_TABLE.id.in_(ids), _TABLE.status.in_([DeliveryStatus.PENDING, DeliveryStatus.CANCELED]))
            .values(
                status=DeliveryStatus.DELIVERED,
                attempts=_TABLE.attempts + 1,
                finished_at=now,
                response_status=response_status,
                error=None,
                leased_until=None,
                leased_by=None,
            )
        )
