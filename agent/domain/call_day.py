"""The day of a call, where the other side is. Pure."""

from __future__ import annotations

from datetime import date, datetime

from agent.domain.call import Call, Direction
from agent.domain.destination import zones_of


def day_of(call: Call, now: datetime) -> date:
    """What "today" means for whoever is at the telephone; `now` is in our own time zone.

    It is told by their number. Where that says nothing, or may be in zones of several days, it is our own day if that
    is one of them, and the earliest of them otherwise.
    """
    theirs = call.callee if call.direction is Direction.OUTBOUND else call.caller
    days = {now.astimezone(zone).date() for zone in zones_of(theirs)}
    own = now.date()
    return own if not days or own in days else min(days)
