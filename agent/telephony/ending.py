"""How a call came to its end, and the status that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.errors import (
    LanguageModelError,
    MediaError,
    SpeechToTextError,
    TelephonyError,
    TextToSpeechError,
)

UNALLOCATED = 1
"""Q.850: nobody has this number; Asterisk sends 404."""
NORMAL_CLEARING = 16
USER_BUSY = 17
"""Q.850: Asterisk sends 486."""
CALL_REJECTED = 21
"""Q.850: Asterisk sends 403."""
CONGESTION = 42
"""Q.850: switching equipment congestion; Asterisk sends 503, on which a trunk tries another server."""

_REASONS: tuple[tuple[type[Exception], EndedReason], ...] = (
    (TelephonyError, EndedReason.TELEPHONY_ERROR),
    (MediaError, EndedReason.MEDIA_ERROR),
    (SpeechToTextError, EndedReason.STT_ERROR),
    (LanguageModelError, EndedReason.LLM_ERROR),
    (TextToSpeechError, EndedReason.TTS_ERROR),
)

_UNANSWERED = {
    EndedReason.BUSY: (CallStatus.BUSY, EndedReason.BUSY),
    EndedReason.NO_ANSWER: (CallStatus.NO_ANSWER, EndedReason.NO_ANSWER),
    EndedReason.API_HANGUP: (CallStatus.CANCELED, EndedReason.CANCELED),
    EndedReason.CANCELED: (CallStatus.CANCELED, EndedReason.CANCELED),
}
"""How a call of ours ends that nobody answered; with every other reason it has failed."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The one decision by which a call ends."""

    reason: EndedReason
    caller_left: bool = False
    """The caller's channel is gone, or not ours any more: it must not be hung up."""
    refusal: int = CONGESTION
    """Q.850 cause for a caller who was not answered yet; an answered one gets normal clearing."""
    fallback_context: str = ""
    """The caller is not hung up but goes on in this context of the dialplan; with `refusal` where that fails."""
    let_ring_out: bool = False
    """The conversation ended by itself: what was sent last is still on its way to the caller's ear."""


def reason_for(error: BaseException) -> EndedReason:
    """The reason to give for an exception that ended a call; `internal_error` for what nobody foresaw."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), EndedReason.INTERNAL_ERROR)


def final_status(call: Call, reason: EndedReason) -> tuple[CallStatus, EndedReason]:
    """Which terminal status `call` gets, and the reason to record with it.

    An answered call is always completed. A caller who gives up before the answer has canceled; so has who takes back
    a call of ours before it is answered.
    """
    if call.status is CallStatus.IN_PROGRESS:
        return CallStatus.COMPLETED, reason
    if call.direction is Direction.OUTBOUND:
        return _UNANSWERED.get(reason, (CallStatus.FAILED, reason))
    if reason is EndedReason.CALLER_HANGUP:
        return CallStatus.CANCELED, EndedReason.CANCELED
    return CallStatus.FAILED, reason
