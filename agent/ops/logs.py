"""Logging: structured, to standard error, for a person or for a machine."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import structlog

from agent.ops.log_privacy import Stacks, mask_numbers
from agent.settings import LogSettings

log = structlog.get_logger()


def configure(settings: LogSettings) -> None:
    """Send our own events and those of libraries to standard error in one form.

    Events carry a constant name and fields; what callers say stands in none above DEBUG, and their numbers are masked
    in all. Within a call each has its `call_id`, within a request to the API its `request_id`.
    """
    level = getattr(logging, settings.level.upper())
    stacks = Stacks(all_text=level <= logging.DEBUG)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    final: list[structlog.typing.Processor] = (
        [structlog.processors.ExceptionRenderer(stacks), mask_numbers, structlog.processors.JSONRenderer()]
        if settings.format == "json"
        else [
            structlog.processors.ExceptionRenderer(stacks.as_text),
            mask_numbers,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,  # a cached one keeps this configuration for ever; tests change it
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))


def tell_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For `loop.set_exception_handler`: asyncio's own would quote the exception's text in its message."""
    message = str(context.get("message", "")).partition("\n")[0]
    log.error("asyncio.unhandled", message=message, exc_info=context.get("exception"))
