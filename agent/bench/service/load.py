"""The back end that loads the API, in a process of its own.

Told `traffic`, it sends requests at moments drawn by chance (a Poisson process), whether earlier ones were answered or
not, and times each from the moment at which it was due to the last byte of its answer. Told `stop`, or after
`seconds`, it says what came of them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from itertools import cycle
from typing import Any

import aiohttp

from agent.bench.child import asked, tell
from agent.bench.service.requests import Asked, Known

ANSWER_S = 30.0


class BackEnd:
    """Asks, and keeps the time."""

    def __init__(self, session: aiohttp.ClientSession, keys: list[str], known: Known) -> None:
        self._session = session
        self._keys = cycle(keys)
        self._known = known
        self._times_ms: dict[str, list[float]] = defaultdict(list)
        self._failed: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()

    async def traffic(self, per_second: float, seconds: float, shares: Mapping[str, float], seed: int) -> None:
        """Ask for so long; cancelled, no longer."""
        chance = random.Random(seed)  # noqa: S311 - chance, not a secret
        loop = asyncio.get_running_loop()
        due, end = loop.time(), loop.time() + seconds
        while due < end:
            await asyncio.sleep(due - loop.time())
            task = asyncio.create_task(self._ask(self._known.draw(chance, shares), due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            due += chance.expovariate(per_second)

    async def result(self) -> dict[str, Any]:
        """What came of all requests since the last time, when they are answered."""
        await asyncio.gather(*self._running)
        times, failed = dict(self._times_ms), dict(self._failed)
        self._times_ms, self._failed = defaultdict(list), Counter()
        return {"times_ms": times, "failed": failed}

    async def _ask(self, asked_for: Asked, due: float) -> None:
        headers = {"Authorization": f"Bearer {next(self._keys)}"}
        try:
            async with self._session.request(
                asked_for.method, asked_for.path, params=asked_for.query, json=asked_for.body, headers=headers
            ) as answer:
                await answer.read()
                problem = "" if answer.ok else f"{asked_for.kind}: {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = f"{asked_for.kind}: {type(error).__name__}"
        if problem:
            self._failed[problem] += 1
        else:
            self._times_ms[asked_for.kind].append(1000 * (asyncio.get_running_loop().time() - due))


async def _serve() -> None:
    back_end: BackEnd | None = None
    traffic: asyncio.Task[None] | None = None
    async with AsyncExitStack() as stack:
        async for message in asked():
            match message.pop("type"):
                case "begin":
                    session = await stack.enter_async_context(
                        aiohttp.ClientSession(
                            message["root"],
                            connector=aiohttp.TCPConnector(limit=0),
                            timeout=aiohttp.ClientTimeout(total=ANSWER_S),
                        )
                    )
                    back_end = BackEnd(session, message["keys"], Known(**message["known"]))
                    tell("ready")
                case "traffic" if back_end is not None:
                    traffic = asyncio.create_task(back_end.traffic(**message))
                case "stop" if traffic is not None and back_end is not None:
                    traffic.cancel()
                    await asyncio.wait({traffic})
                    tell("result", **await back_end.result())
                case "wait" if traffic is not None and back_end is not None:
                    await traffic
                    tell("result", **await back_end.result())


if __name__ == "__main__":
    asyncio.run(_serve())
