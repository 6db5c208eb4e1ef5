"""One trace for each call: its turns, and the stages of each answer. No word and no number is in it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from agent.domain.call import Call
from agent.domain.events import CallChanged, Event, Trouble, TurnEnded
from agent.domain.trace_context import TraceContext
from agent.domain.turns import Turn

if TYPE_CHECKING:
    from agent.ops.otel import Tracing

STAGES = {
    "turn_ended": "endpointing",
    "transcribed": "transcription",
    "first_token": "first token",
    "first_clause": "first clause",
    "first_sound_queued": "synthesis",
    "first_sound_played": "playout",
}
"""What a stage of `Timings` is the end of."""
_NS = 1_000_000_000


class CallTraces:
    """An EventSink; belongs to one event loop."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._answered_ns: dict[str, int] = {}

    def __call__(self, event: Event) -> None:
        """Trace what is over. See EventSink."""
        match event:
            case CallChanged(call=call) if call.status.terminal:
                self._answered_ns.pop(call.id, None)
                self._call(call)
            case CallChanged(call=call) if call.answered_at is not None:
                self._answered_ns[call.id] = _ns(call.answered_at)
            case TurnEnded() if event.call_id in self._answered_ns:
                self._turn(event.call_id, event.turn)
            case Trouble():
                at, root = _ns(event.at), TraceContext.of_call(event.call_id)
                self._tracing.past("trouble", at, at, parent=root, attributes={"error.type": event.code})

    def _call(self, call: Call) -> None:
        about: dict[str, str | int | float | bool] = {
            "call.id": call.id,
            "call.direction": call.direction,
            "call.status": call.status,
            "call.ended_reason": call.ended_reason or "",
            "call.agent": call.agent,
            "call.answered": call.answered_at is not None,
        }
        if call.cpu_seconds is not None:
            about["call.cpu_seconds"] = call.cpu_seconds
        ended = call.ended_at or call.created_at
        self._tracing.past(
            f"call {call.direction}", _ns(call.created_at), _ns(ended), root_of=call.id, attributes=about
        )

    def _turn(self, call_id: str, turn: Turn) -> None:
        zero, root = self._answered_ns[call_id], TraceContext.of_call(call_id)

        def at(seconds: float) -> int:
            return zero + round(seconds * _NS)

        about = {"turn.index": turn.index, "turn.interrupted": turn.interrupted}
        self._tracing.past(
            f"turn {turn.speaker}", at(turn.started_at), at(turn.ended_at), parent=root, attributes=about
        )
        timings = turn.timings
        if timings.speech_ended is None or timings.first_sound_played is None:
            return
        answer = self._tracing.past(
            "answer", at(timings.speech_ended), at(timings.first_sound_played), parent=root,
            attributes={"turn.index": turn.index, "answer.waited_s": round(timings.waited_s or 0.0, 3)},
        )  # fmt: skip
        reached = sorted(
            (moment, name) for name in STAGES if (moment := getattr(timings, name)) is not None
        )  # the model may have begun before the turn was over
        before = timings.speech_ended
        for moment, name in reached:
            self._tracing.past(STAGES[name], at(min(before, moment)), at(moment), parent=answer)
            before = moment


def _ns(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
