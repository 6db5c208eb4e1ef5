from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.workers.backoff import Backoff


def test_doubles_up_to_ten_seconds() -> None:
    backoff = Backoff()
    assert [backoff.after(0) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert backoff.failures == 8


def test_a_healthy_minute_starts_it_anew() -> None:
    backoff = Backoff()
    waits = [backoff.after(ran_s) for ran_s in (0, 0, 59.9, 60, 0)]
    assert waits == [0.2, 0.4, 0.8, 0.2, 0.4]


@given(st.lists(st.floats(0, 1e6), max_size=200))
def test_never_outside_its_bounds(runs: list[float]) -> None:
    backoff = Backoff()
    assert all(0.2 <= backoff.after(ran_s) <= 10 for ran_s in runs)
