"""What slots may hold, and whether a value is right for its slot. Pure: the day of the call is an argument."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr

from agent.domain.script_slot import Slot, SlotType

SlotValue = StrictBool | StrictInt | StrictFloat | StrictStr | None
"""A yes_no is a bool, a number an int or a float, all else text; null: asked for in vain, or not yet."""
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[0-9]{3,15}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def fault(slot: Slot, value: SlotValue, *, today: date) -> str:
    """Why `value` cannot be the slot's, in one sentence that may be said to the callee; empty: it can.

    `today` is the day of the call where the callee is.
    """
    if slot.type is SlotType.YES_NO:
        return "" if isinstance(value, bool) else "It has to be yes or no."
    if slot.type is SlotType.NUMBER:
        return _number_fault(slot, value)
    if not isinstance(value, str) or not value.strip():
        return "Nothing was understood."
    if slot.type is SlotType.DATE:
        return _date_fault(slot, value, today)
    return _text_fault(slot, value)


def _number_fault(slot: Slot, value: SlotValue) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "It has to be a number."
    low, high = slot.limits.minimum, slot.limits.maximum
    if slot.limits.whole and value != int(value):
        return "It has to be a whole number."
    if low is not None and value < low:
        return f"It has to be {low:g} or more."
    if high is not None and value > high:
        return f"It has to be {high:g} or less."
    return ""


def _date_fault(slot: Slot, value: str, today: date) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return "That is no day of the calendar."
    first, last = slot.limits.earliest_in_days, slot.limits.latest_in_days
    if first is not None and day < today + timedelta(days=first):
        return "That day is too early."
    if last is not None and day > today + timedelta(days=last):
        return "That day is too late."
    return ""


def _text_fault(slot: Slot, value: str) -> str:
    match slot.type:
        case SlotType.TIME:
            return _time_fault(slot, value)
        case SlotType.CHOICE:
            offered = any(value.strip().casefold() == choice.casefold() for choice in slot.choices)
            return "" if offered else f"It has to be one of these: {', '.join(slot.choices)}."
        case SlotType.PHONE if _PHONE.fullmatch(value) is None:
            return "That is no telephone number."
        case SlotType.EMAIL if _EMAIL.fullmatch(value) is None:
            return "That is no address for electronic mail."
        case _:
            return "" if len(value) <= slot.limits.max_length else "That is too long."


def _time_fault(slot: Slot, value: str) -> str:
    if _TIME.fullmatch(value) is None:
        return "That is no time of day."
    if slot.limits.earliest and value < slot.limits.earliest:
        return f"It has to be {slot.limits.earliest} or later."
    if slot.limits.latest and value > slot.limits.latest:
        return f"It has to be {slot.limits.latest} or earlier."
    return ""
