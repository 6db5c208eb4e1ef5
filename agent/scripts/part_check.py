"""What is wrong with one part of a draft, and what the program mends by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, FindingCode, Severity
from agent.domain.script_slot import SlotType
from agent.scripts.checker import check
from agent.scripts.draft import Draft, Objection, Opening, Part, Question, value_of
from agent.scripts.drafted import script_of
from agent.scripts.invented import invented
from agent.scripts.texts import texts

Wrong = list[tuple[Finding, str]]
"""Errors, and beside each what is said there; empty where that is no text."""

_STAND_IN = Draft(Opening(caller="so", about="so"), (Question(about="stand in", ask="Yes?"),))
_PLACES = {
    "/opening": Part.OPENING,
    "/slots/": Part.QUESTIONS,
    "/states/": Part.QUESTIONS,
    "/objections/": Part.OBJECTIONS,
}
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_FEWEST_WORDS = 4
"""With fewer a text says nothing of its own any more."""
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_YES_NO = frozenset({"yes", "no", "ja", "nein"})


class UnreadablePartError(ValueError):
    """What the model answered is no such part."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def read(part: Part, answer: str) -> Any:
    """The part as the model answered it. Raises UnreadablePartError."""
    begin, end = answer.find("{"), answer.rfind("}")
    try:
        written = _OBJECT.validate_json(answer[begin : end + 1] if begin >= 0 else "")
        return value_of(part, written.get(part.value))
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"/{step}" for step in (part.value, *first["loc"]))
        raise UnreadablePartError(Finding(code=FindingCode.NO_SCRIPT, path=where, message=f"{first['msg']}.")) from None


def wrong_in(part: Part, value: Any, brief: ScriptBrief) -> Wrong:
    """The errors of one part, whatever the others are."""
    try:
        script = script_of(_STAND_IN.having(part, value), brief)
    except ValidationError as error:
        first = error.errors()[0]
        return [(Finding(code=FindingCode.NO_SCRIPT, path=f"/{part.value}", message=f"{first['msg']}."), "")]
    said = {text.path: text.words for text in texts(script)}
    return [
        (finding, said.get(finding.path, ""))
        for finding in (*check(script), *invented(script, brief))
        if finding.severity is Severity.ERROR and _part_of(finding.path) is part
    ]


def mended(part: Part, value: Any, brief: ScriptBrief) -> Any:
    """The part without the sentences that are wrong, as far as enough is left; a choice between yes and no is a yes_no,
    and a question is asked once."""
    if part is Part.QUESTIONS:
        return tuple(_questions(value))
    if part is Part.OBJECTIONS:
        return tuple(_objection(one, brief) for one in value)
    return _opening(value, brief)


def _opening(one: Opening, brief: ScriptBrief) -> Opening:
    """Models end it with a question by habit; the first question comes after the disclosures."""
    bare = one.model_copy(update={"message": ""})
    if wrong_in(Part.OPENING, bare, brief):
        return one
    sentences = [bare.model_copy(update={"message": sentence}) for sentence in _SENTENCE_END.split(one.message)]
    kept = [
        said.message for said in sentences if not said.message.endswith("?") and not wrong_in(Part.OPENING, said, brief)
    ]
    return one.model_copy(update={"message": " ".join(kept)})


def _objection(one: Objection, brief: ScriptBrief) -> Objection:
    def is_wrong(answer: str) -> bool:
        return bool(wrong_in(Part.OBJECTIONS, (one.model_copy(update={"answer": answer}),), brief))

    return one.model_copy(update={"answer": _fitting(one.answer, is_wrong)})


def _fitting(text: str, is_wrong: Callable[[str], bool]) -> str:
    """The sentences of the text that are not wrong; the whole text where they are too few words."""
    kept = " ".join(sentence for sentence in _SENTENCE_END.split(text) if not is_wrong(sentence))
    return kept if len(kept.split()) >= _FEWEST_WORDS else text


def _questions(asked: tuple[Question, ...]) -> Iterator[Question]:
    seen: set[str] = set()
    for one in asked:
        if one.ask not in seen:
            seen.add(one.ask)
            choices = {choice.strip(" .").casefold() for choice in one.choices}
            yes_no = one.type is SlotType.CHOICE and len(choices) > 1 and choices <= _YES_NO
            yield one.model_copy(update={"type": SlotType.YES_NO, "choices": ()}) if yes_no else one


def _part_of(path: str) -> Part | None:
    return next((part for place, part in _PLACES.items() if path.startswith(place)), None)
