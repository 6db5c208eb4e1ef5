"""Tells each event to several who want to know."""

from __future__ import annotations

import structlog

from agent.domain.events import Event, EventSink

log = structlog.get_logger()


def each_of(*sinks: EventSink) -> EventSink:
    """An EventSink that passes each event to all of `sinks`; one that fails keeps it from none of the others."""

    def tell(event: Event) -> None:
        for sink in sinks:
            try:
                sink(event)
            except Exception:
                log.exception("events.sink_failed", type=event.type, call_id=event.call_id)

    return tell
