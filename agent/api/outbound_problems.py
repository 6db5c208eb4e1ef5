"""How the API refuses to call somebody: each rule by its own code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.api.problems import ApiProblem, ProblemType
from agent.domain.outbound_rules import OutboundRefusal, OutboundRule

_R = OutboundRule
_TEXTS: Final[Mapping[OutboundRule, tuple[int, str, str]]] = {
    _R.INVALID: (422, "The number is none", "Give a whole number in E.164, such as +493012345678."),
    _R.UNALLOCATED: (422, "Nobody has this number", "Check it: the numbering plan of its country does not have it."),
    _R.PREMIUM: (422, "Premium-rate numbers are never called", "Call another number."),
    _R.EMERGENCY: (422, "Emergency and short numbers are never called", "Call another number."),
    _R.NOT_ALLOWED: (422, "Numbers like this are not allowed", "Add a prefix to outbound.allow in the configuration."),
    _R.DENIED: (422, "Numbers like this are denied", "See outbound.deny in the configuration."),
    _R.NO_TRUNK: (422, "No trunk leads there", "Add a trunk with such a prefix to outbound.trunks."),
    _R.DO_NOT_CALL: (422, "The number is on the do-not-call list", "Do not call it; see /v1/do_not_call."),
    _R.HOURS: (422, "It is no time to call there", "Set schedule_at to a time within outbound.hours of the callee."),
    _R.ATTEMPTS: (429, "The number was called often enough", "Try again when 24 hours have passed."),
    _R.MINUTES: (429, "The minutes of the day are used up", "Try again later, or raise outbound.minutes_per_day."),
    _R.SPEND: (429, "The money of the day is spent", "Try again later, or raise outbound.spend_per_day."),
    _R.AGENT_GONE: (422, "The agent was deleted", "Name an agent that there is."),
    _R.QUEUE_FULL: (429, "Too many calls wait already", "Try again when some of them have been dialled."),
    _R.STOPPED: (409, "Calls out are stopped", "Start them again by DELETE /v1/system/outbound_stop, if you may."),
}
TYPES: Final = {rule: ProblemType(rule.value, *_TEXTS[rule]) for rule in OutboundRule}
"""By rule."""
RETRY_S: Final = 60
"""What is bounded by the day frees little by little."""


def problem_of(refusal: OutboundRefusal) -> ApiProblem:
    """To be raised."""
    type_ = TYPES[refusal.rule]
    headers = {"Retry-After": str(RETRY_S)} if type_.status == 429 else None
    return type_.problem(f"{refusal.detail} {type_.advice}", headers=headers)
