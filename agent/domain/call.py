"""One conversation by telephone, and the only place where its status changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from agent.domain.briefing import NOTHING, Briefing


class Direction(StrEnum):
    """Who called whom, seen from us."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStatus(StrEnum):
    """Where a call stands."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"
    FAILED = "failed"

    @property
    def terminal(self) -> bool:
        """Whether nothing can follow."""
        return not _NEXT[Direction.INBOUND].get(self) and not _NEXT[Direction.OUTBOUND].get(self)


class EndedReason(StrEnum):
    """Why a call ended."""

    CALLER_HANGUP = "caller_hangup"
    AGENT_HANGUP = "agent_hangup"
    API_HANGUP = "api_hangup"
    TRANSFERRED = "transferred"
    MAX_DURATION = "max_duration"
    SILENCE_TIMEOUT = "silence_timeout"
    VOICEMAIL = "voicemail"
    LIMIT_EXCEEDED = "limit_exceeded"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    CANCELED = "canceled"
    INVALID_DESTINATION = "invalid_destination"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"
    TELEPHONY_ERROR = "telephony_error"
    MEDIA_ERROR = "media_error"
    STT_ERROR = "stt_error"
    LLM_ERROR = "llm_error"
    TTS_ERROR = "tts_error"
    INTERNAL_ERROR = "internal_error"
    SERVER_SHUTDOWN = "server_shutdown"


_S = CallStatus
_NEXT: dict[Direction, dict[CallStatus, frozenset[CallStatus]]] = {
    Direction.INBOUND: {
        _S.RINGING: frozenset({_S.IN_PROGRESS, _S.CANCELED, _S.FAILED}),
        _S.IN_PROGRESS: frozenset({_S.COMPLETED}),
    },
    Direction.OUTBOUND: {
        _S.QUEUED: frozenset({_S.RINGING, _S.CANCELED, _S.FAILED}),
        _S.RINGING: frozenset({_S.IN_PROGRESS, _S.BUSY, _S.NO_ANSWER, _S.CANCELED, _S.FAILED}),
        _S.IN_PROGRESS: frozenset({_S.COMPLETED}),
    },
}


class InvalidTransitionError(ValueError):
    """A status was asked for that cannot follow the present one: a fault of this program."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of one call. Changed only through `transition`."""

    id: str
    direction: Direction
    caller: str
    """The caller's number as the network gave it; may be empty."""
    callee: str
    """The number that was dialled."""
    agent: str
    """Name of the agent (persona) that answers."""
    status: CallStatus
    created_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: EndedReason | None = None
    hangup_cause: int | None = None
    """Q.850 cause as Asterisk gave it."""
    sip_code: int | None = None
    """Last SIP status code of the leg, where there was one."""
    agent_version: int | None = None
    """The agent's version, which the call keeps to its end."""
    cpu_seconds: float | None = None
    """Processor time that it cost model processes on this machine, known at its end; None: it was not measured."""
    briefing: Briefing = NOTHING
    """What the application said of it before it was answered."""


def transition(
    call: Call,
    status: CallStatus,
    *,
    at: datetime,
    reason: EndedReason | None = None,
    hangup_cause: int | None = None,
    sip_code: int | None = None,
    cpu_seconds: float | None = None,
) -> Call:
    """The call with its next status.

    A terminal status needs a `reason`, another one must have none. Raises InvalidTransitionError otherwise,
    and where `status` cannot follow the call's present one.
    """
    if status not in _NEXT[call.direction].get(call.status, frozenset()):
        raise InvalidTransitionError(f"{call.id}: {call.direction} {call.status} cannot become {status}")
    if status.terminal != (reason is not None):
        raise InvalidTransitionError(f"{call.id}: {status} {'needs a' if status.terminal else 'takes no'} reason")
    return replace(
        call,
        status=status,
        answered_at=at if status is CallStatus.IN_PROGRESS else call.answered_at,
        ended_at=at if status.terminal else None,
        ended_reason=reason,
        hangup_cause=hangup_cause,
        sip_code=sip_code,
        cpu_seconds=cpu_seconds,
    )
