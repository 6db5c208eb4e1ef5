from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from agent.bus.bus import Bus
from agent.dialog.speculation import Speculation
from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.domain.events import (
    CallChanged,
    CallDeclined,
    CallQueued,
    CallRefused,
    Event,
    FillerSaid,
    KeysEntered,
    LookedUp,
    SpeechResumed,
    SpeechStarted,
    ToolCalled,
    Trouble,
    TurnEnded,
)
from agent.domain.lookup import Lookup, LookupOutcome
from agent.domain.tool_calls import ToolCall, ToolStatus
from agent.domain.turns import Speaker, Timings, Turn
from agent.media.server import AudioSocketServer
from agent.ops.api_metrics import ApiMetrics
from agent.ops.backlog_metrics import BacklogMetrics
from agent.ops.bus_metrics import BusMetrics
from agent.ops.metrics import WAIT_BUCKETS_S, Metrics
from agent.ops.part_metrics import PartMetrics
from agent.ops.record_metrics import RecordMetrics
from agent.ops.recording_metrics import RecordingMetrics
from agent.ops.state_metrics import StateMetrics
from agent.ops.trunk_metrics import TrunkMetrics
from agent.ops.webhook_metrics import WebhookMetrics
from agent.recordings.studio import Studio
from agent.resources import shipped
from agent.settings import BusSettings, CapacitySettings, DrainSettings, RecordingsSettings, TrunkSettings
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.recorder import Recorder
from agent.store.webhook_deliveries import DeliveryStatus
from agent.telephony.ami_state import Reach, Registration, Trunk
from agent.telephony.capacity import Capacity
from agent.telephony.drain import Drain
from agent.telephony.places import Places
from agent.telephony.trunk_states import TrunkStates
from agent.webhooks.schedule import Answer
from agent.workers.supervisor import Supervisor
from tests.unit.telephony.test_trunk_states import Source

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = "call_4711"
RINGING = Call(ID, Direction.INBOUND, "+15551230000", "1000", "receptionist", CallStatus.RINGING, NOW)
ANSWERED = replace(RINGING, status=CallStatus.IN_PROGRESS, answered_at=NOW)
OVER = replace(
    ANSWERED,
    status=CallStatus.COMPLETED,
    ended_at=NOW + timedelta(seconds=45),
    ended_reason=EndedReason.CALLER_HANGUP,
)
TIMINGS = Timings(
    speech_ended=10.0,
    turn_ended=10.5,
    transcribed=10.3,
    first_token=10.55,
    first_clause=10.6,
    first_sound_queued=10.7,
    first_sound_played=10.72,
)


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Value by name (without the prefix) and values of labels, as Prometheus reads them."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name.removeprefix("phone_agent_"), tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def told(*events: Event) -> dict[tuple[str, tuple[str, ...]], float]:
    metrics = Metrics()
    for event in events:
        metrics(event)
    return samples(metrics)


def changed(call: Call) -> CallChanged:
    return CallChanged(ID, NOW, call=call)


def turn(speaker: Speaker = Speaker.AGENT, *, interrupted: bool = False, timings: Timings = TIMINGS) -> TurnEnded:
    return TurnEnded(ID, NOW, turn=Turn(1, speaker, "Yes.", 10.7, 12.0, interrupted, timings))


def test_each_stage_is_counted_from_the_end_of_speech() -> None:
    seen = told(turn(), turn(Speaker.CALLER, timings=Timings()))
    assert seen["voice_to_voice_seconds_sum", ()] == pytest.approx(0.72)
    assert seen["voice_to_voice_seconds_count", ()] == 1
    sums = {labels[0]: value for (name, labels), value in seen.items() if name == "turn_stage_seconds_sum"}
    assert sums == pytest.approx(
        {
            "turn_ended": 0.5,
            "transcribed": 0.3,
            "first_token": 0.55,
            "first_clause": 0.6,
            "first_sound_queued": 0.7,
            "first_sound_played": 0.72,
        }
    )
    assert (seen["turns_total", ("agent",)], seen["turns_total", ("caller",)]) == (1, 1)


def test_a_filler_is_no_answer() -> None:
    late = replace(TIMINGS, first_sound_played=12.0, first_sound_queued=14.0)
    seen = told(FillerSaid(ID, NOW), turn(timings=late))
    assert seen["voice_to_voice_seconds_sum", ()] == pytest.approx(4.0)
    assert seen["fillers_total", ()] == 1


def test_a_turn_without_an_answer_has_no_times() -> None:
    seen = told(turn(timings=replace(TIMINGS, speech_ended=None)))
    assert seen["voice_to_voice_seconds_count", ()] == 0
    assert not [name for name, _ in seen if name == "turn_stage_seconds_count"]


def test_interruptions() -> None:
    seen = told(turn(interrupted=True), SpeechResumed(ID, NOW, turn_index=1), SpeechResumed(ID, NOW, turn_index=1))
    assert seen["interruptions_total", ("committed",)] == 1
    assert seen["interruptions_total", ("taken_back",)] == 2


def test_calls() -> None:
    greeted = SpeechStarted(ID, NOW + timedelta(seconds=0.25), turn_index=0, text="Hello.")
    again = SpeechStarted(ID, NOW + timedelta(seconds=9), turn_index=2, text="Yes.")
    seen = told(changed(RINGING), changed(ANSWERED), greeted, again, changed(OVER))
    assert seen["calls_total", ("inbound", "caller_hangup", "completed")] == 1
    assert seen["call_seconds_sum", ()] == 45
    assert (seen["greeting_seconds_sum", ()], seen["greeting_seconds_count", ()]) == (0.25, 1)


def test_who_waited_was_not_greeted_late() -> None:
    greeted = SpeechStarted(ID, NOW + timedelta(seconds=30), turn_index=0, text="Hello.")
    seen = told(changed(RINGING), CallQueued(ID, NOW, position=1), changed(ANSWERED), greeted, changed(OVER))
    assert seen["greeting_seconds_count", ()] == 0
    assert seen["queued_calls_total", ()] == 1


def test_who_got_no_place() -> None:
    seen = told(CallRefused(ID, NOW, rule="fallback", calls=4, capacity=4))
    assert {labels[0]: value for (name, labels), value in seen.items() if name == "refused_calls_total"} == {
        "busy": 0,
        "fallback": 1,
        "announce": 0,
        "unavailable": 0,
        "lookup": 0,
    }


def test_what_applications_were_asked() -> None:
    failed = Lookup(LookupOutcome.FAILED, 2.0, code="webhook_timeout")
    done = ToolCall("tool_1", "find", {}, ToolStatus.SUCCEEDED, 3.0, 0.25)
    seen = told(
        LookedUp(ID, NOW, call=RINGING, lookup=failed),
        CallDeclined(ID, NOW, reason="busy"),
        ToolCalled(ID, NOW, tool_call=done),
    )
    assert seen["lookup_seconds_count", ("failed",)] == 1
    assert seen["lookup_seconds_count", ("answered",)] == 0
    assert seen["refused_calls_total", ("lookup",)] == 1
    assert (seen["tool_seconds_count", ("succeeded",)], seen["tool_seconds_sum", ("succeeded",)]) == (1, 0.25)


def test_other_events() -> None:
    seen = told(KeysEntered(ID, NOW, digits="1234"), Trouble(ID, NOW, code="stt_timeout", message="Too slow for Ann."))
    assert seen["key_entries_total", ()] == 1
    assert seen["troubles_total", ("stt_timeout",)] == 1


@pytest.fixture
def whole(tmp_path: Path) -> Metrics:
    metrics = Metrics()
    places = Places(Capacity(CapacitySettings(max_calls=3)))
    places.take(ID)
    speculation = Speculation()
    speculation.begun()
    speculation.ended(0.4, used=False)
    metrics.add(StateMetrics(places, AudioSocketServer("127.0.0.1", 0), Supervisor(()), speculation))
    line = Trunk("line", Registration.REGISTERED, Reach.REACHABLE, 12.5)
    metrics.add(TrunkMetrics(TrunkStates({"one": TrunkSettings(endpoint="line")}, Source(known=[line]))))
    store = Store("sqlite:///never-opened.db")
    recorder = Recorder(store, Chronicle(store, server="one"), told=lambda _events: None)
    recorder(changed(RINGING))
    metrics.add(RecordMetrics(recorder))
    metrics.add(RecordingMetrics(Studio(RecordingsSettings(folder=tmp_path), lambda _event: None)))
    metrics.add(BusMetrics(Bus(store, BusSettings(url=SecretStr("redis://127.0.0.1:1")), server="one")))
    metrics.add(PartMetrics(lambda: {"asterisk": True, "mind": False}, Drain(DrainSettings())))
    ApiMetrics(metrics.registry)("GET", "/v1/calls", "200", 0.002)
    BacklogMetrics(metrics.registry, store)
    WebhookMetrics(metrics.registry).attempted(Answer(status=500), DeliveryStatus.PENDING, 0.1)
    for event in (
        changed(RINGING), changed(ANSWERED), turn(interrupted=True), changed(OVER),
        KeysEntered(ID, NOW, digits="987654"), Trouble(ID, NOW, code="stt_timeout", message="Too slow for Ann."),
        SpeechStarted(ID, NOW, turn_index=0, text="Hello, Ann."),
    ):  # fmt: skip
        metrics(event)
    return metrics


def test_what_is(whole: Metrics) -> None:
    seen = samples(whole)
    assert seen["calls_active", ()] == 1
    assert seen["calls_waiting", ()] == 0
    assert seen["capacity_calls", ()] == 3
    assert seen["speculations_total", ("thrown_away",)] == 1
    assert seen["speculation_seconds_total", ("thrown_away",)] == pytest.approx(0.4)
    assert seen["speculations_total", ("used",)] == 0
    assert (seen["frames_sent_total", ()], seen["frames_late_total", ()]) == (0, 0)
    assert (seen["part_up", ("asterisk",)], seen["part_up", ("mind",)], seen["draining", ()]) == (1, 0, 0)
    assert (seen["record_up", ()], seen["record_waiting", ()], seen["record_lost_total", ()]) == (1, 1, 0)


def test_requests_and_attempts() -> None:
    registry = CollectorRegistry()
    api, webhooks = ApiMetrics(registry), WebhookMetrics(registry)
    api("GET", "/v1/calls", "200", 0.002)
    api("GET", "/v1/events/stream", "200", None)
    for answer, status in (
        (Answer(status=204), DeliveryStatus.DELIVERED),
        (Answer(status=302), DeliveryStatus.PENDING),
        (Answer(error="nobody there"), DeliveryStatus.DEAD),
    ):
        webhooks.attempted(answer, status, 0.5)
    count = registry.get_sample_value
    assert (
        count("phone_agent_api_requests_total", {"method": "GET", "route": "/v1/events/stream", "status": "200"}) == 1
    )
    assert count("phone_agent_api_request_seconds_count", {"method": "GET", "route": "/v1/calls"}) == 1
    assert count("phone_agent_api_request_seconds_count", {"method": "GET", "route": "/v1/events/stream"}) is None
    for outcome in ("accepted", "refused", "failed"):
        assert count("phone_agent_webhook_attempts_total", {"outcome": outcome}) == 1
    for over in ("delivered", "dead"):
        assert count("phone_agent_webhook_deliveries_total", {"status": over}) == 1
    assert count("phone_agent_webhook_attempt_seconds_sum") == 1.5


def test_trunks_as_asterisk_tells_of_them(whole: Metrics) -> None:
    count = whole.registry.get_sample_value
    assert count("phone_agent_trunk_usable", {"trunk": "one"}) == 1
    assert count("phone_agent_trunk_registered", {"trunk": "one"}) == 1
    assert count("phone_agent_trunk_roundtrip_seconds", {"trunk": "one"}) == 0.0125


def test_nothing_of_a_caller_is_in_it(whole: Metrics) -> None:
    text = whole.exposition().decode()
    for secret in ("15551230000", "4711", "receptionist", "987654", "Ann", "Yes."):
        assert secret not in text


def test_the_page_lists_every_metric_and_no_other(whole: Metrics) -> None:
    families = text_string_to_metric_families(whole.exposition().decode())
    there = {
        family.name.removeprefix("phone_agent_") + ("_total" if family.type == "counter" else "") for family in families
    }
    page = shipped("docs/metrics.md").read_text()
    rows = re.findall(r"^\| (`[^|]+)\|", page.split("## Questions")[0], re.M)
    listed = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert listed == there | {"worker_restarts_total", "worker_ready"}


def test_the_targets_are_bounds_of_buckets() -> None:
    assert {0.5, 0.6, 0.7, 0.9, 1.0, 1.2, 1.3, 1.5, 2.5} <= set(WAIT_BUCKETS_S)
    assert list(WAIT_BUCKETS_S) == sorted(WAIT_BUCKETS_S)
