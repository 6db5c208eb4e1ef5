"""What the language model writes: the questions and the words, flat. The program makes a script of it. Pure.

Small models lose themselves in states, transitions and names that refer to each other, and write good questions.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.script_slot import SlotType

MOST_QUESTIONS = 6
_SENTENCE = 240
_QUESTION = 160
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class Question(BaseModel):
    """One thing that is asked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    about: Said
    """What is found out, in a word or two."""
    type: SlotType = SlotType.TEXT
    choices: tuple[Said, ...] = ()
    ask: Said
    ask_again: str = ""
    """In other words."""
    if_no: str = "go on"
    """Of a yes_no: "end" where a no makes all further questions pointless."""


class Objection(BaseModel):
    """Something that people say, and the answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    they_say: Said
    answer: Said


class Draft(BaseModel):
    """A plan for a call, as a model writes it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    opening: Said
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=MOST_QUESTIONS)]
    thanks: Said
    objections: tuple[Objection, ...] = ()
    voicemail: Said


def draft_schema() -> dict[str, Any]:
    """JSON Schema of a Draft, for servers that make the model keep to it: order and lengths as in the example."""
    question = {
        "about": _text(40),
        "type": {"enum": [kind.value for kind in SlotType]},
        "choices": {"type": "array", "items": _text(60), "maxItems": 6},
        "ask": _text(_QUESTION),
        "ask_again": _text(_QUESTION),
        "if_no": {"enum": ["go on", "end"]},
    }
    objection = {"they_say": _text(120), "answer": _text(_SENTENCE)}
    return _object(
        {
            "opening": _text(_SENTENCE),
            "questions": {"type": "array", "items": _object(question), "minItems": 1, "maxItems": MOST_QUESTIONS},
            "thanks": _text(_SENTENCE),
            "objections": {"type": "array", "items": _object(objection), "minItems": 1, "maxItems": 3},
            "voicemail": _text(2 * _SENTENCE),
        }
    )


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
