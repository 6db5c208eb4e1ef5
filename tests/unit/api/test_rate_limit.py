from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.api import rate_limit
from agent.api.rate_limit import RateLimit, RateLimiter

LIMIT = RateLimit(requests=10, window_s=60)


def test_a_burst_is_let_through_and_then_one_for_each_token_that_comes_back() -> None:
    limiter = RateLimiter(LIMIT)
    burst = [limiter.take("key", 0.0) for _ in range(11)]
    assert [one.allowed for one in burst] == [True] * 10 + [False]
    assert [one.remaining for one in burst] == [*range(9, -1, -1), 0]
    assert (burst[0].wait_s, burst[9].wait_s, burst[10].wait_s) == (6, 60, 6)
    assert not limiter.take("key", 5.9).allowed
    assert limiter.take("key", 6.0).allowed
    assert not limiter.take("key", 6.0).allowed


def test_who_waits_as_told_is_let_in() -> None:
    limiter = RateLimiter(RateLimit(requests=7, window_s=9))
    at_s = 0.0
    for _ in range(100):
        decision = limiter.take("key", at_s)
        if not decision.allowed:
            at_s += decision.wait_s
            assert limiter.take("key", at_s).allowed


def test_the_headers_agree_with_each_other() -> None:
    limiter = RateLimiter(RateLimit(requests=1, window_s=30))
    assert limiter.take("key", 0.0).headers == {
        "RateLimit-Policy": '"default";q=1;w=30',
        "RateLimit": '"default";r=0;t=30',
    }
    assert limiter.take("key", 10.0).headers == {
        "RateLimit-Policy": '"default";q=1;w=30',
        "RateLimit": '"default";r=0;t=20',
        "Retry-After": "20",
    }


@given(st.lists(st.floats(0, 5), max_size=200))
def test_no_window_lets_through_more_than_twice_the_limit(gaps: list[float]) -> None:
    limiter, at_s = RateLimiter(LIMIT), 0.0
    passed = []
    for gap in gaps:
        at_s += gap
        if limiter.take("key", at_s).allowed:
            passed.append(at_s)
    for start in passed:
        assert sum(start <= moment < start + LIMIT.window_s for moment in passed) <= 2 * LIMIT.requests


def test_memory_is_bounded_and_the_busiest_are_remembered() -> None:
    limiter = RateLimiter(RateLimit(requests=2, window_s=1_000_000))
    limiter.take("busy", 0.0)
    for number in range(rate_limit.MAX_BUCKETS - 1):
        limiter.take(f"key {number}", 0.0)
    assert limiter.take("busy", 0.0).remaining == 0
    for number in range(100):
        limiter.take(f"other {number}", 0.0)
    assert not limiter.take("busy", 0.0).allowed
    assert limiter.take("key 0", 0.0).remaining == 1
