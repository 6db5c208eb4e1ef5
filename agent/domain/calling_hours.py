"""When people may be called, by the clock where they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class CallingWindow:
    """From a time of day to another on some days of the week."""

    days: frozenset[int]
    """0: Monday."""
    begins: time
    ends: time
    """Not included; midnight: the end of the day."""

    def holds(self, local: datetime) -> bool:
        """Whether a moment, by the clock of its own zone, is within."""
        at = local.time()
        return local.weekday() in self.days and self.begins <= at and (self.ends == time() or at < self.ends)


def window(text: str) -> CallingWindow:
    """Reads "mon-fri 09:00-20:00" or "sat 10:00-18:00"; 24:00 ends a day. Raises ValueError."""
    found = _WINDOW.fullmatch(text.strip().lower())
    if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise ValueError(f'{text!r} is no window such as "mon-fri 09:00-20:00"')
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
    begins = time(int(found[3]), int(found[4]))
    ends = time() if (found[5], found[6]) == ("24", "00") else time(int(found[5]), int(found[6]))
    if ends != time() and ends <= begins:
        raise ValueError(f"{text!r} ends before it begins")
    return CallingWindow(frozenset(days), begins, ends)


def may_call_at(moment: datetime, windows: Sequence[CallingWindow], zones: Sequence[tzinfo]) -> bool:
    """Whether `moment` is within a window in every zone where the callee may be.

    Without windows any time is right. Without zones none is known to be.
    """
    if not windows:
        return True
    if not zones:
        return False
    return all(any(window.holds(moment.astimezone(zone)) for window in windows) for zone in zones)
