"""Who listens to live calls: a bounded number, each on record."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from agent.domain.events import EventSink, ListenerJoined, ListenerLeft
from agent.errors import TelephonyError
from agent.ids import new_id

MAX_PER_CALL: Final = 4
MAX_LISTENERS: Final = 20
"""Each costs about as much of the event loop as a tenth of a call."""

log = structlog.get_logger()


class TooManyListenersError(TelephonyError):
    """No further one may listen now."""

    code = "too_many_listeners"


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who listens to a call."""

    id: str
    call_id: str
    key_id: str


@dataclass(slots=True)
class Listeners:
    """All of them; belongs to one event loop."""

    tell: EventSink
    """Puts it on record."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server stops: everybody is to be let go."""
    _present: set[Listener] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._present)

    @contextlib.contextmanager
    def listening(self, call_id: str, key_id: str) -> Iterator[Listener]:
        """Count somebody until the block is left. Raises TooManyListenersError."""
        of_call = sum(one.call_id == call_id for one in self._present)
        if of_call >= MAX_PER_CALL or len(self._present) >= MAX_LISTENERS:
            raise TooManyListenersError(
                f"{of_call} listen to this call and {len(self._present)} in all; "
                f"{MAX_PER_CALL} and {MAX_LISTENERS} may."
            )
        one = Listener(new_id("lsn"), call_id, key_id)
        self._present.add(one)
        log.info("call.listener_joined", call_id=call_id, key_id=key_id, listener_id=one.id)
        self.tell(ListenerJoined(call_id, self.now(), listener_id=one.id, key_id=key_id))
        try:
            yield one
        finally:
            self._present.discard(one)
            log.info("call.listener_left", call_id=call_id, key_id=key_id, listener_id=one.id)
            self.tell(ListenerLeft(call_id, self.now(), listener_id=one.id, key_id=key_id))
