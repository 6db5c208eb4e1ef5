"""A scenario: what a caller does on the telephone, and what must come of it. `docs/rehearsals.md` explains each key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from agent.domain.agent import Agent
from agent.domain.agent import Name as AgentName
from agent.domain.call import CallStatus, EndedReason

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9A-Za-z*#_-]{1,40}$")]


def _existing_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    if folder is not None:
        path = folder / path
        if not path.is_file():
            raise PydanticCustomError("no_such_file", "there is no file {path}", {"path": str(path)})
    return path


WavFile = Annotated[Path, AfterValidator(_existing_file)]
"""A RIFF/WAVE file, 16-bit PCM, mono, any rate; a relative path counts from the scenario's own folder."""


class _Part(BaseModel):
    """A mapping of the file; a key that it does not know is an error that names the nearest one it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    near = difflib.get_close_matches(str(key), cls.model_fields, n=1, cutoff=0.5)
                    hint = f"did you mean {near[0]}" if near else f"known are {', '.join(cls.model_fields)}"
                    raise PydanticCustomError(
                        "unknown_key", "is not a known key ({hint})", {"key": str(key), "hint": hint}
                    )
        return data


class WaitForAgent(_Part):
    """Wait until the agent has spoken since the caller last did, and has then been quiet."""

    quiet_ms: Milliseconds = 700
    """So much silence on the line means that the agent is done."""
    timeout_s: Seconds = 20


class Utterance(_Part):
    """Something the caller says: a text in the test voice, or a recording."""

    text: Words | None = None
    wav: WavFile | None = None
    same_turn: bool = False
    """Goes on with the turn before it, such as after a pause for thought, instead of beginning a new one."""
    cut_after_ms: Annotated[int, Field(gt=0)] | None = None
    """The caller breaks off after so long, in mid-word if need be."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        _exactly_one(self, "text", "wav")
        return self


def _text_as_utterance(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


Say = Annotated[Utterance, BeforeValidator(_text_as_utterance, json_schema_input_type=Words | Utterance)]


class Overlap(_Part):
    """Something the caller says while the agent speaks."""

    say: Words | None = None
    wav: WavFile | None = None
    after_ms: Milliseconds = 800
    """Counted from the agent's first sound since the caller last spoke."""
    timeout_s: Seconds = 20
    """How long to wait for that first sound."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        _exactly_one(self, "say", "wav")
        return self


class Silence(_Part):
    """The caller says nothing for so long."""

    ms: Annotated[int, Field(gt=0, le=600_000)]


class HangUp(_Part):
    """The caller hangs up."""


class WaitForEnd(_Part):
    """Wait until the agent's side hangs up."""

    timeout_s: Seconds = 30


class Step(_Part):
    """One thing the caller does: a mapping with exactly one key."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    wait_for_agent: WaitForAgent | None = None
    say: Say | None = None
    wav: WavFile | None = None
    """Short for `say: {wav: …}`."""
    interrupt: Overlap | None = None
    """Speak over the agent; this begins the caller's next turn."""
    backchannel: Overlap | None = None
    """Speak over the agent without wanting the word ("mm-hm"); this is not a turn."""
    dtmf: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,64}$")] | None = None
    silence: Silence | None = None
    wait_for_end: WaitForEnd | None = None
    hang_up: HangUp | None = None

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: {} if value is None else value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("one_key", "a step is a mapping with exactly one key")
        return self

    @property
    def name(self) -> str:
        """The step's key; `wav` is reported as the `say` that it stands for."""
        (key,) = self.model_fields_set
        return "say" if key == "wav" else key

    @property
    def utterance(self) -> Utterance | None:
        """What is said in this step, whichever key says it."""
        overlap = self.interrupt or self.backchannel
        if overlap is not None:
            return Utterance(text=overlap.say, wav=overlap.wav)
        return Utterance(wav=self.wav) if self.wav is not None else self.say

    @property
    def begins_turn(self) -> bool:
        """Whether the caller's next turn begins here."""
        return self.name == "interrupt" or (self.utterance is not None and self._takes_the_word)

    @property
    def _takes_the_word(self) -> bool:
        return self.backchannel is None and not (self.say is not None and self.say.same_turn)


class Background(_Part):
    """A sound that is mixed into all the caller sends, repeated as long as the call lasts."""

    wav: WavFile
    snr_db: Annotated[float, Field(ge=-20, le=80)] = 20
    """Level of the caller's speech above the background."""


class CallExpectation(_Part):
    """How the call must end, by the agent's own account."""

    status: CallStatus | None = None
    ended_reason: EndedReason | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("no_expectation", "nothing is expected here: give status or ended_reason")
        return self


class Expectation(_Part):
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

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        _exactly_one(self, "turn", "call")
        checks = {key for key in self.model_fields_set if getattr(self, key) is not None} - {"turn", "call"}
        if self.call is not None and checks:
            raise PydanticCustomError("mixed", "what is expected of a turn needs a line of its own beside call")
        if "max_wer" in checks and not (self.caller_heard_as or self.agent_heard_as):
            raise PydanticCustomError("lone_wer", "max_wer needs caller_heard_as or agent_heard_as beside it")
        if self.turn is not None and not checks - {"max_wer"}:
            raise PydanticCustomError("no_expectation", "nothing is expected of this turn")
        return self


AgentChoice = Annotated[
    Annotated[AgentName, Tag("name")] | Annotated[Agent, Tag("inline")],
    Discriminator(lambda value: "inline" if isinstance(value, dict | Agent) else "name"),
]


class Scenario(_Part):
    """One call: who is called, what the caller does, what must come of it."""

    model_config = ConfigDict(title="Phone Agent scenario")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    description: str = ""
    to: Number = "1000"
    """The number dialled, in quotes."""
    agent: AgentChoice | None = None
    """Who answers it: a name in the agents folder, or an agent written out; without it the configuration decides."""
    caller: Annotated[tuple[Step, ...], Field(min_length=1)]
    background: Background | None = None
    expect: tuple[Expectation, ...] = ()

    @property
    def turns(self) -> int:
        """How many turns the caller takes."""
        return sum(step.begins_turn for step in self.caller)

    def numbered_steps(self) -> Iterator[tuple[int, Step]]:
        """Each step with the turn that it belongs to; before the caller's first turn that is 0."""
        turn = 0
        for step in self.caller:
            turn += step.begins_turn
            yield turn, step

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for index, (turn, step) in enumerate(self.numbered_steps()):
            if step.hang_up is not None and index + 1 < len(self.caller):
                raise PydanticCustomError("after_end", "nothing can follow hang_up", {"at": ("caller", index + 1)})
            if turn == 0 and step.say is not None:
                raise PydanticCustomError(
                    "no_turn_yet", "there is no turn yet that same_turn could go on with", {"at": ("caller", index)}
                )
        for index, expectation in enumerate(self.expect):
            if expectation.turn is not None and expectation.turn > self.turns:
                raise PydanticCustomError(
                    "no_such_turn",
                    "the caller takes {turns} turns, so turn {turn} cannot be expected",
                    {"turns": self.turns, "turn": expectation.turn, "at": ("expect", index, "turn")},
                )
        return self


def _exactly_one(part: BaseModel, first: str, second: str) -> None:
    if (getattr(part, first) is None) == (getattr(part, second) is None):
        raise PydanticCustomError("one_of", "needs either {first} or {second}", {"first": first, "second": second})
