"""A call as the API shows it and webhooks carry it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.domain.answered_by import AnsweredBy, AnswerRule
from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.domain.lookup import Lookup, LookupOutcome
from agent.domain.outbound_resource import OutboundResource
from agent.domain.recording import RecordingResource
from agent.domain.script_resource import ScriptRunResource
from agent.domain.summary_resource import SummaryResource
from agent.domain.transfer_resource import TransferResource


class Latency(BaseModel):
    """How long the caller waited for answers: from the end of their speech to the first sound of the answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    answers: int
    """How many answers the figures rest on."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    max_ms: float | None = None


class LookupResource(BaseModel):
    """What came of asking the application who takes the call (`agent.lookup`)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    outcome: LookupOutcome
    code: str | None = None
    """Why the number's own agent took the call, such as `webhook_timeout`; null where the answer was good."""
    duration_ms: float

    @classmethod
    def of(cls, lookup: Lookup) -> LookupResource:
        """For the public."""
        return cls(outcome=lookup.outcome, code=lookup.code or None, duration_ms=round(lookup.duration_s * 1000, 1))


class AnswerResource(BaseModel):
    """Who or what answered a call that was made, and what that was decided by. Times count from the answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    by: AnsweredBy
    rule: AnswerRule
    """What decided."""
    decided_ms: int
    heard: str = ""
    """What was understood until then; empty where nothing was, or the transcript was deleted."""
    speech_began_ms: int | None = None
    """Null: nobody had spoken."""
    speech_ms: int = 0
    """Speech until then, pauses left out."""
    beep_ms: int | None = None
    """When the beep ended that decided it; null: another rule did."""


class CallResource(BaseModel):
    """One conversation by telephone."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, use_attribute_docstrings=True)

    object: Literal["call"] = "call"
    id: str
    direction: Direction
    status: CallStatus
    ended_reason: EndedReason | None = None
    """Why it ended; null while it goes on."""
    from_: str | None = Field(alias="from")
    """The caller's number as the network gave it, or the one that we show; may be empty; null once it was erased."""
    to: str | None
    """The number that was dialled; null once it was erased."""
    agent: str
    """Name of the agent that has the call; empty where no agent has that number."""
    agent_version: int | None = None
    """The version it started with, which it keeps to its end."""
    created_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    """From the answer to the end; null for a call that was not answered or goes on."""
    answered_by: AnswerResource | None = None
    """Who answered; null for a call that came in, and until it is decided."""
    latency: Latency | None = None
    """Null until the call has ended."""
    cpu_seconds: float | None = None
    """Processor time that the call cost the model processes on this machine, all of them together; null until it has
    ended, and where nothing was computed here."""
    hangup_cause: int | None = None
    """Q.850 cause as Asterisk gave it."""
    sip_code: int | None = None
    summary: SummaryResource | None = None
    """Summary, outcome and data; null while the call goes on, and where its agent wants none."""
    metadata: dict[str, Any] = Field(default_factory=dict)
    """Yours: kept and given back as it is."""
    variables: dict[str, Any] = Field(default_factory=dict)
    """What the agent was told about this call, by who ordered it or by the answer to `agent.lookup`."""
    lookup: LookupResource | None = None
    """Null where nobody was asked."""
    script: ScriptRunResource | None = None
    """How it went by its script; null where it follows none."""
    transfers: list[TransferResource] = Field(default_factory=list)
    """Attempts to hand the caller over to somebody else, in order."""
    recording: RecordingResource | None = None
    """Null where the agent does not record, or nothing was decided yet."""
    outbound: OutboundResource | None = None
    """Null for a call that came in."""
    transcript_deleted_at: datetime | None = None
    """When the transcript became too old and was deleted."""
    erased_at: datetime | None = None
    """When personal data, transcript and recording were erased."""

    @classmethod
    def of(cls, call: Call) -> CallResource:
        """A call as its process knows it; what only the record knows keeps its default."""
        return cls(
            id=call.id,
            direction=call.direction,
            status=call.status,
            ended_reason=call.ended_reason,
            from_=call.caller,
            to=call.callee,
            agent=call.agent,
            agent_version=call.agent_version,
            created_at=call.created_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            metadata=dict(call.briefing.metadata),
            variables=dict(call.briefing.variables),
        )

    def as_json(self) -> dict[str, Any]:
        """As plain values, by their public names."""
        return self.model_dump(mode="json", by_alias=True)
