"""A value is right for its slot, or one sentence says why it is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agent.domain.script_slot import Slot
from agent.domain.script_text import filled, places, without_places
from agent.domain.script_values import SlotValue, fault

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("slot", "value", "said"),
    [
        ({"type": "yes_no"}, False, ""),
        ({"type": "yes_no"}, "yes", "yes or no"),
        ({"type": "yes_no"}, None, "yes or no"),
        ({"type": "number"}, 3, ""),
        ({"type": "number"}, "3", "a number"),
        ({"type": "number"}, True, "a number"),
        ({"type": "number"}, float("nan"), "a number"),
        ({"type": "number", "limits": {"whole": True}}, 2.5, "whole"),
        ({"type": "number", "limits": {"minimum": 1, "maximum": 8}}, 9, "8 or less"),
        ({"type": "number", "limits": {"minimum": 1, "maximum": 8}}, 0, "1 or more"),
        ({"type": "date"}, "2026-02-30", "no day"),
        ({"type": "date"}, 20261127, "Nothing"),
        ({"type": "date", "limits": {"earliest_in_days": 0}}, "2026-11-27", ""),
        ({"type": "date", "limits": {"earliest_in_days": 1}}, "2026-11-27", "too early"),
        ({"type": "date", "limits": {"latest_in_days": 7}}, "2026-12-05", "too late"),
        ({"type": "time"}, "9:00", "no time"),
        ({"type": "time", "limits": {"earliest": "09:00"}}, "08:59", "09:00 or later"),
        ({"type": "time", "limits": {"latest": "17:00"}}, "17:00", ""),
        ({"type": "choice", "choices": ["red", "blue"]}, "Red", ""),
        ({"type": "choice", "choices": ["red", "blue"]}, "green", "red, blue"),
        ({"type": "phone"}, "+493012345", ""),
        ({"type": "phone"}, "call me", "no telephone number"),
        ({"type": "email"}, "ann@example.com", ""),
        ({"type": "email"}, "ann at example", "electronic mail"),
        ({"type": "name"}, "Ann", ""),
        ({"type": "name"}, "  ", "Nothing"),
        ({"type": "text", "limits": {"max_length": 3}}, "long", "too long"),
    ],
)
def test_faults(slot: dict[str, Any], value: SlotValue, said: str) -> None:
    found = fault(Slot.model_validate({"name": "x", "ask": "What?", **slot}), value, today=TODAY)
    assert (said in found) if said else not found


def test_places_take_what_is_known_and_nothing_twice() -> None:
    text = "{{ name }}, we are open {{facts.hours}}. {{missing}}"
    said = filled(text, {"name": "{{facts.hours}}", "day": "daily"}, {"hours": "from nine, {{day}}"})
    assert said == "{{facts.hours}}, we are open from nine, daily. "
    assert places(text) == ("name", "facts.hours", "missing")
    assert without_places(text, "it") == "it, we are open it. it"
    assert places("{{not a name}} {{facts.}} {x}") == ()
