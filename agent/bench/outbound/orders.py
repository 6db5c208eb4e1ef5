"""The application of the bench: orders calls at a steady pace, and reads what became of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

import aiohttp
from sqlalchemy import func, select

from agent.bench.outbound.verdict import Ordered, Recorded
from agent.bench.sipp_callees import Kind
from agent.domain.call import CallStatus, EndedReason
from agent.domain.event_types import EventType
from agent.store import schema
from agent.store.engine import Store

MIX = (
    Kind.ANSWERS, Kind.BUSY, Kind.ANSWERS, Kind.DECLINES, Kind.ANSWERS,
    Kind.RINGS, Kind.ANSWERS, Kind.UNKNOWN, Kind.ANSWERS, Kind.BUSY,
)  # fmt: skip
"""What callees do, one after the other."""
RING_TIMEOUT_S = 5.0
CROSSED = 20
"""Of the control `crossed`: one of so many callees does something else than is expected."""
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_POLL_S = 0.5


def planned(count: int, *, crossed: bool = False) -> Iterator[tuple[str, Kind]]:
    """Numbers, and what is expected of each; no number comes twice."""
    for index in range(count):
        kind = MIX[index % len(MIX)]
        dialled = Kind.BUSY if crossed and index % CROSSED == 0 else kind
        yield f"+49302{index:07d}{dialled:d}", kind


class Application:
    """Orders over HTTP. Every order is its own request, sent when it is due whatever became of those before."""

    def __init__(self, root: str, key: str) -> None:
        self._root = root
        self._key = key

    async def order(self, calls: Sequence[tuple[str, Kind]], per_second: float) -> list[Ordered]:
        """Order them all; returns when each has its answer."""
        headers = {"Authorization": f"Bearer {self._key}"}
        async with aiohttp.ClientSession(self._root, headers=headers, timeout=_TIMEOUT) as session:
            loop, orders = asyncio.get_running_loop(), []
            began = loop.time()
            for index, (number, kind) in enumerate(calls):
                await asyncio.sleep(max(0.0, began + index / per_second - loop.time()))
                orders.append(asyncio.create_task(_order(session, number, kind)))
            return list(await asyncio.gather(*orders))


async def _order(session: aiohttp.ClientSession, number: str, kind: Kind) -> Ordered:
    body = {"to": number, "agent": "receptionist", "ring_timeout_seconds": RING_TIMEOUT_S}
    posted_at = time.time()
    try:
        async with session.post("/v1/calls", json=body) as response:
            answer = await response.json()
            if response.status == 201:
                return Ordered(number, kind, posted_at, call_id=answer["id"])
            return Ordered(number, kind, posted_at, problem=f"{response.status} {answer.get('code', '')}")
    except (aiohttp.ClientError, TimeoutError) as error:
        return Ordered(number, kind, posted_at, problem=type(error).__name__)


async def recorded(store: Store) -> dict[str, Recorded]:
    """Every call on record, by its id."""
    calls, events = schema.calls, schema.events
    async with store.read() as connection:
        rows = (await connection.execute(select(calls))).all()
        counted = select(events.c.call_id, func.count()).where(events.c.type == EventType.CALL_ENDED)
        ends = {row[0]: row[1] for row in await connection.execute(counted.group_by(events.c.call_id))}
    return {
        row.id: Recorded(
            status=CallStatus(row.status),
            reason=EndedReason(row.ended_reason) if row.ended_reason else None,
            answered=row.answered_at is not None,
            ended_at=row.ended_at.timestamp() if row.ended_at else None,
            ends_told=ends.get(row.id, 0),
        )
        for row in rows
    }


async def settled(store: Store, orders: Sequence[Ordered], timeout_s: float) -> dict[str, Recorded]:
    """What is on record once every accepted call is over, or after `timeout_s`."""
    accepted = {one.call_id for one in orders if one.call_id}
    until = time.monotonic() + timeout_s
    while True:
        found = await recorded(store)
        if all(one in found and found[one].status.terminal for one in accepted) or time.monotonic() > until:
            return found
        await asyncio.sleep(_POLL_S)
