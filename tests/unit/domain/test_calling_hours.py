from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agent.domain.calling_hours import may_call_at, window

BERLIN, NEW_YORK, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
WORK = (window("mon-fri 09:00-20:00"), window("sat 10:00-18:00"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-11-27 07:59", False),  # a Friday; Berlin is an hour ahead
        ("2026-11-27 08:00", True),
        ("2026-11-27 18:59", True),
        ("2026-11-27 19:00", False),
        ("2026-11-28 08:30", False),  # Saturday
        ("2026-11-28 09:00", True),
        ("2026-11-29 11:00", False),  # Sunday
        ("2026-07-03 07:00", True),  # in summer two hours
    ],
)
def test_hours_are_those_of_the_callee_s_clock(moment: str, *, allowed: bool) -> None:
    assert may_call_at(utc(moment), WORK, (BERLIN,)) is allowed


def test_a_number_that_may_be_in_several_zones_is_called_when_all_of_them_allow_it() -> None:
    morning_in_berlin, afternoon = utc("2026-11-27 09:00"), utc("2026-11-27 15:00")
    assert not may_call_at(morning_in_berlin, WORK, (BERLIN, NEW_YORK))
    assert may_call_at(afternoon, WORK, (BERLIN, NEW_YORK))
    assert not may_call_at(afternoon, WORK, (BERLIN, SYDNEY))


def test_where_no_zone_is_known_only_no_hours_at_all_allow_a_call() -> None:
    assert may_call_at(utc("2026-11-27 12:00"), (), ())
    assert not may_call_at(utc("2026-11-27 12:00"), WORK, ())


def test_a_window_may_go_over_the_end_of_the_week_and_to_the_end_of_a_day() -> None:
    weekend = (window("Sat-mon 18:00-24:00"),)
    assert may_call_at(utc("2026-11-29 22:30"), weekend, (BERLIN,))
    assert may_call_at(utc("2026-11-30 17:00"), weekend, (BERLIN,))
    assert not may_call_at(utc("2026-12-01 17:00"), weekend, (BERLIN,))


@pytest.mark.parametrize("text", ["", "mon", "mon 9-17", "mon-fri 09:00-08:00", "mon 09:00-09:00", "monday 09:00-10:00",
                                  "mon 25:00-26:00", "xyz 09:00-10:00", "mon-xyz 09:00-10:00"])  # fmt: skip
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"window|before it begins|hour must be"):
        window(text)
