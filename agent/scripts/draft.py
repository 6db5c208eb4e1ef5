"""What the language model writes: the questions and the words, flat. The program makes a script of it. Pure.

Small models lose themselves in states, transitions and names that refer to each other, and write good questions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from agent.domain.script_slot import SlotType

MOST_QUESTIONS = 6
MOST_OBJECTIONS = 3
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class Opening(BaseModel):
    """Who calls, and why; the program makes the first words and the voicemail of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    caller: Said
    about: Said
    """What it is about, such as "your piano lesson"."""
    message: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    """A sentence that tells more; not left on answering machines, which others hear as well."""


class Question(BaseModel):
    """One thing that is asked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    about: Said
    """What is found out, in a word or two."""
    type: SlotType = SlotType.TEXT
    choices: tuple[Said, ...] = ()
    ask: Said
    if_no: str = "go on"
    """Of a yes_no: "end" where a no makes all further questions pointless."""


class Objection(BaseModel):
    """Something that people say, and the answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    they_say: Said
    answer: Said


class Part(StrEnum):
    """What is written by one request; the values are fields of Draft and of the model's answer."""

    OPENING = "opening"
    QUESTIONS = "questions"
    OBJECTIONS = "objections"


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan for a call."""

    opening: Opening
    questions: tuple[Question, ...]
    """One at least."""
    objections: tuple[Objection, ...] = ()

    def having(self, part: Part, value: Any) -> Draft:
        """The same with another value of this part."""
        return replace(self, **{part.value: value})


_VALUES: dict[Part, TypeAdapter[Any]] = {
    Part.OPENING: TypeAdapter(Opening),
    Part.QUESTIONS: TypeAdapter(Annotated[tuple[Question, ...], Field(min_length=1, max_length=MOST_QUESTIONS)]),
    Part.OBJECTIONS: TypeAdapter(Annotated[tuple[Objection, ...], Field(max_length=MOST_OBJECTIONS)]),
}


def value_of(part: Part, written: Any) -> Any:
    """The part as the model wrote it. Raises ValidationError."""
    return _VALUES[part].validate_python(written)
