"""What of a call's events becomes part of the record: change, public event, deliveries in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.call import Call, CallStatus, Direction
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
from agent.store.events import Draft, StoredEvent

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
    CallStatus.RINGING: (EventType.CALL_RINGING,),
    CallStatus.IN_PROGRESS: (EventType.CALL_ANSWERED,),
}
_TOLD_OF_BEGINNING = (EventType.CALL_CREATED, EventType.CALL_RINGING)
_TOLD_OF_ENDS = (EventType.CALL_ENDED, EventType.CALL_TRANSCRIPT_READY)

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

    async def write(self, connection: AsyncConnection, *happened: Event) -> list[StoredEvent]:
        """Record events within a transaction, in their order; what applications are told of them.

        Raises LookupError where one is of a call that is not there.
        """
        told: list[Draft] = []
        for changes, others in _in_turns(happened):
            told += await self._calls_changed(connection, changes)
            for event in others:
                told += await self._drafts(connection, event)
        return await events.append_all(self._store, connection, told)

    async def _drafts(self, connection: AsyncConnection, event: Event) -> list[Draft]:
        data: dict[str, Any]
        match event:
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
        return [await self._draft(connection, told, event, data)]

    async def _keep(self, connection: AsyncConnection, event: LookedUp | ScriptProgressed) -> list[Draft]:
        """What applications read in the call itself, and are not told of."""
        match event:
            case LookedUp(call=call, lookup=lookup):
                await calls.set_briefing(connection, call, lookup)
            case ScriptProgressed(script=script, progress=progress):
                await calls.set_script(connection, event.call_id, ScriptRunResource.of(script, progress))
        return []

    async def _calls_changed(self, connection: AsyncConnection, happened: Sequence[CallChanged]) -> list[Draft]:
        """Of several calls at once, each of which comes once: under load that takes few statements for many."""
        if not happened:
            return []
        changes = []
        told: dict[str, Sequence[EventType]] = {}
        for event in happened:
            call = event.call
            begins = self._begins(call)
            kinds = told[call.id] = _TOLD_OF_BEGINNING if begins else _told_of(call)
            if begins:
                await calls.insert(connection, call, server=self._server, told=len(kinds))
            else:
                changes.append(calls.Change(call, len(kinds), await _waited(connection, call)))
            if EventType.CALL_TRANSCRIPT_READY in kinds:
                await summaries.request(connection, call.id, agent=call.agent, version=call.agent_version, now=event.at)
        await calls.change_all(connection, changes)
        counted = await calls.counted(connection, told)
        drafts = []
        for event in happened:
            if event.call_id not in counted:
                raise LookupError(f"there is no call {event.call_id}")
            shown, last = counted[event.call_id]
            kinds, data = told[event.call_id], {"call": shown.as_json()}
            for sequence, kind in enumerate(kinds, last - len(kinds) + 1):
                drafts.append(Draft(kind, event.at, data, event.call_id, sequence))
        return drafts

    def _begins(self, call: Call) -> bool:
        inbound = call.direction is Direction.INBOUND
        return inbound and call.status is CallStatus.RINGING and call.id not in self._begun

    async def _opted_out(self, connection: AsyncConnection, event: Event, number: str) -> dict[str, Any]:
        entry = await do_not_call.add(
            self._store, connection, number, source=do_not_call.SPOKEN, now=event.at, call_id=event.call_id
        )
        await orders.opted_out(connection, event.call_id)
        return {"do_not_call_id": entry.id}

    async def _recording_changed(self, connection: AsyncConnection, event: RecordingChanged) -> list[Draft]:
        kept = await recordings.change(connection, event.call_id, event.recording)
        told = _TOLD_OF_RECORDINGS.get(event.recording.status)
        if not kept or told is None:
            return []
        shown = await calls.get(connection, event.call_id)
        return [await self._draft(connection, told, event, {"call": shown.as_json() if shown else None})]

    async def _draft(
        self, connection: AsyncConnection, event_type: EventType, event: Event, data: Mapping[str, Any]
    ) -> Draft:
        sequence = await events.next_sequence(connection, event.call_id)
        return Draft(event_type, event.at, data, event.call_id, sequence)

    def committed(self, event: Event) -> None:
        """The transaction that holds `event` is on disk."""
        if isinstance(event, CallChanged):
            (self._begun.discard if event.call.status.terminal else self._begun.add)(event.call_id)


def _in_turns(happened: Iterable[Event]) -> Iterator[tuple[list[CallChanged], list[Event]]]:
    """Changes of different calls that follow each other, and what happens before the next change; in order."""
    changes: list[CallChanged] = []
    others: list[Event] = []
    for event in happened:
        if not isinstance(event, CallChanged):
            others.append(event)
            continue
        if others or event.call_id in {one.call_id for one in changes}:
            yield changes, others
            changes, others = [], []
        changes.append(event)
    yield changes, others


def _told_of(call: Call) -> Sequence[EventType]:
    """What applications are told of a call that is now like this."""
    if call.status.terminal:
        return _TOLD_OF_ENDS if call.answered_at is not None else _TOLD_OF_ENDS[:1]
    return _TOLD_OF_STATUSES.get(call.status, ())


async def _waited(connection: AsyncConnection, call: Call) -> Mapping[str, Any] | None:
    """How long its answers were waited for, of a call that is over; None of others."""
    if not call.status.terminal:
        return None
    return waiting_times(await turns.of_call(connection, call.id) if call.answered_at else ()).model_dump()


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
