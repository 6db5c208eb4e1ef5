"""The sender under load, in a process of its own: the recorder and the webhooks of a `serve` that has no calls.

Told `flow`, it has calls come and go in the record at a steady pace, and says `flowed` when the last one is on disk.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

from agent.bench.child import asked, tell
from agent.bench.service.flaws import SlowStore, flawed_client
from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.events import CallChanged
from agent.ids import new_call_id
from agent.ops import logs
from agent.settings import LogSettings, WebhooksSettings
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.recorder import Recorder
from agent.webhooks.webhooks import Webhooks

EVENTS_PER_CALL = 5
CALL_S = 2.0
FLUSH_S = 30.0


class Service:
    """The parts that send."""

    def __init__(self, url: str, server: str, settings: Mapping[str, Any], control: str | None) -> None:
        self.store = SlowStore(url) if control == "slow-store" else Store(url)
        self._webhooks = Webhooks(
            self.store,
            WebhooksSettings.model_validate(settings),
            server=server,
            client=partial(flawed_client, flaw=control),
        )
        chronicle = Chronicle(self.store, server=server)
        self._recorder = Recorder(self.store, chronicle, told=self._webhooks.told)

    async def start(self, stack: AsyncExitStack) -> None:
        """As `agent.app` does."""
        stack.push_async_callback(self.store.close)
        self._recorder.start()
        stack.push_async_callback(self._recorder.close, FLUSH_S)
        self._webhooks.start()
        stack.push_async_callback(self._webhooks.close)

    async def flow(self, events_a_second: float, seconds: float, seed: int) -> None:
        """Calls that come by chance; returns when all of theirs is on disk."""
        chance = random.Random(seed)  # noqa: S311 - chance, not a secret
        loop = asyncio.get_running_loop()
        due, end = loop.time(), loop.time() + seconds
        calls: set[asyncio.Task[None]] = set()
        while due < end:
            await asyncio.sleep(due - loop.time())
            call = asyncio.create_task(self._call())
            calls.add(call)
            due += chance.expovariate(events_a_second / EVENTS_PER_CALL)
        await asyncio.gather(*calls)
        await self._recorder.flush()

    async def _call(self) -> None:
        now = datetime.now(UTC)
        call = Call(
            new_call_id(), Direction.INBOUND, "+493012345678", "1000", "receptionist", CallStatus.RINGING, now
        )  # fmt: skip
        self._tell(call)
        await asyncio.sleep(CALL_S / 2)
        call = transition(call, CallStatus.IN_PROGRESS, at=datetime.now(UTC))
        self._tell(call)
        await asyncio.sleep(CALL_S / 2)
        self._tell(transition(call, CallStatus.COMPLETED, at=datetime.now(UTC), reason=EndedReason.CALLER_HANGUP))

    def _tell(self, call: Call) -> None:
        self._recorder(CallChanged(call.id, datetime.now(UTC), call=call))


async def _serve() -> None:
    logs.configure(LogSettings(level="error"))
    service: Service | None = None
    async with AsyncExitStack() as stack:
        async for message in asked():
            match message.pop("type"):
                case "begin":
                    service = Service(**message)
                    await service.start(stack)
                    tell("ready")
                case "flow" if service is not None:
                    await service.flow(**message)
                    tell("flowed")


if __name__ == "__main__":
    asyncio.run(_serve())
