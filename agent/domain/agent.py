"""An agent: the persona that answers a number. Its files are read by `agent.personas`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.after_call import AfterCall
from agent.domain.call_control import CallControl, CallTool
from agent.domain.script import CallScript
from agent.domain.tools import Tool
from agent.domain.variables import Variables
from agent.domain.voicemail import VoicemailPolicy

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Limits(BaseModel):
    """What bounds a call of this agent."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    max_duration_s: float = Field(default=600, gt=0, le=14400)
    """A call is ended politely after so many seconds."""
    silence_prompt_s: float = Field(default=8, gt=0, le=120)
    """After so many seconds without a word the caller is asked whether they are there."""
    silence_prompts: int = Field(default=2, ge=0, le=10)
    """So many times; the next silence ends the call."""


class Phrases(BaseModel):
    """Sentences that are said without the language model."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    still_there: Text = "Are you still there?"
    silence_goodbye: Text = "I cannot hear you, so I will hang up now. Please call again. Goodbye."
    farewell: Text = "Thank you for calling. Goodbye."
    time_is_up: Text = "I am sorry, our time is up. Please call again. Goodbye."
    one_moment: Text = "One moment, please."
    trouble_goodbye: Text = "I am sorry, I am having technical trouble. Please call again later. Goodbye."
    shutting_down: Text = "I am sorry, I have to end this call now. Please call again in a few minutes. Goodbye."
    let_me_see: Text = "Let me see."
    """Said while an answer takes long."""
    lines_busy: Text = "All our lines are busy. Please hold, and we will be with you as soon as we can."
    """To a caller who waits for a free place, again and again."""
    lines_still_busy: Text = "I am sorry, all our lines are still busy. Please call again later. Goodbye."
    """To a caller who has waited too long."""
    did_not_understand: Text = "I am sorry, I did not catch that. Could you say it again?"
    will_not_call: Text = "All right, we will not call you again. Goodbye."
    """To who does not want to be called; their number is on the do-not-call list then."""
    tool_failed: Text = "I am sorry, I cannot do that at the moment."
    """Where a tool does not answer, or the model does not get its arguments right."""
    not_done: Text = "All right, I will leave it."
    """To a caller who says no where a tool asks first."""


class RecordingConsent(StrEnum):
    """What the caller has to do with being recorded."""

    OFF = "off"
    """Calls are not recorded."""
    ANNOUNCED = "announced"
    """The caller is told first."""
    ASKED = "asked"
    """The caller is asked first; only a yes starts the recording."""


class RecordingPolicy(BaseModel):
    """Whether calls are recorded, and what callers hear about it before anything is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    consent: RecordingConsent = RecordingConsent.OFF
    announcement: Text = "This call is recorded."
    """For `announced`: said before the greeting, word for word, and never interrupted."""
    question: Text = "May we record this call? Please say yes or no, or press 1 for yes and 2 for no."
    """For `asked`: said before the greeting and never interrupted; once more where the answer was not clear."""
    accepted: Text = "Thank you."
    """Said after a yes."""
    declined: Text = "All right, this call is not recorded."
    """Said after a no, or where no clear answer came."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Those that callers may hear."""
        match self.consent:
            case RecordingConsent.ANNOUNCED:
                return (self.announcement,)
            case RecordingConsent.ASKED:
                return (self.question, self.accepted, self.declined)
            case RecordingConsent.OFF:
                return ()


class Keys(BaseModel):
    """How digits that a caller keys become one entry."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    terminator: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]?$")] = "#"
    """Ends an entry at once and is not part of it; empty: none does."""
    timeout_s: float = Field(default=2.5, gt=0, le=30)
    """So long without a further key ends an entry."""
    max_digits: int = Field(default=32, ge=1, le=64)
    """An entry of so many keys is complete."""


@dataclass(frozen=True, slots=True)
class AgentRef:
    """Which agent, in which version."""

    name: Name
    version: int | None = None
    """None: agents have no versions here, as where they come from files alone."""


def _names_differ(tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    names = [tool.name for tool in tools]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two tools are named {name}")
        if name in set(CallTool):
            raise ValueError(f"{name} is the name of a tool that every agent can have (call_control.tools)")
    return tools


class Agent(BaseModel):
    """A configured persona."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    greeting: Text
    instructions: Text
    """How to behave, for the language model."""
    facts: tuple[Text, ...] = ()
    """What the agent knows, one sentence each."""
    variables: Variables = Field(default_factory=dict)
    """What `{{name}}` in greeting, notice, instructions, facts and the message for voicemail stands for, where the
    application does not say it of a call (`agent.lookup`). A variable that neither gives leaves nothing."""
    tools: Annotated[tuple[Tool, ...], Field(max_length=16), AfterValidator(_names_differ)] = ()
    """What the application does, or finds out, when the model asks for it."""
    call_control: CallControl = CallControl()
    """Handing callers over to somebody else, and what else may be done with a call."""
    voice: str = ""
    """Name of the voice; empty: the one of the configuration."""
    language: Annotated[str, StringConstraints(pattern=r"^([a-z]{2}|auto)$")] = "en"
    """ISO 639-1, or `auto`: the caller's, detected in the first second and more of speech and kept for the call."""
    interruptible: bool = True
    """Whether a caller who speaks stops the agent."""
    notice: str = ""
    """Said word for word after the greeting and never interrupted, nor is the greeting then; such as a legal notice.
    What the caller says meanwhile is heard, and answered afterwards."""
    farewells: tuple[Text, ...] = ("goodbye", "good bye", "bye", "bye bye", "that is all", "that's all")
    """What a caller says to end the call."""
    keys: Keys = Keys()
    keys_on_answer: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]{0,32}$")] = ""
    """What the agent keys as soon as a call is answered, such as an access code; empty: nothing."""
    limits: Limits = Limits()
    voicemail: VoicemailPolicy = VoicemailPolicy()
    """What is done where a machine answers a call that the agent makes."""
    phrases: Phrases = Phrases()
    recording: RecordingPolicy = RecordingPolicy()
    after_call: AfterCall = AfterCall()
    script: CallScript | None = None
    """The plan that its calls follow, in place of greeting, notice, instructions, facts and tools; null: none. A call
    that is ordered with a script of its own follows that one."""
