"""A whole `serve` under load, in a process of its own: only its conversations are an echo, so that it needs no model.

Tells `standing` with each call that is answered or over, and at its end `result`, as `agent.bench.echo_process` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.app import PhoneAgent
from agent.bench.child import asked, tell
from agent.bench.echo import Echo
from agent.bench.service import flaws
from agent.dialog.parts import Parts
from agent.domain.call import Call, EndedReason
from agent.domain.events import CallChanged, Event
from agent.media.stream import MediaStream
from agent.ops import logs
from agent.ops.process import allow_many_files, put_sound_first, take_short_turns
from agent.settings import LogSettings, Settings
from agent.store.engine import Store
from agent.telephony.inputs import ChannelInputs

BUSY_S = 0.025


class EchoingAgent(PhoneAgent):
    """Every caller hears themselves."""

    def __init__(self, settings: Settings, echo: Echo) -> None:
        super().__init__(settings, Teller(echo))
        self._echo = echo

    async def _talk(self, _parts: Parts, call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        return await self._echo(call, stream, inputs)


class Teller:
    """An EventSink that tells the parent how many calls stand, and the echo how each ended."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._standing: set[str] = set()
        self._most = 0

    def __call__(self, event: Event) -> None:
        """See EventSink."""
        if not isinstance(event, CallChanged):
            return
        if event.call.status.terminal:
            self._standing.discard(event.call_id)
            self._echo.ended(event.call)
        elif event.call.answered_at is not None:
            self._standing.add(event.call_id)
        self._most = max(self._most, len(self._standing))
        tell("standing", calls=len(self._standing), most=self._most)


def spoil(control: str | None) -> None:
    """Do wrong what the control asks for."""
    read, write = Store.read, Store.write

    @asynccontextmanager
    async def slow_read(self: Store) -> AsyncIterator[AsyncConnection]:
        async with read(self) as connection:
            if control == "busy-loop":
                time.sleep(BUSY_S)  # noqa: ASYNC251 - that is the fault
            else:
                await asyncio.sleep(flaws.SLOW_READ_S)
            yield connection

    @asynccontextmanager
    async def slow_write(self: Store) -> AsyncIterator[AsyncConnection]:
        async with write(self) as connection:
            await asyncio.sleep(flaws.SLOW_WRITE_S)
            yield connection

    if control == "slow-writes":
        Store.write = slow_write  # type: ignore[method-assign]  # a fault on purpose
    elif control is not None:
        Store.read = slow_read  # type: ignore[method-assign]  # a fault on purpose


async def _serve() -> None:
    logs.configure(LogSettings(level="error"))
    allow_many_files()
    take_short_turns()
    echo = Echo()
    realtime = False
    async with AsyncExitStack() as stack:
        async for message in asked():
            settings = Settings.model_validate(message["settings"])
            spoil(message["control"])
            agent = await stack.enter_async_context(EchoingAgent(settings, echo))
            realtime = settings.media.realtime and put_sound_first()
            tell("ready", **agent.ports)
    result: dict[str, Any] = echo.result()
    tell("result", realtime=realtime, **result)


if __name__ == "__main__":
    asyncio.run(_serve())
