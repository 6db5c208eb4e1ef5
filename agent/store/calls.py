"""Calls in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.answered_by import Answer
from agent.domain.call import Call, CallStatus
from agent.domain.call_resource import CallResource, LookupResource
from agent.domain.lookup import Lookup
from agent.domain.script_resource import ScriptRunResource
from agent.domain.transfer_resource import TransferResource
from agent.store import orders_shown, summaries, transfers
from agent.store.keyset import Position, page
from agent.store.recordings import SHOWN, shown
from agent.store.schema import calls, outbound_orders, recordings
from agent.store.schema import summaries as summaries_table
from agent.store.schema import transfers as transfers_table

OPEN = (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS)


async def insert(
    connection: AsyncConnection,
    call: Call,
    *,
    server: str,
    metadata: Mapping[str, Any] = MappingProxyType({}),
    variables: Mapping[str, Any] = MappingProxyType({}),
    told: int = 0,
) -> None:
    """A call that has just come to be; `server` is the process that leads it.

    Sequence numbers 1 to `told` are the caller's.
    """
    await connection.execute(
        calls.insert().values(
            id=call.id,
            direction=call.direction,
            status=call.status,
            caller=call.caller,
            callee=call.callee,
            agent=call.agent,
            agent_version=call.agent_version,
            server=server,
            created_at=call.created_at,
            metadata=dict(metadata),
            variables=dict(variables),
            last_sequence=told,
        )
    )


async def set_briefing(connection: AsyncConnection, call: Call, lookup: Lookup) -> None:
    """What an application said of a call that it was asked about, and who takes it therefore."""
    values: dict[str, Any] = {
        "agent": call.agent,
        "agent_version": call.agent_version,
        "variables": dict(call.briefing.variables),
        "lookup": LookupResource.of(lookup).model_dump(mode="json"),
    }
    if call.briefing.metadata:
        values["metadata"] = dict(call.briefing.metadata)
    await connection.execute(update(calls).where(calls.c.id == call.id).values(**values))


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a call; what others may set (metadata, variables) is left alone."""

    call: Call
    told: int
    """So many of its next sequence numbers are the caller's."""
    latency: Mapping[str, Any] | None = None
    """Of a call that is over."""


async def change_all(connection: AsyncConnection, changes: Sequence[Change]) -> None:
    """Calls are now as they say; nothing happens where there is no such call. Each call comes once."""
    for statement, chosen in (
        (_CHANGED, [one for one in changes if one.latency is None]),
        (_ENDED, [one for one in changes if one.latency is not None]),
    ):
        if chosen:
            await connection.execute(statement, [_values(one) for one in chosen])


_CHANGED = (
    update(calls)
    .where(calls.c.id == bindparam("of_call"))
    .values(
        **{
            name: bindparam(f"now_{name}", type_=calls.c[name].type)
            for name in ("status", "answered_at", "ended_at", "ended_reason", "hangup_cause", "sip_code", "cpu_seconds")
        },
        last_sequence=calls.c.last_sequence + bindparam("told"),
    )
)
_ENDED = _CHANGED.values(latency=bindparam("now_latency", type_=calls.c.latency.type))


def _values(change: Change) -> dict[str, Any]:
    call = change.call
    values = {
        "of_call": call.id,
        "told": change.told,
        "now_status": call.status,
        "now_answered_at": call.answered_at,
        "now_ended_at": call.ended_at,
        "now_ended_reason": call.ended_reason,
        "now_hangup_cause": call.hangup_cause,
        "now_sip_code": call.sip_code,
        "now_cpu_seconds": call.cpu_seconds,
    }
    return values if change.latency is None else {**values, "now_latency": dict(change.latency)}


async def set_answered_by(connection: AsyncConnection, call_id: str, answer: Answer) -> None:
    """Who answered; a later decision takes the place of an earlier one."""
    await connection.execute(update(calls).where(calls.c.id == call_id).values(answered_by=answer.to_dict()))


async def forget_words_of_answer(connection: AsyncConnection, call_id: str) -> None:
    """Take out what was heard, and leave who answered."""
    kept = (await connection.execute(select(calls.c.answered_by).where(calls.c.id == call_id))).scalar_one_or_none()
    if kept:
        await connection.execute(update(calls).where(calls.c.id == call_id).values(answered_by={**kept, "heard": ""}))


async def set_script(connection: AsyncConnection, call_id: str, script: ScriptRunResource) -> None:
    """How far a call has come in its script."""
    await connection.execute(update(calls).where(calls.c.id == call_id).values(script=script.model_dump(mode="json")))


async def forget_slots(connection: AsyncConnection, call_id: str) -> None:
    """What was found out by the script, for it was said; how the call went by it stays."""
    kept = await connection.scalar(select(calls.c.script).where(calls.c.id == call_id))
    if kept:
        await connection.execute(update(calls).where(calls.c.id == call_id).values(script={**kept, "slots": {}}))


async def set_metadata(connection: AsyncConnection, call_id: str, metadata: Mapping[str, Any]) -> CallResource | None:
    """Replace it; None where there is no such call."""
    await connection.execute(update(calls).where(calls.c.id == call_id).values(metadata=dict(metadata)))
    return await get(connection, call_id)


async def lock(connection: AsyncConnection, call_id: str) -> None:
    """Keep others from changing it until the transaction ends. What belongs to a call is changed after this."""
    await connection.execute(select(calls.c.id).where(calls.c.id == call_id).with_for_update())


async def get(connection: AsyncConnection, call_id: str) -> CallResource | None:
    """One call."""
    found = await _with_transfers(connection, await connection.execute(_THESE, {"call_ids": [call_id]}))
    return found[0] if found else None


async def counted(connection: AsyncConnection, call_ids: Collection[str]) -> dict[str, tuple[CallResource, int]]:
    """These calls by their ids, each with the last sequence number that was drawn of it."""
    rows = (await connection.execute(_THESE, {"call_ids": sorted(call_ids)})).all()
    found = await _with_transfers(connection, rows)
    return {row.id: (shown, row.last_sequence) for row, shown in zip(rows, found, strict=True)}


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are wanted; what is None does not matter."""

    status: str | None = None
    direction: str | None = None
    agent: str | None = None
    created_after: datetime | None = None
    """At or after."""
    created_before: datetime | None = None

    def applied(self, query: Select[Any]) -> Select[Any]:
        """The query for these alone."""
        for column, value in ((calls.c.status, self.status), (calls.c.direction, self.direction)):
            query = query if value is None else query.where(column == value)
        if self.agent is not None:
            query = query.where(calls.c.agent == self.agent)
        if self.created_after is not None:
            query = query.where(calls.c.created_at >= self.created_after)
        if self.created_before is not None:
            query = query.where(calls.c.created_at < self.created_before)
        return query


async def listed(
    connection: AsyncConnection,
    chosen: CallFilter,
    *,
    limit: int,
    after: Position | None = None,
    descending: bool = True,
) -> list[CallResource]:
    """A page of calls, and one more where there is one; see `agent.store.keyset`."""
    wanted = page(
        chosen.applied(_shown()), calls.c.created_at, calls.c.id, after=after, limit=limit, descending=descending
    )
    return await _with_transfers(connection, await connection.execute(wanted))


async def _with_transfers(connection: AsyncConnection, rows: Iterable[Row[Any]]) -> list[CallResource]:
    """The calls of rows, each with the attempts to hand its caller over."""
    shown_rows = list(rows)
    found = [resource(row) for row in shown_rows]
    theirs = await transfers.of_calls(connection, [row.id for row in shown_rows if row.was_transferred])
    for call in found:
        call.transfers = [TransferResource.of(transfer) for transfer in theirs.get(call.id, ())]
    return found


async def open_of(connection: AsyncConnection, server: str) -> Sequence[Call]:
    """Calls that are not over by the record and were led by that process."""
    wanted = select(calls).where(calls.c.server == server, calls.c.status.in_(OPEN)).order_by(calls.c.created_at)
    return [_call(row) for row in await connection.execute(wanted)]


def _shown() -> Select[Any]:
    """Calls with all that is shown of each."""
    transferred = exists().where(transfers_table.c.call_id == calls.c.id).label("was_transferred")
    return (
        select(calls, *SHOWN, *summaries.BESIDE_A_CALL, *orders_shown.BESIDE_A_CALL, transferred)
        .outerjoin(outbound_orders, outbound_orders.c.call_id == calls.c.id)
        .outerjoin(recordings, recordings.c.call_id == calls.c.id)
        .outerjoin(summaries_table, summaries_table.c.call_id == calls.c.id)
    )


_THESE = _shown().where(calls.c.id.in_(bindparam("call_ids", expanding=True)))
"""Built once: it is read with every change of a call."""


def resource(row: Row[Any]) -> CallResource:
    """A row as the API shows it."""
    lasted = row.ended_at - row.answered_at if row.ended_at and row.answered_at else None
    return CallResource.model_validate(
        {
            "id": row.id,
            "direction": row.direction,
            "status": row.status,
            "ended_reason": row.ended_reason,
            "from": row.caller,
            "to": row.callee,
            "agent": row.agent,
            "agent_version": row.agent_version,
            "created_at": row.created_at,
            "answered_at": row.answered_at,
            "ended_at": row.ended_at,
            "duration_seconds": None if lasted is None else round(lasted.total_seconds(), 3),
            "latency": row.latency,
            "answered_by": row.answered_by,
            "cpu_seconds": row.cpu_seconds,
            "hangup_cause": row.hangup_cause,
            "sip_code": row.sip_code,
            "summary": summaries.joined(row),
            "metadata": row.metadata,
            "variables": row.variables,
            "recording": shown(row),
            "outbound": orders_shown.joined(row),
            "transcript_deleted_at": row.transcript_deleted_at,
            "lookup": row.lookup,
            "script": row.script,
            "erased_at": row.erased_at,
        }
    )


def _call(row: Row[Any]) -> Call:
    return Call(
        id=row.id,
        direction=row.direction,
        caller=row.caller or "",
        callee=row.callee or "",
        agent=row.agent,
        status=CallStatus(row.status),
        created_at=row.created_at,
        answered_at=row.answered_at,
        agent_version=row.agent_version,
    )
