"""Something that the softphone is saying."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from agent.testing.measure import Span, energy_span
from agent.testing.softphone.media import MediaThread
from agent.testing.softphone.rtp import Pcm

T = TypeVar("T")


class _Call(Protocol):
    async def unless_ended(self, work: Awaitable[T]) -> T: ...


class Saying:
    """One utterance on its way out; made by `PhoneCall.begin`."""

    def __init__(self, call: _Call, media: MediaThread, pcm: Pcm, at: int | None) -> None:
        self._call = call
        self._media = media
        self._done = asyncio.Event()
        self._clip = media.say(pcm, at=at, on_done=self._done.set)

    @property
    def span(self) -> Span:
        """Where its energy lies on the recording's clock, as far as it is or will be said."""
        energy = energy_span(self._clip.pcm)
        return Span(self._clip.start + energy.start, self._clip.start + energy.end)

    async def finished(self) -> Span:
        """Wait until all of it is sent, or it is cut; returns `span`. Raises CallEndedError."""
        await self._call.unless_ended(self._done.wait())
        return self.span

    def cut(self) -> Span:
        """Say no more of it than was sent already; returns `span`, now shorter."""
        self._media.cut(self._clip)
        return self.span
