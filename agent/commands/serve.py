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
from agent.ops.process import allow_many_files, put_sound_first
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
    allow_many_files()
    asyncio.run(_serve(settings, events_fd))


async def _serve(settings: Settings, events_fd: int | None) -> None:
    from agent.app import PhoneAgent  # heavy: a faulty configuration is reported without it

    stop = asyncio.Event()
    serving = asyncio.current_task()
    ready = False

    def asked_to_stop() -> None:
        if serving is not None and (stop.is_set() or not ready):
            serving.cancel()  # asked twice, or before a call could come: at once
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop)
    pipe = await EventPipe.open(events_fd) if events_fd is not None else None

    def tell(kind: str, **fields: object) -> None:
        if pipe is not None:
            pipe.write({"type": kind, **fields})

    try:
        async with PhoneAgent(
            settings, pipe or _nobody, on_link=lambda state: tell("server.asterisk", state=state)
        ) as agent:
            ready = True
            if settings.media.realtime:
                put_sound_first()
            log.info("server.ready", **agent.ports)
            tell("server.ready", **agent.ports)
            await stop.wait()
            log.info("server.stopping")
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        log.info("server.stopped_early")
    finally:
        if pipe is not None:
            pipe.close()


def _nobody(_event: Event) -> None:
    """An EventSink for nobody."""
