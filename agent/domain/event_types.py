"""The types of events that the API lists and webhooks carry."""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """What may happen, as applications are told of it."""

    CALL_CREATED = "call.created"
    CALL_RINGING = "call.ringing"
    CALL_ANSWERED = "call.answered"
    CALL_ANSWERED_BY = "call.answered_by"
    """It is known who or what answered a call that was made; again where that was corrected."""
    CALL_ENDED = "call.ended"
    """One for every call, whatever its outcome."""
    CALL_REJECTED = "call.rejected"
    """There was no place for the caller, or `agent.lookup` was answered with `reject`; `call.ended` follows."""
    CALL_DTMF_RECEIVED = "call.dtmf.received"
    CALL_OPTED_OUT = "call.opted_out"
    """The other side does not want to be called again; their number is on the do-not-call list."""
    CALL_TURN_COMPLETED = "call.turn.completed"
    CALL_TOOL_CALLED = "call.tool.called"
    CALL_LISTENER_JOINED = "call.listener.joined"
    CALL_LISTENER_LEFT = "call.listener.left"
    CALL_TRANSCRIPT_READY = "call.transcript.ready"
    CALL_RECORDING_READY = "call.recording.ready"
    CALL_RECORDING_FAILED = "call.recording.failed"
    """It could not be written to its end."""
    CALL_SUMMARY_READY = "call.summary.ready"
    CALL_SUMMARY_FAILED = "call.summary.failed"
    """Its attempts are used up."""
    CALL_TRANSFER_STARTED = "call.transfer.started"
    CALL_TRANSFER_COMPLETED = "call.transfer.completed"
    CALL_TRANSFER_FAILED = "call.transfer.failed"
    SCRIPT_DRAFT_READY = "script.draft.ready"
    """The language model has written a script that was ordered."""
    SCRIPT_DRAFT_FAILED = "script.draft.failed"
    """It could not."""
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    SYSTEM_DEGRADED = "system.degraded"
    SYSTEM_RECOVERED = "system.recovered"
    TRUNK_UNREACHABLE = "trunk.unreachable"
    """A line to the outside does not answer, or is not registered, for longer than a moment."""
    TRUNK_REACHABLE = "trunk.reachable"
    PING = "ping"
    """Sent on request, to try an endpoint."""


ON_REQUEST = frozenset(
    {
        EventType.CALL_TURN_COMPLETED,
        EventType.CALL_TOOL_CALLED,
        EventType.CALL_LISTENER_JOINED,
        EventType.CALL_LISTENER_LEFT,
    }
)
"""Types that an endpoint gets only where it names them: they come many times in each call, or concern few."""


ALL = "*"
"""Stands for every type."""


def wanted(event_type: str, chosen: list[str] | tuple[str, ...]) -> bool:
    """Whether who chose these types (none: the usual ones) is told of an event."""
    return event_type in chosen or ALL in chosen if chosen else event_type not in ON_REQUEST
