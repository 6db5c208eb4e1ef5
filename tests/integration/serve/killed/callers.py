"""Telephones that call one after the other, each with a mind of its own."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from agent.testing.softphone import CallEndedError, PhoneCall, Softphone
from agent.testing.softphone.rtp import RATE
from tests.integration.serve.killed.moments import Kind, Moments, chance

NUMBER, NOBODYS_NUMBER = "1000", "9999"


class Callers:
    """They call whether the server lives or not."""

    def __init__(self, sip_port: int, folder: Path, moments: Moments, seed: int, count: int = 4) -> None:
        self._port = sip_port
        self._folder = folder
        self._moments = moments
        self._chances = [chance(seed, f"caller {number}") for number in range(count)]
        self._closing = False
        self._phone = Softphone()
        self._tasks: list[asyncio.Task[None]] = []
        self.made = 0
        self.answered = 0

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._call_again_and_again(number, mind))
            for number, mind in enumerate(self._chances, 3001)
        ]

    def stay(self) -> None:
        """Whoever is on the line stays there until the other side hangs up; nobody calls again."""
        self._closing = True

    async def gone(self) -> None:
        """Return when the other side has hung up on everybody."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._phone.close()

    async def _call_again_and_again(self, number: int, mind: random.Random) -> None:
        recording = self._folder / f"{number}.wav"
        while not self._closing:
            called = NOBODYS_NUMBER if mind.random() < 0.1 else NUMBER
            self._moments.saw(Kind.CALL)
            call = await self._phone.call("127.0.0.1", self._port, called, recording=recording, user=str(number))
            self.made += 1
            with suppress(CallEndedError):
                await self._behave(call, mind)
            await call.ended

    async def _behave(self, call: PhoneCall, mind: random.Random) -> None:
        if mind.random() < 0.08 and not self._closing:
            await call.hang_up()  # before anybody answers
            return
        if not await call.answered:
            return
        self.answered += 1
        if mind.random() < 0.3:
            await call.press(f"{mind.randint(0, 9999)}#")
        if mind.random() < 0.15:
            return  # patient: stays until the other side hangs up
        await call.reached(call.position + mind.randint(0, 2 * RATE))
        if not self._closing:
            await call.hang_up()
