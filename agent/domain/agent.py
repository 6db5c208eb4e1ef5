"""An agent: the persona that answers a number. Its files are read by `agent.personas`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Limits(BaseModel):
    """What bounds a call of this agent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_duration_s: float = Field(default=600, gt=0, le=14400)
    """A call is ended politely after so many seconds."""
    silence_prompt_s: float = Field(default=8, gt=0, le=120)
    """After so many seconds without a word the caller is asked whether they are there."""
    silence_prompts: int = Field(default=2, ge=0, le=10)
    """So many times; the next silence ends the call."""


class Phrases(BaseModel):
    """Sentences that are said without the language model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    still_there: Text = "Are you still there?"
    silence_goodbye: Text = "I cannot hear you, so I will hang up now. Please call again. Goodbye."
    farewell: Text = "Thank you for calling. Goodbye."
    time_is_up: Text = "I am sorry, our time is up. Please call again. Goodbye."
    one_moment: Text = "One moment, please."
    trouble_goodbye: Text = "I am sorry, I am having technical trouble. Please call again later. Goodbye."
    shutting_down: Text = "I am sorry, I have to end this call now. Please call again in a few minutes. Goodbye."
    did_not_understand: Text = "I am sorry, I did not catch that. Could you say it again?"


class Agent(BaseModel):
    """A configured persona."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    greeting: Text
    instructions: Text
    """How to behave, for the language model."""
    facts: tuple[Text, ...] = ()
    """What the agent knows, one sentence each."""
    voice: str = ""
    """Name of the voice; empty: the one of the configuration."""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    interruptible: bool = True
    """Whether a caller who speaks stops the agent."""
    farewells: tuple[Text, ...] = ("goodbye", "good bye", "bye", "bye bye", "that is all", "that's all")
    """What a caller says to end the call."""
    limits: Limits = Limits()
    phrases: Phrases = Phrases()
