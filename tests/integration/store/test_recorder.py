"""The record of calls in a real database, also while that is away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.event_types import EventType
from agent.domain.events import (
    CallChanged,
    CallRefused,
    FillerSaid,
    KeysEntered,
    ScriptProgressed,
    TransferChanged,
    TurnEnded,
)
from agent.domain.outbound import ScriptRef
from agent.domain.script_progress import ScriptProgress
from agent.domain.transfer import RequestedBy, Transfer, TransferFailure, TransferKind, TransferMode
from agent.domain.turns import Speaker, Timings, Turn
from agent.store import calls, erasure, events, turns
from agent.store.calls import CallFilter
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.keyset import Position
from agent.store.leftovers import close_leftovers
from agent.store.recorder import Recorder
from agent.store.schema import calls as calls_table

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
RINGING = Call("call_1", Direction.INBOUND, "+4930123", "1000", "receptionist", CallStatus.RINGING, NOW)
ANSWERED = transition(RINGING, CallStatus.IN_PROGRESS, at=NOW + timedelta(seconds=1))
ENDED = transition(ANSWERED, CallStatus.COMPLETED, at=NOW + timedelta(seconds=61), reason=EndedReason.CALLER_HANGUP)
GREETING = Turn(0, Speaker.AGENT, "Good day.", 0.1, 1.2)
QUESTION = Turn(1, Speaker.CALLER, "When\x00 do you open? '; DROP TABLE calls; --", 2.0, 3.0)
ANSWER = Turn(2, Speaker.AGENT, "At nine.", 3.6, 4.2, timings=Timings(speech_ended=3.0, first_sound_played=3.6))


def changed(call: Call) -> CallChanged:
    return CallChanged(call.id, call.ended_at or call.answered_at or call.created_at, call=call)


def ended(turn: Turn) -> TurnEnded:
    return TurnEnded("call_1", NOW + timedelta(seconds=turn.ended_at), turn=turn)


class Told:
    def __init__(self) -> None:
        self.events: list[StoredEvent] = []

    def __call__(self, stored: Any) -> None:
        self.events += stored

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


@pytest.fixture
async def told() -> Told:
    return Told()


async def record(store: Store, told: Told, *happened: Any) -> Recorder:
    recorder = Recorder(store, Chronicle(store, server="one"), told=told)
    for event in happened:
        recorder(event)
    recorder.start()
    await recorder.close(timeout_s=60)
    return recorder


async def test_a_call_is_recorded_with_its_turns_and_told_in_order(store: Store, told: Told) -> None:
    turns_of_it = [ended(turn) for turn in (GREETING, QUESTION, ANSWER)]
    await record(store, told, changed(RINGING), changed(ANSWERED), *turns_of_it, changed(ENDED))
    assert told.types == [
        EventType.CALL_CREATED,
        EventType.CALL_RINGING,
        EventType.CALL_ANSWERED,
        EventType.CALL_TURN_COMPLETED,
        EventType.CALL_TURN_COMPLETED,
        EventType.CALL_TURN_COMPLETED,
        EventType.CALL_ENDED,
        EventType.CALL_TRANSCRIPT_READY,
    ]
    assert [event.sequence for event in told.events] == [1, 2, 3, 4, 5, 6, 7, 8]
    async with store.read() as connection:
        call = await calls.get(connection, "call_1")
        assert await turns.of_call(connection, "call_1") == [GREETING, QUESTION, ANSWER]
        kept = await events.after_sequence(connection, "call_1", 0, limit=100)
    assert kept == told.events
    assert call is not None
    assert (call.status, call.ended_reason, call.duration_seconds) == ("completed", "caller_hangup", 60.0)
    assert call.latency is not None
    assert (call.latency.answers, call.latency.p50_ms) == (1, 600.0)
    assert told.events[-2].data["call"] == call.as_json()


async def test_a_call_that_was_refused_has_no_transcript(store: Store, told: Told) -> None:
    refused = transition(RINGING, CallStatus.FAILED, at=NOW, reason=EndedReason.LIMIT_EXCEEDED)
    no_place = CallRefused("call_1", NOW, rule="busy", calls=4, capacity=4)
    await record(store, told, changed(RINGING), no_place, changed(refused))
    assert told.types[2:] == [EventType.CALL_REJECTED, EventType.CALL_ENDED]


async def test_what_is_of_the_moment_is_not_kept(store: Store, told: Told) -> None:
    await record(store, told, changed(RINGING), FillerSaid("call_1", NOW))
    assert told.types == [EventType.CALL_CREATED, EventType.CALL_RINGING]


async def test_an_event_that_cannot_be_recorded_holds_up_no_other_and_is_counted(store: Store, told: Told) -> None:
    stray = KeysEntered("call_of_nobody", NOW, digits="1")
    recorder = await record(store, told, changed(RINGING), stray, KeysEntered("call_1", NOW, digits="2"))
    assert told.types[2:] == [EventType.CALL_DTMF_RECEIVED]
    assert recorder.lost == 1


async def test_nothing_is_lost_while_the_database_is_away(store: Store, told: Told) -> None:
    waits = 0

    async def sleep(_seconds: float) -> None:
        nonlocal waits
        waits += 1
        assert recorder.problem is not None
        if waits == 3:
            async with store.write() as connection:
                await connection.execute(text("ALTER TABLE gone RENAME TO calls"))

    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE calls RENAME TO gone"))
    recorder = Recorder(store, Chronicle(store, server="one"), told=told, sleep=sleep)
    for event in (changed(RINGING), changed(ANSWERED)):
        recorder(event)
    recorder.start()
    await recorder.flush()
    assert recorder.problem is None
    await recorder.close(timeout_s=60)
    assert told.types == [EventType.CALL_CREATED, EventType.CALL_RINGING, EventType.CALL_ANSWERED]
    assert (recorder.lost, waits) == (0, 3)


async def test_what_is_left_when_the_server_stops_without_a_database_is_counted(store: Store, told: Told) -> None:
    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE calls RENAME TO gone"))
    recorder = await asyncio.wait_for(_stopped_at_once(store, told), 60)
    assert (recorder.lost, told.types) == (1, [])
    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE gone RENAME TO calls"))


async def _stopped_at_once(store: Store, told: Told) -> Recorder:
    recorder = Recorder(store, Chronicle(store, server="one"), told=told)
    recorder(changed(RINGING))
    recorder.start()
    await recorder.close(timeout_s=0)
    return recorder


async def test_calls_that_a_dead_process_left_open_are_closed_once_and_told(store: Store, told: Told) -> None:
    await record(store, told, changed(RINGING), changed(ANSWERED), ended(GREETING))
    chronicle = Chronicle(store, server="one")
    assert await close_leftovers(store, chronicle, server="another", now=ENDED.ended_at or NOW) == []
    closed = await close_leftovers(store, chronicle, server="one", now=ENDED.ended_at or NOW)
    assert [event.type for event in closed] == [EventType.CALL_ENDED, EventType.CALL_TRANSCRIPT_READY]
    call = closed[0].data["call"]
    assert (call["status"], call["ended_reason"]) == ("completed", "internal_error")
    assert call["ended_at"] == "2026-11-27T12:00:01.200000Z", "the last that is known of it, not the time of the start"
    assert closed[0].at == ENDED.ended_at
    assert await close_leftovers(store, chronicle, server="one", now=NOW) == []


TRANSFER = Transfer(
    "trf_1", "sales", TransferKind.ATTENDED, TransferMode.BRIDGE, RequestedBy.MODEL, NOW + timedelta(seconds=5)
)


def handed(transfer: Transfer) -> TransferChanged:
    return TransferChanged("call_1", transfer.ended_at or transfer.started_at, transfer=transfer)


async def test_transfers_are_told_and_shown_with_their_call(store: Store, told: Told) -> None:
    failed = TRANSFER.failed(TransferFailure.BUSY, NOW + timedelta(seconds=9), sip_code=486)
    second = replace(TRANSFER, id="trf_2", started_at=NOW + timedelta(seconds=10))
    done = second.completed(NOW + timedelta(seconds=20))
    await record(store, told, changed(RINGING), changed(ANSWERED), *map(handed, (TRANSFER, failed, second, done)))
    names = [event.type.removeprefix("call.transfer.") for event in told.events if "transfer" in event.type]
    assert names == ["started", "failed", "started", "completed"]
    async with store.read() as connection:
        shown = await calls.get(connection, "call_1")
        (listed,) = await calls.listed(connection, CallFilter(), limit=2)
    assert shown is not None
    found = [(transfer.id, transfer.status, transfer.reason, transfer.sip_code) for transfer in shown.transfers]
    assert found == [("trf_1", "failed", "busy", 486), ("trf_2", "completed", None, None)]
    assert listed.transfers == shown.transfers


async def test_a_transfer_that_a_dead_process_had_begun_has_failed(store: Store, told: Told) -> None:
    await record(store, told, changed(RINGING), changed(ANSWERED), handed(TRANSFER))
    closed = await close_leftovers(store, Chronicle(store, server="one"), server="one", now=NOW + timedelta(hours=1))
    assert [event.type for event in closed][:2] == [EventType.CALL_TRANSFER_FAILED, EventType.CALL_ENDED]
    (transfer,) = closed[1].data["call"]["transfers"]
    assert (transfer["status"], transfer["reason"]) == ("failed", "internal_error")
    assert transfer["ended_at"] == "2026-11-27T12:00:05Z", "the last that is known of it"


async def test_the_list_is_paged_without_gaps_while_calls_come(store: Store, told: Told) -> None:
    for number in range(5):
        await record(store, told, changed(_numbered(number)))
    async with store.read() as connection:
        first = (await calls.listed(connection, CallFilter(), limit=2))[:2]
    await record(store, told, changed(_numbered(9)))
    async with store.read() as connection:
        last = first[-1]
        rest = await calls.listed(connection, CallFilter(), limit=9, after=Position(last.created_at, last.id))
        count = await connection.scalar(select(func.count()).select_from(calls_table))
    assert [call.id for call in [*first, *rest]] == ["call_4", "call_3", "call_2", "call_1", "call_0"]
    assert count == 6


def _numbered(number: int) -> Call:
    return Call(
        f"call_{number}", Direction.INBOUND, "", "1000", "a", CallStatus.RINGING, NOW + timedelta(seconds=number // 2)
    )


async def test_how_far_a_call_came_in_its_script_is_kept_and_told_at_its_end(store: Store, told: Told) -> None:
    at_first = ScriptProgress("details", {"name": "Anna"})
    at_last = ScriptProgress("confirm", {"name": "Anna", "agreed": True}, "booked", "booked", success=True)
    reference = ScriptRef("scr_1", 3)
    progress = [ScriptProgressed("call_1", NOW, script=reference, progress=one) for one in (at_first, at_last)]

    await record(store, told, changed(RINGING), changed(ANSWERED), *progress, changed(ENDED))

    expected = {
        "id": "scr_1",
        "version": 3,
        "state": "confirm",
        "outcome": "booked",
        "success": True,
        "exit": "booked",
        "slots": {"name": "Anna", "agreed": True},
    }
    ended_event = next(event for event in told.events if event.type == EventType.CALL_ENDED)
    assert ended_event.data["call"]["script"] == expected
    async with store.write() as connection:
        await erasure.delete_transcript(connection, "call_1", now=NOW)
        left = await calls.get(connection, "call_1")
    assert left is not None
    assert left.script is not None
    assert left.script.model_dump() == {**expected, "slots": {}}


async def test_changes_of_many_calls_at_once_are_told_each_with_what_it_was(store: Store, told: Told) -> None:
    """As under load, when a batch holds several calls, some of them more than once."""
    happened: list[Any] = []
    for number in range(5):
        happened.append(changed(replace(RINGING, id=f"call_{number}")))
    for number in range(5):
        happened.append(changed(replace(ANSWERED, id=f"call_{number}")))
        if number == 2:
            happened.append(KeysEntered("call_2", NOW, digits="7"))
    happened += [changed(replace(ENDED, id=f"call_{number}")) for number in (3, 0)]
    await record(store, told, *happened)
    by_call = {
        name: [event for event in told.events if event.call_id == name] for name in ("call_0", "call_2", "call_4")
    }
    assert {name: [event.sequence for event in theirs] for name, theirs in by_call.items()} == {
        "call_0": [1, 2, 3, 4, 5], "call_2": [1, 2, 3, 4], "call_4": [1, 2, 3],
    }  # fmt: skip
    statuses = [event.data["call"]["status"] for event in by_call["call_0"]]
    assert statuses == ["ringing", "ringing", "in-progress", "completed", "completed"]
    assert [event.type for event in by_call["call_2"]][-1] == EventType.CALL_DTMF_RECEIVED
    positions = [event.position for event in told.events]
    assert positions == sorted(set(positions))
    async with store.read() as connection:
        assert await events.after(connection, 0, limit=100) == told.events
        shown = await calls.get(connection, "call_3")
    assert shown is not None
    assert (shown.status, shown.latency.answers if shown.latency else None) == ("completed", 0)


async def test_one_call_that_is_not_there_holds_up_none_of_its_batch(store: Store, told: Told) -> None:
    known = [changed(replace(RINGING, id="call_known")), changed(replace(ANSWERED, id="call_known"))]
    recorder = await record(store, told, known[0], changed(replace(ENDED, id="call_gone")), known[1])
    assert recorder.lost == 1
    assert told.types == [EventType.CALL_CREATED, EventType.CALL_RINGING, EventType.CALL_ANSWERED]
