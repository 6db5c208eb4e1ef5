"""What Prometheus is told: counted from the events of all calls, and read from the parts when it asks.

No label holds anything of a caller. `docs/metrics.md` lists every metric.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import prometheus_client
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from agent.domain.call import Call, CallStatus
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
from agent.domain.lookup import LookupOutcome
from agent.domain.tool_calls import ToolStatus
from agent.domain.turns import STAGES, Speaker, Turn
from agent.ops.site import Site
from agent.settings import HttpSettings

WAIT_BUCKETS_S = (
    0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0,
)  # fmt: skip
"""Fine about a second, where people feel it; each bound of the targets (0.5, 0.7, 0.9, 1.2, 1.3, 1.5, 2.5 s) is one."""
GREETING_BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0)
CALL_BUCKETS_S = (5, 10, 20, 30, 60, 120, 180, 300, 600, 1200, 3600)
COUNTED = STAGES[1:]  # the first is where they are counted from
PREFIX = "phone_agent"

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # a gauge of its own per counter, of no use


class Metrics:
    """An EventSink that counts; belongs to one event loop."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._stages = self._histogram(
            "turn_stage_seconds", "From the end of the caller's speech to a stage", ["stage"]
        )
        self._waits = self._histogram("voice_to_voice_seconds", "From the end of the caller's speech to the answer")
        self._greetings = self._histogram(
            "greeting_seconds",
            "From the answer of a call to the greeting, unless the caller had to wait",
            buckets=GREETING_BUCKETS_S,
        )
        self._durations = self._histogram("call_seconds", "Length of answered calls", buckets=CALL_BUCKETS_S)
        self._calls = self._counter("calls", "Calls that ended", ["direction", "status", "reason"])
        self._cpu = self._counter("call_cpu_seconds", "Processor time of our model processes that calls cost")
        self._refused = self._counter("refused_calls", "Callers for whom there was no place", ["rule"])
        self._queued = self._counter("queued_calls", "Callers who had to wait for a place")
        self._turns = self._counter("turns", "Turns", ["speaker"])
        self._interruptions = self._counter("interruptions", "Overlaps that silenced the agent", ["outcome"])
        self._fillers = self._counter("fillers", "Fillers said while an answer took long")
        self._entries = self._counter("key_entries", "Digit strings that callers keyed")
        self._troubles = self._counter("troubles", "Failures in calls that were dealt with", ["code"])
        self._lookups = self._histogram(
            "lookup_seconds", "How long applications took to say who takes a call", ["outcome"]
        )
        self._tools = self._histogram("tool_seconds", "How long tools took", ["status"])
        self._unheard: dict[str, Call] = {}
        self._waited: set[str] = set()
        ProcessCollector(namespace=PREFIX, registry=self.registry)
        for outcome in ("committed", "taken_back"):
            self._interruptions.labels(outcome)
        for rule in ("busy", "fallback", "announce", "unavailable", "lookup"):
            self._refused.labels(rule)
        for outcome in LookupOutcome:
            self._lookups.labels(outcome)
        for status in ToolStatus:
            self._tools.labels(status)

    def __call__(self, event: Event) -> None:
        """Count one event. See EventSink."""
        match event:
            case CallChanged():
                self._call(event.call)
            case SpeechStarted():
                self._greeted(event)
            case TurnEnded():
                self._turn(event.turn)
            case SpeechResumed():
                self._interruptions.labels("taken_back").inc()
            case FillerSaid():
                self._fillers.inc()
            case KeysEntered():
                self._entries.inc()
            case CallQueued():
                self._queued.inc()
                self._waited.add(event.call_id)
            case CallRefused():
                self._refused.labels(event.rule).inc()
            case CallDeclined():
                self._refused.labels("lookup").inc()
            case LookedUp():
                self._lookups.labels(event.lookup.outcome).observe(event.lookup.duration_s)
            case ToolCalled():
                self._tools.labels(event.tool_call.status).observe(event.tool_call.duration_s)
            case Trouble():
                self._troubles.labels(event.code).inc()

    def add(self, *collectors: Collector) -> None:
        """Ask these, too, at every scrape."""
        for collector in collectors:
            self.registry.register(collector)

    def exposition(self) -> bytes:
        """Everything in Prometheus's text format 0.0.4."""
        return generate_latest(self.registry)

    def _call(self, call: Call) -> None:
        if call.status is CallStatus.IN_PROGRESS and call.id not in self._waited:
            self._unheard[call.id] = call
        if not call.status.terminal:
            return
        self._unheard.pop(call.id, None)
        self._waited.discard(call.id)
        self._calls.labels(call.direction, call.status, call.ended_reason or "").inc()
        self._cpu.inc(call.cpu_seconds or 0.0)
        if call.answered_at is not None and call.ended_at is not None:
            self._durations.observe((call.ended_at - call.answered_at).total_seconds())

    def _greeted(self, event: SpeechStarted) -> None:
        call = self._unheard.pop(event.call_id, None)
        if call is not None and call.answered_at is not None and event.turn_index == 0:
            self._greetings.observe((event.at - call.answered_at).total_seconds())

    def _turn(self, turn: Turn) -> None:
        self._turns.labels(turn.speaker).inc()
        if turn.speaker is not Speaker.AGENT:
            return
        if turn.interrupted:
            self._interruptions.labels("committed").inc()
        if turn.timings.waited_s is not None:
            self._waits.observe(turn.timings.waited_s)
        ended = turn.timings.speech_ended
        for stage in COUNTED:
            at = getattr(turn.timings, stage)
            if ended is not None and at is not None:
                self._stages.labels(stage).observe(max(0.0, at - ended))

    def _histogram(
        self, name: str, text: str, labels: list[str] | None = None, *, buckets: tuple[float, ...] = WAIT_BUCKETS_S
    ) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", text, labels or [], buckets=buckets, registry=self.registry)

    def _counter(self, name: str, text: str, labels: list[str] | None = None) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels or [], registry=self.registry)


class MetricsServer(Site):
    """Serves /metrics on `http.metrics_port`."""

    def __init__(
        self, settings: HttpSettings, metrics: Metrics, *, look: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """`look` finds out, before each answer, what only asking tells."""
        self._metrics = metrics
        self._look = look
        app = web.Application()
        app.router.add_get("/metrics", self._get)
        super().__init__(app, key="http.metrics_port", bind=settings.bind, port=settings.metrics_port)

    async def _get(self, _request: web.Request) -> web.Response:
        if self._look is not None:
            await self._look()
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
