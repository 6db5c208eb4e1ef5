"""Tells applications when a part of the server, or a trunk, is down for longer than a moment, and when it is back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from agent.domain.event_types import EventType
from agent.errors import StoreError
from agent.store.record import Record
from agent.store.system_events import PARTS, Kind

log = structlog.get_logger()

DOWN_FOR = timedelta(seconds=5)
"""A worker that dies is mostly back sooner, and a connection to Asterisk, too: nobody needs to be told of those."""
UP_FOR = timedelta(seconds=5)
"""A part that comes and goes is down."""
LOOK_EVERY_S = 1.0
MOST_WAITING = 1000
"""Changes that wait for the database; more than that in one outage says nothing new."""


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part has gone, or come back."""

    part: str
    up: bool
    since: datetime


class PartStates:
    """Decides what is told, from looks at the parts. Pure."""

    def __init__(self, down: Iterable[str] = ()) -> None:
        """`down`: parts of which it was told already that they are."""
        self._told = dict.fromkeys(down, False)
        self._otherwise: dict[str, datetime] = {}

    def look(self, parts: Mapping[str, bool], at: datetime) -> list[PartChange]:
        """Changes that have lasted long enough by now; each is told once."""
        found = []
        for part, up in parts.items():
            if up == self._told.get(part, True):
                self._otherwise.pop(part, None)
                continue
            since = self._otherwise.setdefault(part, at)
            if at - since >= (UP_FOR if up else DOWN_FOR):
                self._told[part] = up
                del self._otherwise[part]
                found.append(PartChange(part, up, since))
        return found


class PartsWatch:
    """Looks at the parts every second. Belongs to one event loop."""

    def __init__(
        self,
        record: Record,
        *,
        parts: Callable[[], Mapping[str, bool]],
        problems: Callable[[], Sequence[str]],
        kind: Kind = PARTS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`parts`: whether each is there, by name; `problems`: what a person is told then."""
        self._record = record
        self._parts = parts
        self._problems = problems
        self._kind = kind
        self._now = now
        self._sleep = sleep
        self._waiting: deque[tuple[EventType, datetime, Mapping[str, object]]] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what an earlier process told and could not take back is known."""
        try:
            down = await self._record.told_down(self._kind)
        except StoreError as error:
            log.warning("system.past_not_read", code=error.code, error=str(error))
            down = set()
        self._task = asyncio.create_task(self._run(PartStates(down)), name=f"watch of every {self._kind.field}")

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self, states: PartStates) -> None:
        while True:
            for change in states.look(self._parts(), self._now()):
                self._note(change)
            await self._tell()
            await self._sleep(LOOK_EVERY_S)

    def _note(self, change: PartChange) -> None:
        kind = self._kind.up if change.up else self._kind.down
        problems = list(self._problems())
        (log.info if change.up else log.warning)(str(kind), name=change.part, since=change.since.isoformat())
        data = {
            "server": self._record.server,
            self._kind.field: change.part,
            "since": change.since.isoformat().replace("+00:00", "Z"),
            "problems": problems,
        }
        self._waiting.append((kind, self._now(), data))

    async def _tell(self) -> None:
        """In order; what the database does not take now waits until it does."""
        while self._waiting:
            kind, at, data = self._waiting[0]
            try:
                await self._record.append(kind, data, at=at)
            except StoreError as error:
                log.debug("system.change_not_written", code=error.code)
                return
            self._waiting.popleft()
