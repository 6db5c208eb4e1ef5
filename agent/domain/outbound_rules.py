"""The rules that decide who may be called, and what a refusal says. Their codes never change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.domain.call import EndedReason


class OutboundRule(StrEnum):
    """A rule, by the code of its refusal."""

    INVALID = "destination_invalid"
    UNALLOCATED = "destination_unallocated"
    PREMIUM = "destination_premium"
    EMERGENCY = "emergency_number"
    NOT_ALLOWED = "destination_not_allowed"
    DENIED = "destination_denied"
    NO_TRUNK = "no_trunk"
    DO_NOT_CALL = "do_not_call"
    HOURS = "outside_calling_hours"
    ATTEMPTS = "attempts_exceeded"
    MINUTES = "minutes_exceeded"
    SPEND = "spend_exceeded"
    AGENT_GONE = "agent_gone"
    QUEUE_FULL = "queue_full"
    STOPPED = "outbound_stopped"

    @property
    def ended_reason(self) -> EndedReason:
        """Of a call that was accepted, and refused by this rule when its turn came."""
        if self in {OutboundRule.ATTEMPTS, OutboundRule.MINUTES, OutboundRule.SPEND}:
            return EndedReason.LIMIT_EXCEEDED
        if self in {OutboundRule.INVALID, OutboundRule.UNALLOCATED}:
            return EndedReason.INVALID_DESTINATION
        if self is OutboundRule.AGENT_GONE:
            return EndedReason.CANCELED
        return EndedReason.DESTINATION_NOT_ALLOWED


@dataclass(frozen=True, slots=True)
class OutboundRefusal:
    """Why somebody is not called."""

    rule: OutboundRule
    detail: str
    """One sentence for a person, without the number."""


class OutboundRefusedError(Exception):
    """Raised where a transaction must not happen since a rule forbids the call."""

    def __init__(self, refusal: OutboundRefusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal
