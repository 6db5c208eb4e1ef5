from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.domain.calling_hours import window
from agent.domain.destination import Destination
from agent.domain.limits import (
    OutboundLimits,
    OutboundUsage,
    dialling_refusal,
    order_refusal,
    usage_refusal,
    when_refusal,
    where_refusal,
)
from agent.domain.outbound_rules import OutboundRefusal, OutboundRule
from agent.domain.prices import MICROS, minutes_begun, price_micros

R = OutboundRule
TO = Destination("+493012345678", (ZoneInfo("Europe/Berlin"),))
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
LIMITS = OutboundLimits(
    allow=("+49", "+43"),
    deny=("+4917",),
    hours=(window("mon-fri 09:00-20:00"),),
    attempts_per_number=2,
    minutes_per_day=100,
    spend_per_day=5.0,
    max_queued=10,
)


def rule(refusal: OutboundRefusal | None) -> OutboundRule | None:
    return None if refusal is None else refusal.rule


@pytest.mark.parametrize(
    ("number", "expected"),
    [("+493012345678", None), ("+4317891234", None), ("+491701234567", R.DENIED), ("+12025550123", R.NOT_ALLOWED)],
)
def test_numbers_are_allowed_by_prefix_and_denied_though_allowed(number: str, expected: OutboundRule | None) -> None:
    assert rule(where_refusal(number, LIMITS)) is expected


def test_nobody_is_called_until_a_prefix_allows_it() -> None:
    assert rule(where_refusal(TO.number, OutboundLimits())) is R.NOT_ALLOWED


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (OutboundUsage(), None),
        (OutboundUsage(attempts=1, minutes=99, spent_micros=5 * MICROS - 1), None),
        (OutboundUsage(attempts=2), R.ATTEMPTS),
        (OutboundUsage(minutes=100), R.MINUTES),
        (OutboundUsage(spent_micros=5 * MICROS), R.SPEND),
        (OutboundUsage(do_not_call=True, attempts=2), R.DO_NOT_CALL),
    ],
)
def test_what_was_used_up_bounds_orders_and_dialling_alike(usage: OutboundUsage, expected: OutboundRule | None) -> None:
    assert rule(order_refusal(LIMITS, usage)) is expected
    assert rule(dialling_refusal(TO, LIMITS, usage, AT)) is expected
    unbounded = usage_refusal(OutboundLimits(allow=("+",)), usage)
    assert rule(unbounded) is (R.DO_NOT_CALL if usage.do_not_call else None)


def test_the_queue_and_the_stop_bound_orders_alone() -> None:
    assert rule(order_refusal(LIMITS, OutboundUsage(queued=10))) is R.QUEUE_FULL
    assert rule(order_refusal(LIMITS, OutboundUsage(stopped=True, do_not_call=True))) is R.STOPPED
    assert dialling_refusal(TO, LIMITS, OutboundUsage(queued=10), AT) is None


def test_a_call_whose_turn_comes_too_late_in_the_day_is_refused() -> None:
    assert when_refusal(TO, LIMITS, AT) is None
    evening = AT + timedelta(hours=9)
    assert rule(dialling_refusal(TO, LIMITS, OutboundUsage(), evening)) is R.HOURS
    assert dialling_refusal(TO, replace(LIMITS, hours=()), OutboundUsage(), evening) is None


@pytest.mark.parametrize(
    ("number", "price"), [("+493012345678", 10_000), ("+4915112345678", 100_000), ("+12025550123", 0)]
)
def test_the_longest_prefix_has_the_price(number: str, price: int) -> None:
    assert price_micros(number, {"+49": 0.01, "+4915": 0.1}) == price


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (0.5, 1), (60, 1), (60.001, 2), (600, 10)])
def test_every_minute_that_has_begun_is_counted(seconds: float, minutes: int) -> None:
    assert minutes_begun(timedelta(seconds=seconds)) == minutes


def test_each_rule_has_a_reason_for_calls_that_it_forbids_late() -> None:
    assert {one: one.ended_reason.value for one in (R.SPEND, R.DO_NOT_CALL, R.INVALID)} == {
        R.SPEND: "limit_exceeded",
        R.DO_NOT_CALL: "destination_not_allowed",
        R.INVALID: "invalid_destination",
    }
