"""What happened, for everyone who wants to know: the record, the demo, rehearsals, later webhooks and the bus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from agent.domain.answered_by import Answer
from agent.domain.call import Call
from agent.domain.lookup import Lookup
from agent.domain.outbound import ScriptRef
from agent.domain.recording import Recording
from agent.domain.script_progress import ScriptProgress
from agent.domain.tool_calls import ToolCall
from agent.domain.transfer import Transfer
from agent.domain.turns import Turn


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in one call."""

    type: ClassVar[str] = "event"
    call_id: str
    at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The event as JSON can hold it: `type`, `call_id`, `at` in ISO 8601, and its own fields."""
        fields = asdict(self)
        return {"type": self.type, **{name: _plain(value) for name, value in fields.items()}}


@dataclass(frozen=True, slots=True)
class CallChanged(Event):
    """The call reached a new status; `call` is as it is now."""

    type: ClassVar[str] = "call.changed"
    call: Call


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    """The agent's first sound of a turn was sent to the caller."""

    type: ClassVar[str] = "agent.speech_started"
    turn_index: int
    text: str


@dataclass(frozen=True, slots=True)
class SpeechPaused(Event):
    """The agent fell silent because the caller made a sound; whether it was an interruption is not known yet."""

    type: ClassVar[str] = "agent.speech_paused"
    turn_index: int


@dataclass(frozen=True, slots=True)
class SpeechResumed(Event):
    """The agent went on from where it had paused: what the caller uttered was no interruption."""

    type: ClassVar[str] = "agent.speech_resumed"
    turn_index: int


@dataclass(frozen=True, slots=True)
class TurnEnded(Event):
    """One side's turn is over and in the history."""

    type: ClassVar[str] = "turn.ended"
    turn: Turn


@dataclass(frozen=True, slots=True)
class CallAnsweredBy(Event):
    """It was decided, or corrected, who or what answered a call that we made."""

    type: ClassVar[str] = "call.answered_by"
    answer: Answer


@dataclass(frozen=True, slots=True)
class KeyPressed(Event):
    """The caller pressed a key of the telephone."""

    type: ClassVar[str] = "dtmf.received"
    digit: str


@dataclass(frozen=True, slots=True)
class KeysEntered(Event):
    """The caller keyed a string of digits and ended it by its terminator, by waiting, or by its length."""

    type: ClassVar[str] = "dtmf.entered"
    digits: str


@dataclass(frozen=True, slots=True)
class CallQueued(Event):
    """All places are taken: the caller was answered and hears an announcement."""

    type: ClassVar[str] = "call.queued"
    position: int
    """1: next."""


@dataclass(frozen=True, slots=True)
class CallRefused(Event):
    """All places are taken, or the server drains, and the caller gets no place."""

    type: ClassVar[str] = "call.refused"
    rule: str
    """What became of the caller: `busy`, `fallback`, `unavailable`, or `announce` for one who waited too long."""
    calls: int
    """Calls under way."""
    capacity: int
    """How many there may be; 0 while the server drains."""


@dataclass(frozen=True, slots=True)
class ListenerJoined(Event):
    """Somebody listens to the call from now on."""

    type: ClassVar[str] = "listener.joined"
    listener_id: str
    key_id: str
    """Of the API key that allowed it."""


@dataclass(frozen=True, slots=True)
class ListenerLeft(Event):
    """Somebody listens no longer."""

    type: ClassVar[str] = "listener.left"
    listener_id: str
    key_id: str


@dataclass(frozen=True, slots=True)
class LookedUp(Event):
    """The application was asked who takes the call; `call` is as it is now."""

    type: ClassVar[str] = "call.looked_up"
    call: Call
    lookup: Lookup


@dataclass(frozen=True, slots=True)
class CallDeclined(Event):
    """The application does not want the caller answered."""

    type: ClassVar[str] = "call.declined"
    reason: str
    """`busy` or `declined`."""


@dataclass(frozen=True, slots=True)
class ToolCalled(Event):
    """A tool was used, or the model tried to."""

    type: ClassVar[str] = "tool.called"
    tool_call: ToolCall


@dataclass(frozen=True, slots=True)
class TransferChanged(Event):
    """The caller is being handed over to somebody else, was, or could not be."""

    type: ClassVar[str] = "transfer.changed"
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class FillerSaid(Event):
    """The caller heard words that bridge a wait: a filler, or that something is being looked up."""

    type: ClassVar[str] = "agent.filler_said"


@dataclass(frozen=True, slots=True)
class RecordingChanged(Event):
    """The call is recorded, or is not; or its recording is complete, or failed."""

    type: ClassVar[str] = "recording.changed"
    recording: Recording


@dataclass(frozen=True, slots=True)
class OptedOut(Event):
    """The other side does not want to be called again."""

    type: ClassVar[str] = "call.opted_out"
    number: str
    """In E.164."""


@dataclass(frozen=True, slots=True)
class ScriptProgressed(Event):
    """The call came further in its script."""

    type: ClassVar[str] = "script.progressed"
    script: ScriptRef | None
    """None: it is a part of the agent."""
    progress: ScriptProgress


@dataclass(frozen=True, slots=True)
class Trouble(Event):
    """A part of the call failed and was dealt with; `code` is that of the error."""

    type: ClassVar[str] = "call.trouble"
    code: str
    message: str


EventSink = Callable[[Event], None]
"""Takes an event at once and without blocking; a slow consumer must queue for itself."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value
