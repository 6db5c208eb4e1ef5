"""JSON Schemas of the model's answers, for servers that make it keep to them: order and lengths as in the examples.

Pure. A question has what belongs to its type and nothing else, so that a choice always has something to choose from.
"""

from __future__ import annotations

from typing import Any

from agent.domain.script_slot import SlotType
from agent.scripts.draft import MOST_OBJECTIONS, MOST_QUESTIONS, Part

_SENTENCE = 200
_QUESTION = 160
TOKENS = {Part.OPENING: 160, Part.QUESTIONS: 500, Part.OBJECTIONS: 240}
"""At most, of an answer. What is cut off cannot be read."""


def schema_of(part: Part) -> dict[str, Any]:
    """Of the answer to the request for this part."""
    value: dict[str, Any]
    match part:
        case Part.OPENING:
            value = _object({"caller": _text(80), "about": _text(100), "message": _text(_SENTENCE, shortest=0)})
        case Part.QUESTIONS:
            value = {"type": "array", "items": _question(), "minItems": 1, "maxItems": MOST_QUESTIONS}
        case Part.OBJECTIONS:
            objection = _object({"they_say": _text(120), "answer": _text(_SENTENCE)})
            value = {"type": "array", "items": objection, "minItems": 1, "maxItems": MOST_OBJECTIONS}
    return _object({part.value: value})


def _question() -> dict[str, Any]:
    about, ask = _text(40), _text(_QUESTION)
    plain = [kind.value for kind in SlotType if kind not in {SlotType.YES_NO, SlotType.CHOICE}]
    choices = {"type": "array", "items": _text(60), "minItems": 2, "maxItems": 6}
    yes_no = {"type": {"const": SlotType.YES_NO.value}, "if_no": {"enum": ["go on", "end"]}}
    choice = {"type": {"const": SlotType.CHOICE.value}, "choices": choices}
    kinds = (yes_no, choice, {"type": {"enum": plain}})
    return {"anyOf": [_object({"about": about, **kind, "ask": ask}) for kind in kinds]}


def _text(longest: int, *, shortest: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
