from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.rehearsal.judge import judge
from agent.rehearsal.moments import Moment, MomentKind
from agent.rehearsal.narrator import Narrator, print_outcome, turn_table
from agent.rehearsal.performance import Frames, Performance, Span
from agent.rehearsal.rehearsal import Rehearsed
from agent.rehearsal.results import STATED_LLM, report
from agent.rehearsal.scenario import Scenario
from tests.unit.rehearsal.performances import ordinary_call, performance, told

CONDITIONS = {"models": {"llm": STATED_LLM}}


def _rehearsed(call: Performance, *expect: dict[str, Any]) -> Rehearsed:
    scenario = Scenario.model_validate(
        {
            "name": "parking [1]",
            "caller": [{"say": "What are your opening hours?"}, {"interrupt": {"say": "Where can I park?"}}],
            "expect": list(expect),
        }
    )
    return Rehearsed(Path("a.yaml"), scenario, call, judge(scenario, call), Path("a.wav"))


CALL = replace(
    ordinary_call(),
    frames=Frames(sent=1000, sent_late=20, received=500, received_late=1),
    holes=(Span(8.0, 8.1),),
    events=(*ordinary_call().events, told("caller", 30.0, 31.0, "Thanks for watching.")),
)


def _printed(*things: Any) -> str:
    written = io.StringIO()
    console = Console(file=written, width=120)
    for thing in things:
        console.print(thing)
    return written.getvalue()


def test_the_measures_are_over_all_scenarios() -> None:
    result = report("rehearse", CONDITIONS, [_rehearsed(CALL), _rehearsed(CALL, {"turn": 1, "within_ms": 100})])
    found = {measure.name.removeprefix("rehearse."): (measure.value, measure.count) for measure in result.measures}
    assert found == {
        "scenarios_failed": (1, 2),
        "voice_to_voice_p50": (1100, 4),
        "voice_to_voice_p95": (1200, 4),
        "voice_to_voice_max": (1200, 4),
        "greeting_p50": (500, 2),
        "interruption_stop_p50": (300, 2),
        "interruption_stop_max": (300, 2),
        "word_error_rate": (11.1111, 18),
        "holes": (2, 2),
        "late_frames": (0.2, 1000),
        "caller_late_frames": (2, 2000),
    }


def test_failures_name_scenario_and_turn() -> None:
    (failure,) = report("rehearse", CONDITIONS, [_rehearsed(CALL, {"turn": 1, "within_ms": 100})]).failures
    assert failure.what == "parking [1]: turn 1, within_ms"
    assert "after 1200 ms" in failure.reason


def test_the_report_holds_every_turn(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report("rehearse", CONDITIONS, [_rehearsed(CALL, {"turn": 1, "agent_says_any": ["nine"]})]).write(path)
    (scenario,) = json.loads(path.read_text())["scenarios"]
    assert scenario["passed"] is True
    assert [line["who"] for line in scenario["turns"]] == ["agent", "caller", "agent", "caller", "agent"]
    assert scenario["voice_to_voice_ms"] == {"count": 2, "p50": 1100.0, "p95": 1190.0, "max": 1200.0}
    assert scenario["holes"] == [{"start_s": 8.0, "end_s": 8.1}]
    assert scenario["heard_in_silence"] == ["Thanks for watching."]
    assert scenario["frames"]["sent_late"] == 20


def test_nothing_measured_is_said_as_such() -> None:
    empty = report("rehearse", CONDITIONS, [_rehearsed(performance(events=()))])
    values = {measure.name: measure.value for measure in empty.measures}
    assert values["rehearse.voice_to_voice_p50"] is None
    assert values["rehearse.late_frames"] is None


def test_the_conversation_is_printed_as_it_happens() -> None:
    written = io.StringIO()
    narrator = Narrator(Console(file=written, width=40))
    for moment in (
        Moment(MomentKind.DIALLED, "1000"),
        Moment(MomentKind.ANSWERED),
        Moment(MomentKind.AGENT_BEGAN, ms=210),
        Moment(MomentKind.AGENT_SAID, "Hello, this is a rather long sentence [with brackets]."),
        Moment(MomentKind.CALLER_BEGAN, "Sorry. Where can I park?"),
        Moment(MomentKind.CALLER_HEARD, "Sorry."),
        Moment(MomentKind.AGENT_CUT, "Behind the"),
        Moment(MomentKind.CALLER_SAID, "Sorry. Where can I park?"),
        Moment(MomentKind.CALLER_HEARD, "Where can I bark?"),
        Moment(MomentKind.KEYS, "12#"),
        Moment(MomentKind.TROUBLE, "Step 1: nothing."),
        Moment(MomentKind.ENDED, "hung up"),
    ):
        narrator(moment)
    assert written.getvalue().splitlines() == [
        "                   dialling 1000",
        "                   answered",
        "   agent   0.21 s  Hello, this is a rather long sentence [with brackets].",
        "   agent           Behind the … (interrupted)",
        "  caller           Sorry. Where can I park?",
        "                   heard as: Sorry.",
        "                   heard as: Where can I bark?",
        "  caller           presses 12#",
        "       !           Step 1: nothing.",
        "                   call over: hung up",
    ]


def test_the_table_shows_both_sides() -> None:
    text = _printed(turn_table(_rehearsed(CALL)))
    assert "parking [1]" in text
    assert "1.20 s" in text
    assert "0.30 s" in text
    assert "Where can I bark?" in text


def test_the_outcome_says_why() -> None:
    written = io.StringIO()
    console = Console(file=written, width=200)
    print_outcome(console, _rehearsed(CALL))
    print_outcome(console, _rehearsed(CALL, {"turn": 1, "agent_says_any": ["ten"]}))
    text = written.getvalue()
    assert "parking [1]: PASSED" in text
    assert "parking [1]: FAILED\n  turn 1, agent_says_any: Expected “ten”" in text
    assert "The agent heard “Thanks for watching.” while the caller said nothing." in text
    assert "too busy to measure well: 2 % of our own frames were late" in text


def test_a_demand_on_latency_is_of_the_model_that_it_was_stated_for() -> None:
    def demanded(llm: str) -> float | None:
        measures = report("demo", {"models": {"llm": llm}}, [_rehearsed(CALL)]).measures
        return next(one.must for one in measures if one.name == "rehearse.voice_to_voice_p50")

    assert demanded(STATED_LLM) == 1500
    assert demanded("qwen2.5-coder-1.5b-instruct") is None
