from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.store.webhook_deliveries import DeliveryStatus
from agent.webhooks.retry_after import LONGEST, retry_after
from agent.webhooks.schedule import DELAYS_S, JITTER, Answer, judge, succeeded

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURS = 3600


def test_the_waits_are_those_of_the_documentation() -> None:
    waits = []
    for attempts in range(1, 10):
        verdict = judge(Answer(500), attempts=attempts, now=NOW, chance=0)
        assert verdict.next_attempt_at is not None
        waits.append((verdict.next_attempt_at - NOW).total_seconds())
    hours = [wait * HOURS for wait in (2, 5, 10, 14, 20, 24)]
    assert waits == [5, 5 * 60, 30 * 60, *hours]
    assert judge(Answer(500), attempts=10, now=NOW, chance=0).status is DeliveryStatus.DEAD


@pytest.mark.parametrize("status", [100, 199, 300, 301, 307, 308, 400, 404, 429, 500, 599, 999])
def test_everything_but_2xx_is_a_failure(status: int) -> None:
    assert not succeeded(status)
    verdict = judge(Answer(status), attempts=1, now=NOW, chance=0)
    assert (verdict.status, verdict.error) == (DeliveryStatus.PENDING, f"The endpoint answered {status}.")


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_a_success(status: int) -> None:
    assert judge(Answer(status), attempts=1, now=NOW, chance=0).status is DeliveryStatus.DELIVERED


def test_410_ends_it_at_once() -> None:
    verdict = judge(Answer(410, "5"), attempts=1, now=NOW, chance=0)
    assert (verdict.status, verdict.gone) == (DeliveryStatus.DEAD, True)


@given(
    attempts=st.integers(1, 30), chance=st.floats(0, 1), header=st.none() | st.text(max_size=40), status=st.integers()
)
def test_never_outside_its_bounds(attempts: int, chance: float, header: str | None, status: int) -> None:
    verdict = judge(Answer(status, header), attempts=attempts, now=NOW, chance=chance)
    if verdict.status is not DeliveryStatus.PENDING:
        assert verdict.next_attempt_at is None
        return
    assert verdict.next_attempt_at is not None
    wait_s = (verdict.next_attempt_at - NOW).total_seconds()
    assert DELAYS_S[attempts] <= wait_s <= max(DELAYS_S[attempts] * (1 + JITTER), LONGEST.total_seconds()) + 1e-3


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", timedelta()),
        (" 120 ", timedelta(minutes=2)),
        ("86401", LONGEST),
        ("9" * 400, LONGEST),
        (format_datetime(NOW + timedelta(hours=3), usegmt=True), timedelta(hours=3)),
        (format_datetime(NOW - timedelta(hours=3), usegmt=True), timedelta()),
        (format_datetime(NOW + timedelta(days=3), usegmt=True), LONGEST),
        ("Sun, 01 Mar 2026 13:00:00", timedelta(hours=1)),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Sun, 99 Mar 2026 13:00:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, wait: timedelta | None) -> None:
    found = retry_after(header, NOW)
    assert (None if found is None else found - NOW) == wait


@given(st.text(max_size=60))
def test_no_header_breaks_it(header: str) -> None:
    found = retry_after(header, NOW)
    assert found is None or NOW <= found <= NOW + LONGEST


def test_a_short_retry_after_does_not_use_up_the_attempts() -> None:
    verdict = judge(Answer(503, "1"), attempts=4, now=NOW, chance=0)
    assert verdict.next_attempt_at == NOW + timedelta(hours=2)
