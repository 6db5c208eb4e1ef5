"""What of a call's events becomes part of the record: change, public event, deliveries in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.call import CallStatus, Direction
from agent.domain.event_types import EventType
from agent.domain.events import (
    CallAnsweredBy,
    CallChanged,
    CallDeclined,
    CallRefused,
    Event,
    KeysEntered,
    ListenerJoined,
    ListenerLeft,
    LookedUp,
    OptedOut,
    RecordingChanged,
    ScriptProgressed,
    ToolCalled,
    TransferChanged,
    TurnEnded,
)
from agent.domain.recording import RecordingStatus
from agent.domain.script_resource import ScriptRunResource
from agent.domain.tool_call_resource import ToolCallResource
from agent.domain.transfer import TransferStatus
from agent.domain.transfer_resource import TransferResource
from agent.domain.turn_resource import TurnResource
from agent.domain.waiting_times import waiting_times
from agent.store import calls, do_not_call, events, orders, recordings, summaries, tool_calls, transfers, turns
from agent.store.engine import Store
from agent.store.events import StoredEvent

RECORDED = (
    CallAnsweredBy,
    CallChanged,
    CallDeclined,
    CallRefused,
    KeysEntered,
    ListenerJoined,
    ListenerLeft,
    LookedUp,
    OptedOut,
    RecordingChanged,
    ScriptProgressed,
    ToolCalled,
    TransferChanged,
    TurnEnded,
)
"""Events that are kept; others are of the moment."""

_TOLD_OF_RECORDINGS = {
    RecordingStatus.READY: EventType.CALL_RECORDING_READY,
    RecordingStatus.FAILED: EventType.CALL_RECORDING_FAILED,
}
_TOLD_OF_STATUSES = {
    CallStatus.RINGING: EventType.CALL_RINGING,
    CallStatus.IN_PROGRESS: EventType.CALL_ANSWERED,
}

_TOLD_OF_TRANSFERS = {
    TransferStatus.STARTED: EventType.CALL_TRANSFER_STARTED,
    TransferStatus.COMPLETED: EventType.CALL_TRANSFER_COMPLETED,
    TransferStatus.FAILED: EventType.CALL_TRANSFER_FAILED,
}


class Chronicle:
    """Writes events of calls that this process leads."""

    def __init__(self, store: Store, *, server: str) -> None:
        """`server` names this process."""
        self._store = store
        self._server = server
        self._begun: set[str] = set()

    async def write(self, connection: AsyncConnection, event: Event) -> list[StoredEvent]:
        """Record one event within a transaction; what applications are told of it."""
        data: dict[str, Any]
        match event:
            case CallChanged():
                return await self._call_changed(connection, event)
            case TurnEnded(turn=turn):
                await turns.insert(connection, event.call_id, turn)
                told, data = EventType.CALL_TURN_COMPLETED, {"turn": TurnResource.of(turn).as_json()}
            case ToolCalled(tool_call=done):
                await tool_calls.insert(connection, event.call_id, done)
                told, data = EventType.CALL_TOOL_CALLED, {"tool_call": ToolCallResource.of(done).as_json()}
            case TransferChanged(transfer=transfer):
                await transfers.change(connection, event.call_id, transfer)
                told, data = _TOLD_OF_TRANSFERS[transfer.status], {"transfer": TransferResource.of(transfer).as_json()}
            case LookedUp() | ScriptProgressed():
                return await self._keep(connection, event)
            case CallAnsweredBy(answer=answer):
                await calls.set_answered_by(connection, event.call_id, answer)
                shown = await calls.get(connection, event.call_id)
                told, data = EventType.CALL_ANSWERED_BY, {"call": shown.as_json() if shown else None}
            case OptedOut(number=number):
                told, data = EventType.CALL_OPTED_OUT, await self._opted_out(connection, event, number)
            case RecordingChanged():
                return await self._recording_changed(connection, event)
            case _:
                plain = _told_alone(event)
                if plain is None:
                    return []
                told, data = plain
        return [await self._append(connection, told, event, data)]

    async def _keep(self, connection: AsyncConnection, event: LookedUp | ScriptProgressed) -> list[StoredEvent]:
        """What applications read in the call itself, and are not told of."""
        match event:
            case LookedUp(call=call, lookup=lookup):
                await calls.set_briefing(connection, call, lookup)
            case ScriptProgressed(script=script, progress=progress):
                await calls.set_script(connection, event.call_id, ScriptRunResource.of(script, progress))
        return []

    async def _call_changed(self, connection: AsyncConnection, event: CallChanged) -> list[StoredEvent]:
        call = event.call
        answered = call.answered_at is not None
        last: int | None
        if call.status is CallStatus.RINGING and call.direction is Direction.INBOUND and call.id not in self._begun:
            told = [EventType.CALL_CREATED, EventType.CALL_RINGING]
            await calls.insert(connection, call, server=self._server, told=(last := len(told)))
        elif call.status.terminal:
            told = [EventType.CALL_ENDED, EventType.CALL_TRANSCRIPT_READY] if answered else [EventType.CALL_ENDED]
            found = waiting_times(await turns.of_call(connection, call.id) if answered else ())
            last = await calls.change(connection, call, latency=found.model_dump(), told=len(told))
            if answered:
                await summaries.request(connection, call.id, agent=call.agent, version=call.agent_version, now=event.at)
        else:
            told = [_TOLD_OF_STATUSES[call.status]] if call.status in _TOLD_OF_STATUSES else []
            last = await calls.change(connection, call, told=len(told))
        if last is None:
            raise LookupError(f"there is no call {call.id}")
        shown = await calls.get(connection, call.id)
        data = {"call": shown.as_json() if shown else None}
        stored = []
        for sequence, event_type in enumerate(told, last - len(told) + 1):
            stored.append(await self._append(connection, event_type, event, data, sequence))
        return stored

    async def _opted_out(self, connection: AsyncConnection, event: Event, number: str) -> dict[str, Any]:
        entry = await do_not_call.add(
            self._store, connection, number, source=do_not_call.SPOKEN, now=event.at, call_id=event.call_id
        )
        await orders.opted_out(connection, event.call_id)
        return {"do_not_call_id": entry.id}

    async def _recording_changed(self, connection: AsyncConnection, event: RecordingChanged) -> list[StoredEvent]:
        kept = await recordings.change(connection, event.call_id, event.recording)
        told = _TOLD_OF_RECORDINGS.get(event.recording.status)
        if not kept or told is None:
            return []
        shown = await calls.get(connection, event.call_id)
        return [await self._append(connection, told, event, {"call": shown.as_json() if shown else None})]

    def committed(self, event: Event) -> None:
        """The transaction that holds `event` is on disk."""
        if isinstance(event, CallChanged):
            (self._begun.discard if event.call.status.terminal else self._begun.add)(event.call_id)

    async def _append(
        self,
        connection: AsyncConnection,
        event_type: EventType,
        event: Event,
        data: Mapping[str, Any],
        sequence: int | None = None,
    ) -> StoredEvent:
        return await events.append(
            self._store, connection, event_type, at=event.at, data=data, call_id=event.call_id, sequence=sequence
        )


def _told_alone(event: Event) -> tuple[EventType, dict[str, Any]] | None:
    """What is told of an event that changes nothing else in the record; None: nothing."""
    match event:
        case KeysEntered(digits=digits):
            return EventType.CALL_DTMF_RECEIVED, {"digits": digits}
        case CallRefused(rule=rule, calls=under_way, capacity=capacity):
            return EventType.CALL_REJECTED, {"rule": rule, "calls": under_way, "capacity": capacity}
        case CallDeclined(reason=reason):
            return EventType.CALL_REJECTED, {"rule": "lookup", "reason": reason}
        case ListenerJoined(listener_id=listener_id, key_id=key_id):
            return EventType.CALL_LISTENER_JOINED, {"listener_id": listener_id, "key_id": key_id}
        case ListenerLeft(listener_id=listener_id, key_id=key_id):
            return EventType.CALL_LISTENER_LEFT, {"listener_id": listener_id, "key_id": key_id}
        case _:
            return None
