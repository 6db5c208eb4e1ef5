"""How long to wait before a dead worker is started again. Pure."""

from __future__ import annotations


class Backoff:
    """Doubles from `first_s` to `longest_s`; a run that lasted `healthy_s` starts it anew."""

    def __init__(self, first_s: float = 0.2, longest_s: float = 10.0, healthy_s: float = 60.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._healthy_s = healthy_s
        self.failures = 0
        """Deaths in a row, each after a run that was not healthy."""

    def after(self, ran_s: float) -> float:
        """Seconds to wait, given how many seconds the worker was ready before it died."""
        self.failures = 1 if ran_s >= self._healthy_s else self.failures + 1
        doublings = min(self.failures - 1, 32)
        return float(min(self._longest_s, self._first_s * 2**doublings))
