from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from agent.domain.call import Call, CallStatus, Direction
from agent.domain.call_day import day_of

NIGHT = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
BEFORE, OWN, NEXT = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28)


def call(direction: Direction, theirs: str) -> Call:
    ours = "+442071234567"
    caller, callee = (ours, theirs) if direction is Direction.OUTBOUND else (theirs, ours)
    return Call("cal_1", direction, caller, callee, "desk", CallStatus.IN_PROGRESS, NIGHT)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    ("theirs", "now", "day"),
    [
        ("+493012345678", NIGHT, NEXT),
        ("+12025550123", NIGHT, OWN),
        ("+12025550123", MORNING, BEFORE),
        ("+61491570006", NIGHT, NEXT),
        ("+18005550123", datetime(2026, 11, 27, 9, 30, tzinfo=UTC), OWN),
        ("", NIGHT, OWN),
        ("anonymous", NIGHT, OWN),
        ("+999123456789", NIGHT, OWN),
        ("1000", NIGHT, OWN),
    ],
)
def test_today_is_the_day_where_the_other_side_is(direction: Direction, theirs: str, now: datetime, day: date) -> None:
    assert day_of(call(direction, theirs), now) == day


def test_where_the_zones_of_a_number_have_several_days_ours_counts_if_it_is_one_of_them() -> None:
    somewhere_in_russia = call(Direction.OUTBOUND, "+79161234567")
    assert day_of(somewhere_in_russia, datetime(2026, 11, 27, 20, 30, tzinfo=UTC)) == OWN
