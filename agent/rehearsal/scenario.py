"""A scenario: what a person does on the telephone, and what must come of it. `docs/rehearsals.md` explains each key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
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
from agent.domain.call import Direction
from agent.domain.destination import is_e164
from agent.domain.variables import Variables
from agent.rehearsal.expectation import Expectation
from agent.rehearsal.part import Part, Seconds, Words, exactly_one
from agent.rehearsal.sounds import SoundName
from agent.testing.softphone import LineCondition

Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
Decibels = Annotated[float, Field(ge=-60, le=60)]
Seed = Annotated[int, Field(ge=0, le=2**31)]
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


class WaitForAgent(Part):
    """Wait until the agent has spoken since the caller last did, and has then been quiet."""

    quiet_ms: Milliseconds = 700
    """So much silence on the line means that the agent is done."""
    timeout_s: Seconds = 20


class Utterance(Part):
    """Something the caller says or lets the agent hear: a text in the test voice, a recording, or a built-in sound."""

    text: Words | None = None
    wav: WavFile | None = None
    sound: SoundName | None = None
    seconds: Seconds = 10
    """Length of a built-in sound."""
    seed: Seed = 1
    """Draws what a built-in sound is made of, such as the recordings of `talk`."""
    gain_db: Decibels = 0
    """So much louder than the test voice usually is, or quieter."""
    same_turn: bool = False
    """Goes on with the turn before it, such as after a pause for thought, instead of beginning a new one."""
    cut_after_ms: Annotated[int, Field(gt=0)] | None = None
    """The caller breaks off after so long, in mid-word if need be."""
    until_end: bool = False
    """The other side may hang up before all is said: the caller talks until then."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        exactly_one(self, "text", "wav", "sound")
        return self


def _text_as_utterance(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


Say = Annotated[Utterance, BeforeValidator(_text_as_utterance, json_schema_input_type=Words | Utterance)]


class Overlap(Part):
    """Something the caller says while the agent speaks."""

    say: Words | None = None
    wav: WavFile | None = None
    after_ms: Milliseconds = 800
    """Counted from the agent's first sound since the caller last spoke."""
    timeout_s: Seconds = 20
    """How long to wait for that first sound."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        exactly_one(self, "say", "wav")
        return self


class Silence(Part):
    """The caller says nothing for so long."""

    ms: Annotated[int, Field(gt=0, le=600_000)]


class HangUp(Part):
    """The caller hangs up."""


class StopSending(Part):
    """From now on the caller's telephone sends no sound, but does not hang up either."""


class Connect(Part):
    """Call another number, and let both far ends hear each other until one of them hangs up."""

    to: Number
    timeout_s: Seconds = 60
    """How long they may talk."""


class WaitForEnd(Part):
    """Wait until the agent's side hangs up."""

    timeout_s: Seconds = 30


class Step(Part):
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
    stop_sending: StopSending | None = None
    connect: Connect | None = None
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


class Answer(Part):
    """What the telephone that is called does; by default it rings for a second and is answered."""

    after_ms: Milliseconds = 1000
    """It rings so long."""
    reject: Annotated[int, Field(ge=300, le=699)] | None = None
    """Then it refuses with this SIP code, such as 486 (busy), 603 (declined) or 404 (no such number)."""
    never: bool = False
    """It rings until the agent gives up."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.never and self.reject is not None:
            raise PydanticCustomError("one_of", "needs either reject or never")
        return self

    @property
    def talks(self) -> bool:
        """Somebody answers it."""
        return self.reject is None and not self.never


class Background(Part):
    """A sound that is mixed into all the caller sends, repeated as long as the call lasts."""

    wav: WavFile | None = None
    sound: SoundName | None = None
    seed: Seed = 1
    """As of an utterance."""
    snr_db: Annotated[float, Field(ge=-20, le=80)] = 20
    """Level of the caller's speech above the background."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        exactly_one(self, "wav", "sound")
        return self


class Line(Part):
    """What is wrong with the caller's telephone and with the network behind it."""

    loss_percent: Annotated[float, Field(ge=0, le=100)] = 0
    """So many of a hundred packets of 20 ms never arrive."""
    jitter_ms: Annotated[int, Field(ge=0, le=1000)] = 0
    """Each packet is late by its own chance, up to so much; above 20 ms some overtake others."""
    gain_db: Decibels = 0
    """All that the telephone sends is so much louder, or quieter; what exceeds full scale is cut."""
    clip_dbfs: Annotated[float, Field(ge=-60, le=0)] | None = None
    """Peaks above this level are cut before that, as by an overdriven microphone. The voice has -26 dBFS."""
    seed: Seed = 1
    """Draws the packets that are lost or late."""

    @property
    def condition(self) -> LineCondition:
        """As the softphone takes it."""
        return LineCondition(**self.model_dump())


AgentChoice = Annotated[
    Annotated[AgentName, Tag("name")] | Annotated[Agent, Tag("inline")],
    Discriminator(lambda value: "inline" if isinstance(value, dict | Agent) else "name"),
]


class Scenario(Part):
    """One call: who is called, what the person on the telephone does, what must come of it."""

    model_config = ConfigDict(title="Phone Agent scenario")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    description: str = ""
    direction: Direction = Direction.INBOUND
    """Outbound: the agent calls, over the API, and the steps are those of `callee`."""
    to: Number = "1000"
    """The number dialled, in quotes; of an outbound call in E.164, such as "+493023125000"."""
    agent: AgentChoice | None = None
    """Who answers it: a name in the agents folder, or an agent written out; without it the configuration decides.
    An outbound call needs one."""
    caller: Annotated[tuple[Step, ...], Field(min_length=1)] = ()
    """What the caller does, of a call that comes in."""
    callee: Annotated[tuple[Step, ...], Field(min_length=1)] = ()
    """What the callee does once they have answered, of an outbound call."""
    answer: Answer = Answer()
    """Whether and when the callee answers."""
    variables: Variables = Field(default_factory=dict)
    """What `{{name}}` in the agent's texts stands for, of an outbound call."""
    ring_timeout_s: Annotated[float, Field(ge=5, le=300)] = 30
    """How long the agent lets it ring."""
    background: Background | None = None
    line: Line | None = None
    expect: tuple[Expectation, ...] = ()

    @property
    def turns(self) -> int:
        """How many turns the caller or callee takes."""
        return sum(step.begins_turn for step in self.steps)

    @property
    def outbound(self) -> bool:
        """The agent calls."""
        return self.direction is Direction.OUTBOUND

    @property
    def steps(self) -> tuple[Step, ...]:
        """What the person on the telephone does."""
        return self.callee if self.outbound else self.caller

    def numbered_steps(self) -> Iterator[tuple[int, Step]]:
        """Each step with the turn that it belongs to; before the caller's first turn that is 0."""
        turn = 0
        for step in self.steps:
            turn += step.begins_turn
            yield turn, step

    @model_validator(mode="after")
    def _fits_its_direction(self) -> Self:
        key, other = ("callee", "caller") if self.outbound else ("caller", "callee")
        strange = {other} if self.outbound else {other, "answer", "variables", "ring_timeout_s"}
        for one in sorted(strange & self.model_fields_set):
            raise PydanticCustomError(
                "direction", "is no part of a call that is {direction}", {"direction": self.direction, "at": (one,)}
            )
        if not self.steps and self.answer.talks:
            raise PydanticCustomError("missing", "needs a step", {"at": (key,)})
        if self.outbound and not is_e164(self.to):
            raise PydanticCustomError("no_e164", "who is called needs a number in E.164", {"at": ("to",)})
        if self.outbound and self.agent is None:
            raise PydanticCustomError("missing", "an outbound call needs an agent", {"at": ("agent",)})
        return self

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        key = "callee" if self.outbound else "caller"
        for index, (turn, step) in enumerate(self.numbered_steps()):
            if step.hang_up is not None and index + 1 < len(self.steps):
                raise PydanticCustomError("after_end", "nothing can follow hang_up", {"at": (key, index + 1)})
            if turn == 0 and step.say is not None:
                raise PydanticCustomError(
                    "no_turn_yet", "there is no turn yet that same_turn could go on with", {"at": (key, index)}
                )
        for index, expectation in enumerate(self.expect):
            if expectation.other is not None and not any(step.connect for step in self.steps):
                raise PydanticCustomError(
                    "no_other", "there is no connect that would place another call", {"at": ("expect", index, "other")}
                )
            if expectation.turn is not None and expectation.turn > self.turns:
                raise PydanticCustomError(
                    "no_such_turn",
                    "the caller takes {turns} turns, so turn {turn} cannot be expected",
                    {"turns": self.turns, "turn": expectation.turn, "at": ("expect", index, "turn")},
                )
        return self
