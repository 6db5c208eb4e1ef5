"""One thing that is due at a time, which may change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls at the time that was set last, once."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due: float | None) -> None:
        """In place of what was set before; on the event loop's clock, None: not at all."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else asyncio.get_running_loop().call_at(due, self._call)
