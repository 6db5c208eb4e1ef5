"""`bench outbound` with little to do: a real server, Asterisk and SIPp."""

from __future__ import annotations

from pathlib import Path

from agent.bench.outbound.bench import OutboundPlan, bench_outbound
from agent.ops.report import Report


def values(report: Report) -> dict[str, float | None]:
    return {measure.name.removeprefix("outbound."): measure.value for measure in report.measures}


async def test_calls_come_to_their_right_ends_and_survive_a_kill(tmp_path: Path) -> None:
    plan = OutboundPlan(calls=20, killed_calls=20, realtime=False, rows=("pace", "killed"))
    report = await bench_outbound(plan, tmp_path, command="bench outbound", progress=lambda _said: None)
    found = values(report)
    assert [found[name] for name in ("pace_wrong", "killed_open", "killed_wrong", "killed_called_twice")] == [
        0,
        0,
        0,
        0,
    ]
    assert found["killed_channels_left"] == 0
    assert report.failures == []
    assert all(measure.count for measure in report.measures)
    outcomes = report.details["rows"]["pace"]["outcomes"]
    assert outcomes == {
        "answers: completed, caller_hangup": 5,
        "busy: busy, busy": 2,
        "declines: failed, rejected": 1,
        "rings: no-answer, no_answer": 1,
        "unknown: failed, invalid_destination": 1,
    }


async def test_callees_who_do_something_else_are_found(tmp_path: Path) -> None:
    plan = OutboundPlan(calls=20, realtime=False, rows=("pace",), control="crossed")
    report = await bench_outbound(plan, tmp_path, command="bench outbound", progress=lambda _said: None)
    assert values(report)["pace_wrong"] == 1
    assert "a callee of the kind answers: busy, busy" in [failure.reason for failure in report.failures]
