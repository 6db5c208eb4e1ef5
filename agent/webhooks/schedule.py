"""What an answer means, and when to try again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.store.webhook_deliveries import DeliveryStatus
from agent.webhooks.retry_after import retry_after

DELAYS_S = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Before each attempt, counted from the one before. Together over three days: a weekend with a Monday."""
JITTER = 0.2
"""A wait is up to so much longer, by chance: what failed together is not tried together."""
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one attempt."""

    status: int | None = None
    """None: no answer."""
    retry_after: str | None = None
    """The header as it was sent."""
    error: str | None = None
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an answer."""

    status: DeliveryStatus
    next_attempt_at: datetime | None = None
    """For PENDING."""
    error: str | None = None
    gone: bool = False
    """The endpoint wants nothing more, ever."""


def succeeded(status: int | None) -> bool:
    """Only 2xx says that an application has the event; a redirect does not, and is never followed."""
    return status is not None and 200 <= status < 300


def judge(answer: Answer, *, attempts: int, now: datetime, chance: float) -> Verdict:
    """What becomes of a delivery after its attempt number `attempts` (from 1); `chance` is at random from 0 to 1.

    A time that the receiver names is waited for, but never makes the wait shorter than planned: it cannot use up all
    attempts in a minute.
    """
    if succeeded(answer.status):
        return Verdict(DeliveryStatus.DELIVERED)
    error = answer.error or f"The endpoint answered {answer.status}."
    if answer.status == GONE:
        return Verdict(DeliveryStatus.DEAD, error=error, gone=True)
    if attempts >= len(DELAYS_S):
        return Verdict(DeliveryStatus.DEAD, error=error)
    planned = now + timedelta(seconds=DELAYS_S[attempts] * (1 + JITTER * chance))
    asked = retry_after(answer.retry_after, now)
    return Verdict(DeliveryStatus.PENDING, planned if asked is None else max(planned, asked), error)
