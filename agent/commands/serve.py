"""`phone-agent serve`: take calls."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from agent import configuration
from agent.domain.events import Event
from agent.ops import logs
from agent.ops.event_pipe import EventPipe
from agent.ops.process import allow_many_files, put_sound_first, take_short_turns
from agent.ops.service_manager import ServiceManager
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.app import PhoneAgent

log = structlog.get_logger()


def serve(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
    events_fd: Annotated[
        int | None, typer.Option(help="Write every event as a JSON line to this inherited file descriptor.")
    ] = None,
) -> None:
    """Answer calls until stopped.

    SIGTERM lets calls under way finish, Ctrl-C lets them say goodbye; the second of either ends all at once.
    """
    settings = configuration.load(config)
    if config is not None:
        os.environ[f"{configuration.PREFIX}CONFIG"] = str(config.resolve())  # rehearsals in children read the same file
    logs.configure(settings.log)
    allow_many_files()
    take_short_turns()
    asyncio.run(_serve(settings, events_fd))


class _Wish:
    """That the server should end, as signals tell it: first in order, then at once, then whatever it costs."""

    def __init__(self) -> None:
        self._serving = asyncio.current_task()
        self._asked = asyncio.Event()
        self.agent: PhoneAgent | None = None
        """Once it takes calls."""
        self.first: signal.Signals | None = None
        self._hurried = False
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._take, number)

    async def come(self) -> None:
        """Return at the first signal."""
        await self._asked.wait()

    def _take(self, number: signal.Signals) -> None:
        if self._serving is not None and (self.agent is None or self._hurried):
            self._serving.cancel()  # before a call could come, or for the third time
        elif self.first is not None and self.agent is not None:
            log.info("server.hurried")
            self._hurried = True
            self.agent.drain.hurry()
        self.first = self.first or number
        self._asked.set()


async def _serve(settings: Settings, events_fd: int | None) -> None:
    from agent.app import PhoneAgent  # heavy: a faulty configuration is reported without it

    asyncio.get_running_loop().set_exception_handler(logs.tell_unhandled)
    wish = _Wish()
    manager = ServiceManager()
    beating: asyncio.Task[None] | None = None
    pipe = await EventPipe.open(events_fd) if events_fd is not None else None

    def tell(kind: str, **fields: object) -> None:
        if pipe is not None:
            pipe.write({"type": kind, **fields})

    try:
        async with PhoneAgent(
            settings, pipe or _nobody, on_link=lambda state: tell("server.asterisk", state=state)
        ) as agent:
            wish.agent = agent
            if settings.media.realtime:
                put_sound_first()
            log.info("server.ready", **agent.ports)
            tell("server.ready", **agent.ports)
            manager.notify(READY=1)
            beating = asyncio.create_task(manager.beat(agent.vitals.pulse), name="service-manager")
            await wish.come()
            log.info("server.stopping")
            tell("server.stopping")
            manager.notify(STOPPING=1)
            await agent.drain.finish(0 if wish.first is signal.SIGINT else None)
    except asyncio.CancelledError:
        if wish.first is None:
            raise
        log.info("server.stopped_early")
    finally:
        if beating is not None:
            beating.cancel()
        manager.close()
        if pipe is not None:
            pipe.close()


def _nobody(_event: Event) -> None:
    """An EventSink for nobody."""
