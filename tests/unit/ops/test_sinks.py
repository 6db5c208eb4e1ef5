from __future__ import annotations

from datetime import UTC, datetime

from structlog.testing import capture_logs

from agent.domain.events import Event, FillerSaid
from agent.ops.sinks import each_of


def test_one_that_fails_keeps_the_event_from_nobody() -> None:
    heard: list[Event] = []

    def fails(_event: Event) -> None:
        raise ValueError("no")

    event = FillerSaid("call_1", datetime(2026, 1, 1, tzinfo=UTC))
    with capture_logs() as logs:
        each_of(heard.append, fails, heard.append)(event)
    assert heard == [event, event]
    assert [entry["event"] for entry in logs] == ["events.sink_failed"]
