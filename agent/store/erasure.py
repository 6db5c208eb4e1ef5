"""Takes out of the database what tells who called and what was said. Times and figures of the calls stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.call import CallStatus, Direction
from agent.domain.erasure import without_personal_data, without_transcript
from agent.domain.recording import RecordingStatus
from agent.store import calls as calls_table
from agent.store import do_not_call, recordings, summaries
from agent.store.calls import forget_slots
from agent.store.idempotency_keys import KEPT
from agent.store.schema import calls, events, idempotency_keys, outbound_orders, tool_calls, turns
from agent.store.schema import recordings as recordings_table


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out of the database for one call."""

    call_id: str
    turns: int
    events: int
    recording: bool
    """It had one, whose files are to be removed next."""


async def state_of(connection: AsyncConnection, call_id: str) -> CallStatus | RecordingStatus | None:
    """Why a call cannot be erased yet: its status, or RECORDING while its recording is not complete. None: it can.

    Raises LookupError where there is no such call.
    """
    wanted = (
        select(calls.c.status, recordings_table.c.status)
        .outerjoin(recordings_table, recordings_table.c.call_id == calls.c.id)
        .where(calls.c.id == call_id)
        .with_for_update(of=calls)
    )
    row = (await connection.execute(wanted)).one_or_none()
    if row is None:
        raise LookupError(f"there is no call {call_id}")
    status = CallStatus(row[0])
    if not status.terminal:
        return status
    return RecordingStatus.RECORDING if row[1] == RecordingStatus.RECORDING else None


async def erase(connection: AsyncConnection, call_id: str, *, now: datetime) -> Erased:
    """Erase a call that `state_of` lets be erased. Again: what came to it since then.

    Deliveries that wait keep their place and order; they carry what is left of their events.
    """
    wanted = select(calls.c.erased_at, calls.c.transcript_deleted_at, calls.c.direction).where(calls.c.id == call_id)
    row = (await connection.execute(wanted)).one()
    erased_at = row.erased_at or now
    theirs = calls.c.caller if row.direction == Direction.INBOUND else calls.c.callee
    await connection.execute(
        update(calls)
        .where(calls.c.id == call_id)
        .values(
            {
                theirs: None,
                calls.c.metadata: {},
                calls.c.variables: {},
                calls.c.erased_at: erased_at,
                calls.c.transcript_deleted_at: row.transcript_deleted_at or erased_at,
            }
        )
    )
    await connection.execute(update(outbound_orders).where(outbound_orders.c.call_id == call_id).values(number=None))
    await do_not_call.forget_call(connection, call_id)
    told = erased_at.isoformat().replace("+00:00", "Z")
    said = await _delete_turns(connection, call_id)
    changed = await _change_events(connection, call_id, lambda data: without_personal_data(data, erased_at=told))
    await summaries.erase(connection, call_id)
    await calls_table.forget_words_of_answer(connection, call_id)
    had_recording = await recordings.delete(connection, [call_id], now=now)
    await connection.execute(
        delete(idempotency_keys).where(
            idempotency_keys.c.created_at > now - 2 * KEPT, cast(idempotency_keys.c.body, Text).contains(call_id)
        )
    )
    return Erased(call_id, said, changed, bool(had_recording))


async def delete_transcript(connection: AsyncConnection, call_id: str, *, now: datetime) -> None:
    """Take out what was said, and leave who said it."""
    await connection.execute(update(calls).where(calls.c.id == call_id).values(transcript_deleted_at=now))
    await _delete_turns(connection, call_id)
    await summaries.erase(connection, call_id)
    await calls_table.forget_words_of_answer(connection, call_id)
    await _change_events(connection, call_id, without_transcript)


async def with_old_transcript(connection: AsyncConnection, before: datetime, *, limit: int) -> list[str]:
    """Calls that ended before a moment and whose transcript is still there, the oldest first."""
    wanted = select(calls.c.id).where(calls.c.transcript_deleted_at.is_(None), calls.c.ended_at < before)
    return list((await connection.execute(wanted.order_by(calls.c.ended_at).limit(limit))).scalars())


async def with_old_personal_data(connection: AsyncConnection, before: datetime, *, limit: int) -> list[str]:
    """Calls that ended before a moment and are not erased, the oldest first; but for those still being recorded."""
    wanted = (
        select(calls.c.id)
        .outerjoin(recordings_table, recordings_table.c.call_id == calls.c.id)
        .where(
            calls.c.erased_at.is_(None),
            calls.c.ended_at < before,
            or_(recordings_table.c.status.is_(None), recordings_table.c.status != RecordingStatus.RECORDING),
        )
    )
    return list((await connection.execute(wanted.order_by(calls.c.ended_at).limit(limit))).scalars())


async def of_numbers(connection: AsyncConnection, numbers: list[str], *, after: str, limit: int) -> list[str]:
    """Calls from or to any of these numbers, by id, behind `after`."""
    theirs = or_(calls.c.caller.in_(numbers), calls.c.callee.in_(numbers))
    wanted = select(calls.c.id).where(theirs, calls.c.id > after)
    return list((await connection.execute(wanted.order_by(calls.c.id).limit(limit))).scalars())


async def _delete_turns(connection: AsyncConnection, call_id: str) -> int:
    await forget_slots(connection, call_id)
    await connection.execute(delete(tool_calls).where(tool_calls.c.call_id == call_id))
    return (await connection.execute(delete(turns).where(turns.c.call_id == call_id))).rowcount


async def _change_events(
    connection: AsyncConnection, call_id: str, left_of: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> int:
    wanted = select(events.c.position, events.c.data).where(events.c.call_id == call_id)
    changed = 0
    for position, data in (await connection.execute(wanted)).all():
        left = left_of(data)
        if left != data:
            await connection.execute(update(events).where(events.c.position == position).values(data=left))
            changed += 1
    return changed
