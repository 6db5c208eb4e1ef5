"""When no caller needs the language model, so that work for which nobody waits may have it.

A caller needs it from their first sound on: what is being read for others then takes until the end of a batch to stop,
and they will be done speaking by then. Pure but for asyncio; shared by all calls of one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


class Hold:
    """Keeps work in the background away until it is released."""

    def __init__(self, released: Callable[[], None]) -> None:
        self._released: Callable[[], None] | None = released

    def release(self) -> None:
        """Doing it again does nothing."""
        released, self._released = self._released, None
        if released is not None:
            released()


class Lulls:
    """Counts what needs the model; a lull is while nothing does."""

    def __init__(self, *, between_calls: bool = False) -> None:
        """`between_calls`: only while there is no call at all, for a model that keeps one prompt and no second one."""
        self._between_calls = between_calls
        self._holds = 0
        self._lull = asyncio.Event()
        self._lull.set()
        self._running: set[asyncio.Task[Any]] = set()
        self.broken_off = 0
        """Pieces of work that a caller's need ended, to be begun again."""

    @property
    def is_lull(self) -> bool:
        """Whether nothing needs the model now."""
        return not self._holds

    def hold(self) -> Hold:
        """Something needs the model from now on: break off at once what runs in the background."""
        self._holds += 1
        self._lull.clear()
        for task in self._running:
            self.broken_off += task.cancel()
        self._running.clear()
        return Hold(self._release)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The same for a block."""
        hold = self.hold()
        try:
            yield
        finally:
            hold.release()

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call goes on."""
        with self.held() if self._between_calls else nullcontext():
            yield

    def caller(self) -> CallerQuiet:
        """For the caller of a new call, who does not speak yet."""
        return CallerQuiet(self)

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` returns; it runs within one lull, and is begun anew in the next one where that was too short."""
        while True:
            while self._holds:
                await self._lull.wait()
            task = asyncio.create_task(work(), name="background")
            self._running.add(task)
            try:
                await asyncio.wait({task})
            finally:
                self._running.discard(task)
                if not task.done():
                    task.cancel()
                    await asyncio.wait({task})
            if not task.cancelled():
                return task.result()

    def _release(self) -> None:
        self._holds -= 1
        if not self._holds:
            self._lull.set()


class CallerQuiet(asyncio.Event):
    """Set while one caller does not speak; there is no lull while it is not."""

    def __init__(self, lulls: Lulls) -> None:
        super().__init__()
        self._lulls = lulls
        self._speaking: Hold | None = None
        super().set()

    def clear(self) -> None:
        """The caller speaks."""
        super().clear()
        self._speaking = self._speaking or self._lulls.hold()

    def set(self) -> None:
        """The caller is quiet, or gone."""
        super().set()
        if self._speaking is not None:
            self._speaking.release()
            self._speaking = None
