"""A future that several tasks may await, none of which can break it for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")


class Outcome(asyncio.Future[T]):
    """A future whose awaiting task may be cancelled without cancelling the future.

    `await outcome` and `asyncio.wait({outcome})` are safe; `asyncio.wait_for` and `gather` still cancel it, which harms
    only those who wait for it.
    """

    def __await__(self) -> Generator[Any, None, T]:
        if self.done():
            return self.result()
        return (yield from asyncio.shield(self).__await__())

    def settle(self, result: T) -> None:
        """Set the result unless there is one."""
        if not self.done():
            self.set_result(result)
