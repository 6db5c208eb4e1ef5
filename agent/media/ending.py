"""How a stream ended, and what that says about the call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.domain.call import EndedReason


class MediaEndKind(StrEnum):
    """Who or what ended a stream."""

    PEER_CLOSED = "peer_closed"
    """Asterisk closed the connection between two frames: how every ordinary call ends."""
    PEER_HANGUP = "peer_hangup"
    """Asterisk sent a hang-up frame."""
    PEER_ERROR = "peer_error"
    """Asterisk sent an error frame."""
    RESET = "reset"
    """The connection broke. Also what closing with our last frames unread looks like."""
    LOCAL = "local"
    """We closed it."""
    REFUSED = "refused"
    """It was never let in; no call has such an end."""
    MALFORMED = "malformed"
    """What came was not AudioSocket, or ended inside a frame."""
    STALLED = "stalled"
    """No frame came for too long."""
    NOT_READING = "not_reading"
    """Asterisk took no frame for too long."""


@dataclass(frozen=True, slots=True)
class MediaEnd:
    """The end of one stream."""

    kind: MediaEndKind
    detail: str = ""
    """For people and logs."""


_CONTROL_KNOWS = frozenset(
    {MediaEndKind.PEER_CLOSED, MediaEndKind.PEER_HANGUP, MediaEndKind.RESET, MediaEndKind.LOCAL, MediaEndKind.REFUSED},
)


def ended_reason(kind: MediaEndKind) -> EndedReason | None:
    """Why the call ended, as far as the sound alone can tell.

    None: only control knows. A connection that Asterisk closed or lost is a caller who hung up where ARI says that the
    caller's channel is gone, and a telephony error where ARI is gone too or the channel lives on without sound;
    a connection that we closed ended for the reason for which we closed it. All else is a media error.
    """
    return None if kind in _CONTROL_KNOWS else EndedReason.MEDIA_ERROR
