"""The lines to the outside as they are used now: which has room for another call, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from agent.domain.token_bucket import TokenBucket
from agent.outbound.ways import ways
from agent.settings import OutboundSettings, TrunkSettings


@dataclass(slots=True)
class _Use:
    calls: set[str] = field(default_factory=set)
    bucket: TokenBucket | None = None


class Trunks:
    """Those of the configuration. Times are seconds of one clock. Belongs to one event loop."""

    def __init__(self, settings: OutboundSettings, *, reachable: Callable[[str], bool] = lambda _name: True) -> None:
        """`reachable` tells what is known of a trunk by its name."""
        self._settings = settings
        self._reachable = reachable
        self._use = {name: _Use(bucket=TokenBucket(one.calls_per_second)) for name, one in settings.trunks.items()}
        self._all = _Use(bucket=TokenBucket(settings.calls_per_second) if settings.calls_per_second else None)
        self._freed = asyncio.Event()

    @property
    def settings(self) -> Mapping[str, TrunkSettings]:
        """By name."""
        return self._settings.trunks

    @property
    def calls(self) -> int:
        """Out now, over all trunks, and between two of them."""
        return len(self._all.calls)

    def calls_over(self, name: str) -> int:
        """Out now over one trunk."""
        return len(self._use[name].calls)

    def ways(self, number: str) -> list[str]:
        """Trunks that lead to a number, in the order in which they are tried."""
        return ways(number, self._settings.trunks, self._reachable)

    def wait_s(self, at: float) -> float | None:
        """Seconds until another call may go out at all; None: when one of those that are out has ended."""
        most = self._settings.max_calls
        return None if most and self.calls >= most else _bucket_wait_s(self._all, at)

    def wait_for_s(self, name: str, at: float) -> float | None:
        """The same for one trunk."""
        use = self._use[name]
        return None if len(use.calls) >= self.settings[name].max_calls else _bucket_wait_s(use, at)

    def free(self, names: Collection[str], at: float) -> str | None:
        """The first of these that has room now."""
        return next((name for name in names if self.wait_for_s(name, at) == 0), None)

    def free_prefixes(self, at: float) -> frozenset[str]:
        """How numbers begin to which a trunk leads that has room now."""
        free = (one for name, one in self.settings.items() if self.wait_for_s(name, at) == 0)
        return frozenset(prefix for one in free for prefix in one.prefixes)

    def begin(self, call_id: str, name: str, at: float) -> None:
        """The call goes out over a trunk that has room."""
        for use in (self._use[name], self._all):
            if call_id not in use.calls and use.bucket is not None:
                use.bucket.take(at)
            use.calls.add(call_id)

    def leave(self, call_id: str, name: str) -> None:
        """The call is not out over this trunk any more, and may go out over another."""
        self._use[name].calls.discard(call_id)
        self._freed.set()

    def end(self, call_id: str) -> None:
        """The call is over."""
        for use in (*self._use.values(), self._all):
            use.calls.discard(call_id)
        self._freed.set()

    async def room(self, names: Collection[str], clock: Callable[[], float]) -> str:
        """Wait until one of these trunks has room; the first that does."""
        while (name := self.free(names, clock())) is None:
            waits = [wait for one in names if (wait := self.wait_for_s(one, clock())) is not None]
            self._freed.clear()
            try:
                async with asyncio.timeout(min(waits, default=None)):
                    await self._freed.wait()
            except TimeoutError:
                continue
        return name


def _bucket_wait_s(use: _Use, at: float) -> float:
    return 0.0 if use.bucket is None else use.bucket.wait_s(at)
