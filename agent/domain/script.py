"""A call script: a typed plan for a conversation. Pure.

The program holds the plan and the language model words it. Whether a script makes sense as a whole is found out by
`agent.scripts.checker`; which way a call goes through it by `agent.domain.script_walk`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.script_slot import MaybeName, MaybeWords, ScriptName, Slot, Words
from agent.domain.script_state import State
from agent.domain.variables import VariableName

LONGEST_TEXT = 1200
LongWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT)]
AgentName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]{0,63})?$")]
Outcome = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Exit(_Part):
    """A way in which a call may end."""

    name: ScriptName
    outcome: Outcome
    """Of the call, in its record and in `call.ended`; several exits may share one."""
    success: bool = False
    """Whether the purpose was reached."""
    say: MaybeWords = ""
    """The farewell, said to its end before the call is hung up or handed over; empty: the agent's own farewell."""
    hand_over_to: MaybeWords = ""
    """Name of the transfer destination to which the call goes; empty: it is hung up."""


class Objection(_Part):
    """Something that people say against it."""

    when: Words
    """What they say, such as "How did you get my number?"."""
    answer: Words
    """What they are told. The open question is asked again afterwards."""


class HandOver(_Part):
    """When a person takes over, wherever the call is in the script."""

    when: Words
    """What has happened, such as "the callee asks for a person"."""
    exit: ScriptName
    """The exit by which the call then goes; it has `hand_over_to`."""


class Fallbacks(_Part):
    """What is done where things do not go by the script."""

    not_understood: Words = "I am sorry, I did not catch that."
    """Said before the question is asked again."""
    silence: Words = "Are you still there?"
    """Said to someone who says nothing."""
    give_up: MaybeName = ""
    """Exit for a call that does not get a required slot, or goes round and round."""
    opt_out: MaybeName = ""
    """Exit for someone who does not want to be called again; empty: `give_up`."""
    declined: MaybeName = ""
    """Exit for someone who does not want to go on with this call; empty: `give_up`."""


def _names_differ(parts: tuple[Slot, ...]) -> tuple[Slot, ...]:
    names = [part.name for part in parts]
    if len(set(names)) < len(names):
        raise ValueError("two slots have the same name")
    return parts


class CallScript(_Part):
    """The plan of a call.

    What is said may hold places: `{{name}}` for a variable or for the value of a slot, `{{facts.name}}` for a fact.
    The call begins with `opening`, then the disclosures, then the first state.
    """

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    """For people."""
    purpose: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    """What the call is to achieve."""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    """ISO 639-1, of all that is said."""
    agent: AgentName = ""
    """Name of the agent that speaks, where an order for a call names none."""
    variables: Annotated[dict[VariableName, MaybeWords], Field(max_length=50)] = Field(default_factory=dict)
    """What each call is given by the application, with an example; all of them are needed."""
    facts: Annotated[dict[ScriptName, Words], Field(max_length=40)] = Field(default_factory=dict)
    """What may be told, by name. The model knows nothing else."""
    opening: Words
    """The first words: who calls, and why."""
    disclosures: Annotated[tuple[Words, ...], Field(max_length=8)] = ()
    """Said word for word after the opening, never interrupted, before the first question."""
    slots: Annotated[tuple[Slot, ...], Field(max_length=30), AfterValidator(_names_differ)] = ()
    states: Annotated[tuple[State, ...], Field(min_length=1, max_length=40)]
    """The call begins in the first one."""
    exits: Annotated[tuple[Exit, ...], Field(min_length=1, max_length=20)]
    objections: Annotated[tuple[Objection, ...], Field(max_length=20)] = ()
    forbidden: Annotated[tuple[Words, ...], Field(max_length=40)] = ()
    """What must never be claimed or promised; words that are looked for in all that is said."""
    fallbacks: Fallbacks = Fallbacks()
    hand_overs: Annotated[tuple[HandOver, ...], Field(max_length=10)] = ()
    voicemail: LongWords = ""
    """Left on an answering machine; empty: nothing is."""

    def slot(self, name: str) -> Slot | None:
        """The slot of that name."""
        return next((slot for slot in self.slots if slot.name == name), None)

    def state(self, name: str) -> State | None:
        """The state of that name."""
        return next((state for state in self.states if state.name == name), None)

    def exit(self, name: str) -> Exit | None:
        """The exit of that name."""
        return next((one for one in self.exits if one.name == name), None)

    @property
    def first(self) -> State:
        """Where the call begins."""
        return self.states[0]
