"""Whom we may call, how often, and for how much. Pure: what was done already is counted by the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.domain.calling_hours import CallingWindow, may_call_at
from agent.domain.destination import Destination
from agent.domain.outbound_rules import OutboundRefusal, OutboundRule
from agent.domain.prices import MICROS

DAY = timedelta(hours=24)
"""What is allowed in a day is allowed in any 24 hours: midnight is at another time for everybody."""


@dataclass(frozen=True, slots=True)
class OutboundLimits:
    """As the configuration says it. 0 stands for no bound."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    hours: tuple[CallingWindow, ...] = ()
    attempts_per_number: int = 0
    """In a day."""
    minutes_per_day: int = 0
    spend_per_day: float = 0
    prices: Mapping[str, float] = field(default_factory=dict)
    """Per minute, by prefix."""
    max_queued: int = 0


@dataclass(frozen=True, slots=True)
class OutboundUsage:
    """What was done in the 24 hours before a call, and what is under way."""

    attempts: int = 0
    """Calls to the number: dialled, or waiting to be."""
    minutes: int = 0
    """Begun ones, of all calls; each that rings counts as one."""
    spent_micros: int = 0
    queued: int = 0
    do_not_call: bool = False
    """The number is on the list."""
    stopped: bool = False
    """All calls out are stopped."""


def where_refusal(number: str, limits: OutboundLimits) -> OutboundRefusal | None:
    """Whether numbers that begin like this may be called at all."""
    if number.startswith(limits.deny):
        return OutboundRefusal(OutboundRule.DENIED, "Numbers that begin like this are in outbound.deny.")
    if not number.startswith(limits.allow):
        return OutboundRefusal(OutboundRule.NOT_ALLOWED, "No prefix in outbound.allow allows this number.")
    return None


def when_refusal(to: Destination, limits: OutboundLimits, at: datetime) -> OutboundRefusal | None:
    """Whether it is a time to call somebody where they are."""
    if may_call_at(at, limits.hours, to.zones):
        return None
    where = ", ".join(zone.key for zone in to.zones[:3]) or "a place that no numbering plan tells"
    return OutboundRefusal(OutboundRule.HOURS, f"It is outside outbound.hours in {where} then.")


def usage_refusal(limits: OutboundLimits, usage: OutboundUsage) -> OutboundRefusal | None:
    """Whether one more call may be made, given what was done."""
    if usage.do_not_call:
        return OutboundRefusal(OutboundRule.DO_NOT_CALL, "The number is on the do-not-call list.")
    if limits.attempts_per_number and usage.attempts >= limits.attempts_per_number:
        return OutboundRefusal(
            OutboundRule.ATTEMPTS, f"The number has all its {limits.attempts_per_number} calls of 24 hours."
        )
    return used_up(limits, minutes=usage.minutes, spent_micros=usage.spent_micros)


def used_up(limits: OutboundLimits, *, minutes: int, spent_micros: int) -> OutboundRefusal | None:
    """Whether the minutes and the money of a day leave room for another call, to whomever."""
    if limits.minutes_per_day and minutes >= limits.minutes_per_day:
        return OutboundRefusal(OutboundRule.MINUTES, f"The {limits.minutes_per_day} minutes of 24 hours are used up.")
    if limits.spend_per_day and spent_micros >= limits.spend_per_day * MICROS:
        return OutboundRefusal(OutboundRule.SPEND, "The money for calls of 24 hours is spent.")
    return None


def order_refusal(limits: OutboundLimits, usage: OutboundUsage) -> OutboundRefusal | None:
    """Whether one more call may be ordered: `usage_refusal`, the queue, and the switch that stops everything."""
    if usage.stopped:
        return OutboundRefusal(OutboundRule.STOPPED, "Calls out are stopped; see DELETE /v1/system/outbound_stop.")
    if (refusal := usage_refusal(limits, usage)) is not None:
        return refusal
    if limits.max_queued and usage.queued >= limits.max_queued:
        return OutboundRefusal(OutboundRule.QUEUE_FULL, f"{usage.queued} calls wait already.")
    return None


def dialling_refusal(
    to: Destination, limits: OutboundLimits, usage: OutboundUsage, at: datetime
) -> OutboundRefusal | None:
    """Whether a call that was ordered may still be made, now that its turn has come."""
    return where_refusal(to.number, limits) or when_refusal(to, limits, at) or usage_refusal(limits, usage)
