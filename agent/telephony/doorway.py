"""Decides about each new caller: a place, the waiting room, or the way out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from agent.domain.call import Call, EndedReason
from agent.domain.events import CallQueued, CallRefused, EventSink
from agent.settings import CapacitySettings
from agent.telephony.ending import USER_BUSY, Ending
from agent.telephony.places import Places
from agent.telephony.waiting_room import Announcements, WaitingRoom


class Doorway:
    """Applies the rule of `[capacity]` when no place is free."""

    def __init__(
        self,
        places: Places,
        settings: CapacitySettings,
        *,
        announcements: Callable[[Call], Announcements],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`announcements` gives what the caller of a call hears while they wait."""
        self._places = places
        self._settings = settings
        self._announcements = announcements
        self._now = now

    def enter(self, call: Call, tell: EventSink) -> Ending | WaitingRoom | None:
        """None: the call has a place. An Ending: the caller is let go unanswered, in this way.

        Each call that entered must leave. `tell` takes the events of those who get no place, or not yet.
        """
        if self._places.take(call.id):
            return None
        rule = self._settings.rule
        if rule == "announce" and self._places.waiting < self._settings.queue_calls:
            tell(CallQueued(call_id=call.id, at=self._now(), position=self._places.line_up(call.id)))
            return WaitingRoom(
                self._places,
                self._announcements(call),
                self._settings.queue_timeout_s,
                gave_up=lambda: self._refused(call, "announce", tell),
            )
        self._refused(call, "fallback" if rule == "fallback" else "busy", tell)
        context = self._settings.fallback_context if rule == "fallback" else ""
        return Ending(EndedReason.LIMIT_EXCEEDED, refusal=USER_BUSY, fallback_context=context)

    async def admit(self, call: Call) -> None:
        """Return when a call of ours has a place, as it may already; callers who wait come first. It must leave."""
        if not self._places.holds(call.id) and not self._places.take(call.id):
            self._places.line_up(call.id)
            await self._places.wait(call.id)

    def leave(self, call_id: str) -> None:
        """The call is over, whether it had a place or not."""
        self._places.release(call_id)

    def _refused(self, call: Call, rule: str, tell: EventSink) -> None:
        calls, capacity = self._places.taken, self._places.limit
        tell(CallRefused(call_id=call.id, at=self._now(), rule=rule, calls=calls, capacity=capacity))
