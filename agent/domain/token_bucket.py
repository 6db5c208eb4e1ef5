"""How many of something may begin per second. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBucket:
    """Lets `per_second` begin on average, and as many at once, at least one. Times are seconds of one clock."""

    per_second: float
    _tokens: float = field(init=False)
    _filled_at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """It begins full."""
        self._tokens = self.size

    @property
    def size(self) -> float:
        """The most that can begin at once."""
        return max(1.0, self.per_second)

    def wait_s(self, at: float) -> float:
        """Seconds until one more may begin; 0: now."""
        self._fill(at)
        return max(0.0, (1.0 - self._tokens) / self.per_second)

    def take(self, at: float) -> bool:
        """Begin one; False where it is too early."""
        if self.wait_s(at) > 0:
            return False
        self._tokens -= 1
        return True

    def _fill(self, at: float) -> None:
        passed = 0.0 if self._filled_at is None else max(0.0, at - self._filled_at)
        self._filled_at = at
        filled = self._tokens + passed * self.per_second
        self._tokens = min(self.size, round(filled, 9))  # so that ten tenths make a whole
