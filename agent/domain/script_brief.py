"""What somebody wants a call script for; the language model writes one by it. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.script import AgentName
from agent.domain.script_slot import MaybeWords, ScriptName, Words
from agent.domain.variables import VariableName

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class ScriptBrief(BaseModel):
    """One sentence is enough: the goal."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)]
    """What the call is to achieve, and for whom it is made."""
    audience: Sentence = ""
    """Who is called."""
    facts: Annotated[dict[ScriptName, Words], Field(max_length=40)] = Field(default_factory=dict)
    """What may be told, by name; nothing else is known."""
    constraints: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    """What is to be heeded, one sentence each."""
    forbidden: Annotated[tuple[Words, ...], Field(max_length=40)] = ()
    """Words that must never be said, such as "guaranteed"."""
    variables: Annotated[dict[VariableName, MaybeWords], Field(max_length=50)] = Field(default_factory=dict)
    """What each call is given by the application, with an example."""
    disclosures: Annotated[tuple[Words, ...], Field(max_length=8)] | None = None
    """Said word for word before the first question; null: that the caller is an automated assistant."""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    """ISO 639-1, of all that is said."""
    agent: AgentName = ""
    """Name of the agent that will speak."""

    @property
    def told(self) -> str:
        """All that the brief says, as one text: nothing else is known to whoever writes by it."""
        parts = [self.goal, self.audience, *self.facts.values(), *self.constraints, *(self.disclosures or ())]
        return "\n".join([*parts, *self.variables, *self.variables.values()])
