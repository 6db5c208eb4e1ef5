"""How many requests a key may make: a bucket of tokens that refills steadily. Pure; time is an argument."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

MAX_BUCKETS = 10_000
"""Keys remembered at once; one that is forgotten, the longest unused, begins with a full bucket."""
POLICY = "default"
EPSILON = 1e-6
"""A token that is there but for the rounding of sums is there: who waits as told is let in."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`requests` at once, and as many again in the course of `window_s`."""

    requests: int = 600
    window_s: int = 60

    @property
    def per_second(self) -> float:
        """Tokens that come back each second."""
        return self.requests / self.window_s


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one request may go on."""

    allowed: bool
    remaining: int
    wait_s: int
    """Whole seconds: until one token is back where none was left, else until all are."""
    limit: RateLimit

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit fields as in draft-ietf-httpapi-ratelimit-headers-10, and Retry-After, which agrees with them."""
        fields = {
            "RateLimit-Policy": f'"{POLICY}";q={self.limit.requests};w={self.limit.window_s}',
            "RateLimit": f'"{POLICY}";r={self.remaining};t={self.wait_s}',
        }
        return fields if self.allowed else {**fields, "Retry-After": str(self.wait_s)}


class RateLimiter:
    """One bucket for each key."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when there were so many

    def take(self, key: str, at_s: float) -> Decision:
        """Take a token for one request at `at_s`, on a clock that never goes back. A refused request takes none."""
        tokens, since_s = self._buckets.pop(key, (float(self._limit.requests), at_s))
        tokens = min(self._limit.requests, tokens + (at_s - since_s) * self._limit.per_second)
        allowed = tokens >= 1 - EPSILON
        if allowed:
            tokens = max(0.0, tokens - 1)
        self._buckets[key] = (tokens, at_s)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        missing = self._limit.requests - tokens if allowed else 1 - tokens
        wait_s = math.ceil(round(missing / self._limit.per_second, 6))  # 20.000000000000004 s are 20
        return Decision(allowed, int(tokens + EPSILON), wait_s, self._limit)
