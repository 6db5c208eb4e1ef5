"""Voice to voice at the caller's telephone, at several numbers of calls at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.bench.conversation.house import House
from agent.bench.conversation.observation import Observation, Outcome, latencies
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.talk import NUMBER, Talk, receptionist, talk
from agent.domain.agent import Agent
from agent.ops.percentiles import summarise
from agent.ops.report import Measure, figure, measured
from agent.rehearsal.control import Control as StageControl

DELAY_MS = 2000
"""Of the control: more than any answer's time that would be good enough."""
DELAY = Control("all that the agent says comes 2 s later", StageControl(delay_ms=DELAY_MS))


class Latency:
    """`--turns` answers at each of `--calls`."""

    name = "latency"

    @property
    def agents(self) -> Mapping[str, Agent]:
        """See Row."""
        return {NUMBER: receptionist()}

    @property
    def controls(self) -> Mapping[str, Control]:
        """See Row."""
        return {"delay": DELAY}

    async def run(self, house: House, plan: Plan) -> Findings:
        """See Row."""
        talks = [await talk(house, plan, calls) for calls in plan.calls]
        measures = [(measure, one) for one in talks for measure in _measures(one)]
        return Findings(
            measures=tuple(measure for measure, _ in measures),
            failures=tuple(failure for one in talks for failure in (*one.unanswered, *one.broken)),
            notes=tuple(_note(one) for one in talks),
            failed={measure.name: len(one.unanswered) + len(one.broken) for measure, one in measures},
            details={"talks": [_details(one) for one in talks]},
        )


def _measures(one: Talk) -> list[Measure]:
    found = latencies(one.observations)
    return [
        measured(f"conversation.voice_to_voice_p50_{one.calls}", found.p50, count=found.count),
        measured(f"conversation.voice_to_voice_p95_{one.calls}", found.p95, count=found.count),
    ]


def _note(one: Talk) -> str:
    """One line about a talk: what became of its turns, and who spoke."""
    answered = one.of(Outcome.ANSWERED)
    people = [turn for turn in answered if turn.recorded]
    filled = summarise(turn.filler_ms for turn in answered if turn.filler_ms is not None)
    before, after = one.load_average
    parts = [
        f"{len(answered)} answered in {len(one.chats)} calls",
        f"{len(one.of(Outcome.OVERLAPPED))} overlapped",
        f"{len(one.of(Outcome.UNANSWERED))} unanswered",
        f"{len(one.broken)} calls in trouble",
        f"{one.thin} not counted (fewer calls stood)",
        f"{filled.count} began with a filler" + (f" (p50 {figure(filled.p50)} ms)" if filled.count else ""),
        f"recorded people {_pace(people)}",
        f"test voice {_pace(turn for turn in answered if not turn.recorded)}",
        f"load average {before:.1f} to {after:.1f}",
    ]
    return f"{one.name}: {'; '.join(parts)}"


def _pace(turns: Iterable[Observation]) -> str:
    found = latencies(turns)
    return f"{found.count}, p50 {figure(found.p50)}, p95 {figure(found.p95)}, max {figure(found.max)} ms"


def _details(one: Talk) -> dict[str, Any]:
    frames = [chat.performance.frames for chat in one.chats]
    return {
        "calls": one.calls,
        "load_average": list(one.load_average),
        "not_counted": one.thin,
        "caller_frames_sent_late": sum(frame.sent_late for frame in frames),
        "caller_frames_sent": sum(frame.sent for frame in frames),
        "turns": [turn.to_dict() for turn in one.observations],
    }
