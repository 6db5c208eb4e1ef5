"""What can be seen of a server from outside, as it happens: a kill is aimed at one of these moments."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


def chance(seed: int, whose: str) -> random.Random:
    """Draws of one's own, which nobody else's move."""
    return random.Random(f"{seed} {whose}")  # noqa: S311 - chance, not a secret


class Kind(StrEnum):
    EVENT = "event"
    """Something changed in a call."""
    DELIVERY = "delivery"
    """A webhook has arrived and is not answered yet."""
    REQUEST = "request"
    """A request to the API is about to be sent."""
    ANSWER = "answer"
    """A request to the API was answered."""
    CALL = "call"
    """A telephone begins to call."""


@dataclass(frozen=True)
class Point:
    """When to kill."""

    kind: Kind | None
    """None: while it starts."""
    nth: int
    """The moment of that kind since the server was ready."""
    after: float
    """So long after it, in seconds; while it starts: as a share of the time that the first start took."""

    @classmethod
    def draw(cls, chance: random.Random) -> Point:
        if chance.random() < 0.15:
            return cls(None, 0, chance.random())
        at_once = chance.random() < 0.3
        return cls(chance.choice(list(Kind)), chance.randint(1, 12), 0.0 if at_once else 0.06 * chance.random())


class Moments:
    """Tells moments to whoever waits for one, and to whoever aims at one."""

    def __init__(self) -> None:
        self._more = asyncio.Event()
        self._left: dict[Kind, int] = {}
        self._fire: Callable[[], object] = lambda: None

    def aim(self, kind: Kind, nth: int, fire: Callable[[], object]) -> None:
        """Call `fire` with the nth moment of a kind from now on."""
        self._left, self._fire = {kind: nth}, fire

    def saw(self, kind: Kind) -> None:
        self._more.set()
        if kind in self._left:
            self._left[kind] -= 1
            if not self._left[kind]:
                self._left = {}
                self._fire()

    async def next(self) -> None:
        self._more.clear()
        await self._more.wait()
