"""What must come of a turn or of a call, as a scenario file states it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agent.domain.call import CallStatus, EndedReason
from agent.rehearsal.part import Part, Seconds, Words, exactly_one


class CallExpectation(Part):
    """How the call must go and end, by the agent's own account but for `max_talk_over_ms`."""

    status: CallStatus | None = None
    ended_reason: EndedReason | None = None
    max_agent_turns: Annotated[int, Field(ge=0)] | None = None
    """So often the agent may say something, greeting and farewell included."""
    max_invented: Annotated[int, Field(ge=0)] | None = None
    """So often it may understand words while the caller says nothing."""
    max_talk_over_ms: Annotated[int, Field(ge=0)] | None = None
    """The longest time at a stretch that the agent may be heard while the caller speaks."""
    max_seconds: Seconds | None = None
    """The longest time from the answer to the end."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("no_expectation", "nothing is expected here: give status or ended_reason")
        return self


class Expectation(Part):
    """What must come of one turn, or of the call."""

    turn: Annotated[int, Field(ge=0)] | None = None
    """The caller's turns count from 1, each with the answer to it; 0 is what the agent says before the first one."""
    agent_says_any: Annotated[tuple[Words, ...], Field(min_length=1)] | None = None
    """At least one of these occurs in what the agent said, whole words, whatever case, digits or words."""
    agent_says_none: Annotated[tuple[Words, ...], Field(min_length=1)] | None = None
    within_ms: Annotated[int, Field(gt=0)] | None = None
    """Longest voice-to-voice latency; of turn 0, from the call being answered to the first sound."""
    caller_heard_as: Words | None = None
    max_wer: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Largest word error rate of `caller_heard_as` against what the agent understood."""
    agent_heard_as: Words | None = None
    """What our own ears make of the agent's speech in the recording: proof that it arrived, to its last word."""
    interrupted: bool | None = None
    """Whether what the agent said in this turn was cut short."""
    stop_within_ms: Annotated[int, Field(gt=0)] | None = None
    """Longest time from the caller's first interrupting sound to the agent's last one."""
    call: CallExpectation | None = None
    other: CallExpectation | None = None
    """The same of the call that a `connect` placed."""

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        exactly_one(self, "turn", "call", "other")
        checks = {key for key in self.model_fields_set if getattr(self, key) is not None} - {"turn", "call", "other"}
        if self.turn is None and checks:
            raise PydanticCustomError("mixed", "what is expected of a turn needs a line of its own beside call")
        if "max_wer" in checks and not (self.caller_heard_as or self.agent_heard_as):
            raise PydanticCustomError("lone_wer", "max_wer needs caller_heard_as or agent_heard_as beside it")
        if self.turn is not None and not checks - {"max_wer"}:
            raise PydanticCustomError("no_expectation", "nothing is expected of this turn")
        return self
