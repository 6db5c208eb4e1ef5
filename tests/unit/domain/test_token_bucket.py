from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.token_bucket import TokenBucket


def test_ten_a_second_are_ten_at_once_and_then_one_each_tenth() -> None:
    bucket = TokenBucket(10)
    assert [bucket.take(5.0) for _ in range(11)] == [True] * 10 + [False]
    assert bucket.wait_s(5.0) == pytest.approx(0.1)
    assert [bucket.take(5.1), bucket.take(5.1)] == [True, False]


def test_less_than_one_a_second_waits_for_a_whole_one() -> None:
    bucket = TokenBucket(0.5)
    assert [bucket.take(0.0), bucket.take(1.9), bucket.take(2.0)] == [True, False, True]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1)
    assert bucket.take(100.0)
    assert not bucket.take(0.0)


@given(st.floats(0.1, 50), st.lists(st.floats(0, 0.5), max_size=80))
def test_no_more_begin_than_the_rate_and_one_burst(per_second: float, pauses: list[float]) -> None:
    bucket, now, begun = TokenBucket(per_second), 0.0, 0
    for pause in pauses:
        now += pause
        begun += bucket.take(now)
    assert begun <= max(1.0, per_second) + now * per_second + 1e-6
