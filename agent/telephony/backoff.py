"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling waits with jitter, so that many clients do not return to a restarted server at one instant."""

    first_s: float = 0.2
    longest_s: float = 5.0
    """A caller who rings just after Asterisk is back waits no longer than this."""

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (1 or more): between half and all of the doubled time."""
        full = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
