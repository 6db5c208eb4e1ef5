"""Turns rehearsed scenarios into the report that all measuring commands share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from agent.ops.percentiles import Summary, summarise
from agent.ops.report import Failure, Measure, Report, measured
from agent.rehearsal.rehearsal import Rehearsed
from agent.rehearsal.turn_results import TurnResult

STATED_LLM = "qwen2.5-coder-0.5b-instruct"


def report(command: str, conditions: dict[str, Any], rehearsed: Sequence[Rehearsed]) -> Report:
    """The report of a rehearsal; `docs/rehearsals.md` explains its `scenarios`, `docs/benchmarks.md` its measures."""
    return Report(
        command=command,
        conditions=conditions,
        measures=[_asked_of(measure, conditions["models"]["llm"]) for measure in _measures(rehearsed)],
        failures=[
            Failure(f"{one.scenario.name}: {verdict.what}", verdict.reason)
            for one in rehearsed
            for verdict in one.judgement.verdicts
            if not verdict.passed
        ],
        details={"scenarios": [_scenario(one) for one in rehearsed]},
    )


def _asked_of(measure: Measure, llm: str) -> Measure:
    """A demand on latency is stated for one language model: a larger one is slower and has not failed."""
    if measure.name.startswith("rehearse.voice_to_voice") and llm != STATED_LLM:
        return replace(measure, must=None, aim=None, met=None)
    return measure


def latencies(turns: Iterable[TurnResult]) -> Summary:
    """Voice to voice, milliseconds; the greeting answers nobody and is left out."""
    return summarise(turn.latency_ms for turn in turns if turn.turn > 0 and turn.latency_ms is not None)


def _measures(rehearsed: Sequence[Rehearsed]) -> list[Measure]:
    turns = [turn for one in rehearsed for turn in one.judgement.turns]
    latency = latencies(turns)
    greeting = summarise(turn.latency_ms for turn in turns if turn.turn == 0 and turn.latency_ms is not None)
    stops = summarise(turn.stopped_after_ms for turn in turns if turn.stopped_after_ms is not None)
    errors = [line.errors for turn in turns for line in turn.caller if line.errors is not None]
    words = sum(one.words for one in errors)
    frames = [one.performance.frames for one in rehearsed]
    failed = sum(not one.judgement.passed for one in rehearsed)
    holes = sum(len(one.judgement.holes) for one in rehearsed)
    received, sent = sum(one.received for one in frames), sum(one.sent for one in frames)
    wrong = sum(one.errors for one in errors)
    return [
        measured("rehearse.scenarios_failed", failed, count=len(rehearsed)),
        measured("rehearse.voice_to_voice_p50", latency.p50, count=latency.count),
        measured("rehearse.voice_to_voice_p95", latency.p95, count=latency.count),
        measured("rehearse.voice_to_voice_max", latency.max, count=latency.count),
        measured("rehearse.greeting_p50", greeting.p50, count=greeting.count),
        measured("rehearse.interruption_stop_p50", stops.p50, count=stops.count),
        measured("rehearse.interruption_stop_max", stops.max, count=stops.count),
        measured("rehearse.word_error_rate", _percent(wrong, words), count=words),
        measured("rehearse.holes", holes, count=len(rehearsed)),
        measured("rehearse.late_frames", _percent(sum(one.received_late for one in frames), received), count=received),
        measured("rehearse.caller_late_frames", _percent(sum(one.sent_late for one in frames), sent), count=sent),
    ]


def _scenario(one: Rehearsed) -> dict[str, Any]:
    latency = latencies(one.judgement.turns)
    return {
        "name": one.scenario.name,
        "file": str(one.file),
        "passed": one.judgement.passed,
        "recording": str(one.recording),
        "turns": [line for turn in one.judgement.turns for line in turn.to_lines()],
        "heard_in_silence": list(one.judgement.invented),
        "voice_to_voice_ms": {
            "count": latency.count, "p50": latency.p50, "p95": latency.p95, "max": latency.max,
        },
        "frames": asdict(one.performance.frames),
        "holes": [{"start_s": round(hole.start, 3), "end_s": round(hole.end, 3)} for hole in one.judgement.holes],
        "verdicts": [asdict(verdict) for verdict in one.judgement.verdicts],
    }  # fmt: skip


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
