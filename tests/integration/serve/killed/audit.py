"""What must hold whatever was killed when, checked against the database itself."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

from sqlalchemy import func, select

from agent.domain.call import CallStatus
from agent.store.engine import Store
from agent.store.schema import calls, events, phone_numbers, webhook_deliveries, webhook_endpoints
from tests.integration.serve.killed.clerk import Told
from tests.integration.serve.killed.inbox import Taken

_BETWEEN_LOOKS_S = 0.1
_TABLES = {"/v1/phone_numbers": phone_numbers, "/v1/webhook_endpoints": webhook_endpoints}


async def all_delivered(store: Store, endpoint_id: str) -> None:
    """Return when nothing waits for the endpoint any more."""
    pending = select(func.count()).where(
        webhook_deliveries.c.endpoint_id == endpoint_id, webhook_deliveries.c.status == "pending"
    )
    while True:
        async with store.read() as connection:
            if not await connection.scalar(pending):
                return
        await asyncio.sleep(_BETWEEN_LOOKS_S)  # a database tells nobody


async def problems(store: Store, endpoint_id: str, taken: list[Taken], told: Told) -> list[str]:
    """One sentence for everything that is not as it must be."""
    async with store.read() as connection:
        all_calls = (await connection.execute(select(calls))).all()
        all_events = (await connection.execute(select(events).order_by(events.c.position))).all()
        ours = webhook_deliveries.c.endpoint_id == endpoint_id
        chosen = select(webhook_deliveries.c.status, func.count()).where(ours).group_by(webhook_deliveries.c.status)
        statuses = {row[0]: row[1] for row in await connection.execute(chosen)}
        present = {
            path: set((await connection.execute(select(table.c.id))).scalars()) for path, table in _TABLES.items()
        }
    found = list(told.wrong)
    ends = Counter(event.call_id for event in all_events if event.type == "call.ended")
    sequences = defaultdict(list)
    for event in all_events:
        sequences[event.call_id].append(event.sequence)
    arrived = defaultdict(list)
    for one in taken:
        arrived[one.call_id].append(one.sequence)
    for call in all_calls:
        numbers = list(range(1, call.last_sequence + 1))
        if not CallStatus(call.status).terminal or call.ended_reason is None or call.ended_at is None:
            found.append(f"{call.id} is {call.status}, {call.ended_reason}")
        if ends[call.id] != 1:
            found.append(f"{call.id} ended {ends[call.id]} times")
        if sequences[call.id] != numbers:
            found.append(f"{call.id} has the events {sequences[call.id]} of {call.last_sequence}")
        if arrived[call.id] != sorted(arrived[call.id]) or sorted(set(arrived[call.id])) != numbers:
            found.append(f"{call.id}: of {call.last_sequence} events came {arrived[call.id]}")
        sent = told.metadata.get(call.id, [])
        done = [index for index, (_, is_done) in enumerate(sent) if is_done]
        possible = [number for number, _ in sent[done[-1] if done else 0 :]] + ([] if done else [None])
        if call.metadata.get("number") not in possible:
            found.append(f"{call.id} has the metadata {call.metadata}; sent was {sent}")
    recorded = {event.id for event in all_events if event.type != "ping"}
    if lost := recorded - {one.id for one in taken}:
        found.append(f"{len(lost)} events were not delivered: {sorted(lost)[:5]}")
    if unknown := {one.id for one in taken} - recorded:
        found.append(f"{len(unknown)} events were delivered and are not on record: {sorted(unknown)[:5]}")
    if set(statuses) - {"delivered"}:
        found.append(f"deliveries: {statuses}")
    unknown_calls = {call_id for call_id in told.metadata if call_id not in {call.id for call in all_calls}}
    found += [f"{call_id} was told of and is not on record" for call_id in sorted(unknown_calls)]
    found += [f"{key}: {path} {made} is gone" for key, (path, made) in told.made.items() if made not in present[path]]
    return found
