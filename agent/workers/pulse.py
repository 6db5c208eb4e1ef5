"""Whether a worker that runs still works: a question now and then that only a worker which gets things done answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from wyoming.ping import Ping, Pong

from agent.speech.wyoming import connect


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a worker is asked, and when it counts as hanging."""

    feel: Callable[[str], Awaitable[None]]
    """Given the worker's URI, returns when it has answered. An OSError is as good as no answer."""
    every_s: float = 5.0
    """Rest between an answer and the next question."""
    patience_s: float = 10.0
    """A question may wait for the work in hand: the longest, an utterance of two minutes, takes several seconds."""
    misses: int = 2
    """So many questions in a row without an answer mean that it hangs. More than one, since the machine itself may
    have slept while one was under way."""


async def wyoming_pulse(uri: str) -> None:
    """Ask ears or mouth; they answer from the thread that computes, so a busy one answers after the work in hand.

    Raises OSError where nobody answers.
    """
    async with connect(uri) as server:
        await server.send([Ping().event()])
        async for event in server.events():
            if Pong.is_type(event.type):
                return
    raise ConnectionError("the worker closed the connection without an answer")


def openai_pulse(api_key: str) -> Callable[[str], Awaitable[None]]:
    """A question for a server of the OpenAI API: its list of models, which it gives while it writes answers too."""

    async def feel(base_url: str) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        try:
            async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{base_url}/models") as answer:
                answer.raise_for_status()
        except aiohttp.ClientError as error:
            raise ConnectionError(f"the worker does not list its models: {error}") from error

    return feel
