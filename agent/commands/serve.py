"""`phone-agent serve`: take calls."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer

from agent import configuration
from agent.domain.events import Event
from agent.ops import logs
from agent.ops.event_pipe import EventPipe
from agent.settings import Settings

log = structlog.get_logger()


def serve(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
    events_fd: Annotated[
        int | None, typer.Option(help="Write every event as a JSON line to this inherited file descriptor.")
    ] = None,
) -> None:
    """Answer calls until stopped (Ctrl-C or SIGTERM); calls under way may say goodbye."""
    settings = configuration.load(config)
    logs.configure(settings.log)
    asyncio.run(_serve(settings, events_fd))


async def _serve(settings: Settings, events_fd: int | None) -> None:
    from agent.app import PhoneAgent  # heavy: a faulty configuration is reported without it

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    main = asyncio.current_task()

    def asked_to_stop() -> None:
        if stop.is_set() and main is not None:
            main.cancel()  # asked twice: at once
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop)
    pipe = await EventPipe.open(events_fd) if events_fd is not None else None
    try:
        starting = asyncio.create_task(_run(PhoneAgent(settings, pipe or _nobody), pipe, stop))
        await starting
    finally:
        if pipe is not None:
            pipe.close()


async def _run(agent: PhoneAgent, pipe: EventPipe | None, stop: asyncio.Event) -> None:
    async with agent:
        log.info("server.ready", **agent.ports)
        if pipe is not None:
            pipe.write({"type": "server.ready", **agent.ports})
        await stop.wait()
        log.info("server.stopping")


def _nobody(_event: Event) -> None:
    """An EventSink for nobody."""
