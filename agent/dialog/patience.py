"""Trying once more what a model failed at, with a word to the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent.errors import PhoneAgentError

T = TypeVar("T")
PAUSE_S = 0.25  # a worker that was killed is back after one to three seconds; a refused connection costs nothing


async def with_patience(
    attempt: Callable[[], Awaitable[T]], *, deadline_s: float, apologise: Callable[[PhoneAgentError], None]
) -> T:
    """The result of `attempt`; after its first failure `apologise` is called and it gets `deadline_s` more.

    An attempt that fails at once, since its process is being restarted, is repeated within that time; one that ran
    into its own deadline has had its second try then. Raises the last PhoneAgentError.
    """
    try:
        return await attempt()
    except PhoneAgentError as error:
        apologise(error)
    loop = asyncio.get_running_loop()
    until = loop.time() + deadline_s
    while True:
        try:
            return await attempt()
        except PhoneAgentError:
            if loop.time() + PAUSE_S >= until:
                raise
            await asyncio.sleep(PAUSE_S)
