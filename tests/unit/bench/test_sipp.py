from __future__ import annotations

from agent.bench.sipp import CallPlan, Outcome, parse_statistics

HEADER = "StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);CallLength(C)"


def test_the_last_row_counts() -> None:
    text = f"{HEADER}\n1;3;0;0;0;0;x\n2;3;1;2;0;1;x\n\n"
    assert parse_statistics(text) == Outcome(successful=2, failed=1)


def test_a_file_without_a_row_tells_nothing() -> None:
    assert parse_statistics("") is None
    assert parse_statistics(HEADER) is None
    assert parse_statistics("a;b\n1;2") is None
    assert parse_statistics(f"{HEADER}\n1;3;;;;;") is None


def test_a_plan_ends_some_time_after_the_last_call() -> None:
    plan = CallPlan(calls=101, rate=10, hold_s=20)
    assert plan.ramp_s == 10
    assert plan.limit_s > 30
