"""Draining: no new call is taken, those under way finish, and say goodbye when their time is up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from agent.domain.call import EndedReason
from agent.settings import DrainSettings
from agent.telephony.ending import CONGESTION, USER_BUSY, Ending

if TYPE_CHECKING:
    from agent.telephony.call_session import CallSession

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DrainState:
    """How far it is."""

    since: datetime
    deadline: datetime
    """Then calls that go on hear the farewell."""
    calls: int
    """That go on."""
    stopping: bool
    """The server ends afterwards; only then a drain cannot be taken back."""


def told(state: DrainState | None) -> str | None:
    """One sentence for people; None where calls are taken."""
    if state is None:
        return None
    until = state.deadline.strftime("%H:%M:%S UTC")
    then = "and the server ends" if state.stopping else "until DELETE /v1/system/drain"
    return f"The server is draining: it takes no calls, {state.calls} may go on until {until}, {then}."


class Drain:
    """Knows the calls under way, and whether there may be more. Belongs to one event loop."""

    def __init__(
        self,
        settings: DrainSettings,
        *,
        fallback_context: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`fallback_context` takes callers where the rule is `fallback`."""
        self._settings = settings
        self._fallback_context = fallback_context
        self._now = now
        self._sessions: dict[str, CallSession] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._since: datetime | None = None
        self._deadline = now()
        self._stopping = False
        self._course: asyncio.Task[None] | None = None

    @property
    def state(self) -> DrainState | None:
        """None: calls are taken."""
        if self._since is None:
            return None
        return DrainState(self._since, self._deadline, len(self._sessions), self._stopping)

    def entered(self, session: CallSession) -> None:
        """A call has come, taken or not."""
        self._sessions[session.call.id] = session
        self._empty.clear()

    def left(self, call_id: str) -> None:
        """It is over."""
        self._sessions.pop(call_id, None)
        if not self._sessions:
            self._empty.set()

    def refusal(self) -> tuple[str, Ending] | None:
        """What becomes of a new caller: the rule, and how they are let go. None: calls are taken."""
        if self._since is None:
            return None
        rule = self._settings.rule
        if rule == "fallback" and self._fallback_context:
            return rule, Ending(EndedReason.SERVER_SHUTDOWN, fallback_context=self._fallback_context)
        cause = USER_BUSY if rule == "busy" else CONGESTION
        return ("busy" if rule == "busy" else "unavailable"), Ending(EndedReason.SERVER_SHUTDOWN, refusal=cause)

    def begin(self, timeout_s: float | None = None) -> None:
        """Take no more calls. Where that is so already it changes nothing, but `timeout_s` gives a new deadline."""
        if self._since is None or timeout_s is not None:
            self._run(self._settings.timeout_s if timeout_s is None else timeout_s)

    def resume(self) -> bool:
        """Take calls again; False where the server is about to end. Calls that say goodbye already still end."""
        if self._stopping:
            return False
        if self._since is not None:
            log.info("drain.taken_back", calls=len(self._sessions))
        self._since = None
        self._cancel()
        return True

    async def finish(self, timeout_s: float | None = None) -> None:
        """Drain for good: return when no call is left, `timeout_s` (None: of the settings) and a farewell from now.

        A deadline that a drain under way has sooner stays.
        """
        left_s = self._settings.timeout_s if timeout_s is None else timeout_s
        if self._since is not None:
            left_s = max(0.0, min(left_s, (self._deadline - self._now()).total_seconds()))
        self._stopping = True
        self._run(left_s)
        await self._empty.wait()

    def hurry(self) -> None:
        """End all calls now, without a word. Their statuses are told as ever."""
        self._stopping = True
        self._run(0.0, farewell_s=0.0)

    async def close(self) -> None:
        """Stop counting the time."""
        course = self._course
        self._cancel()
        if course is not None:
            await asyncio.wait({course})

    def _run(self, timeout_s: float, farewell_s: float | None = None) -> None:
        now = self._now()
        if self._since is None:
            log.info("drain.begun", calls=len(self._sessions), timeout_s=timeout_s)
            self._since = now
        self._deadline = now + timedelta(seconds=timeout_s)
        self._cancel()
        farewell_s = self._settings.farewell_s if farewell_s is None else farewell_s
        self._course = asyncio.create_task(self._take_course(timeout_s, farewell_s), name="drain")

    async def _take_course(self, timeout_s: float, farewell_s: float) -> None:
        await self._until_empty(timeout_s)
        if self._sessions and farewell_s > 0:
            log.info("drain.time_is_up", calls=len(self._sessions))
            for session in self._sessions.values():
                session.inputs.closing.set()
            await self._until_empty(farewell_s)
        for session in list(self._sessions.values()):
            session.end(Ending(EndedReason.SERVER_SHUTDOWN))

    async def _until_empty(self, limit_s: float) -> None:
        if limit_s > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._empty.wait()

    def _cancel(self) -> None:
        if self._course is not None:
            self._course.cancel()
            self._course = None
