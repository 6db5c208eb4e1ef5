"""Works one call out: summary, outcome and data, each part of the transcript read once for all questions about it.

Every field is a question of its own: small models answer one at a time far better, and a caller who comes in between
costs one answer, not all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.aftercall import prompts
from agent.aftercall.evidence import evidence
from agent.aftercall.transcript import BYTES_PER_TOKEN, Line, in_parts, lines
from agent.dialog.history import Message
from agent.dialog.mind_background import BackgroundModel
from agent.domain import extraction
from agent.domain.after_call import AfterCall
from agent.domain.summary_resource import Evidence, Findings, SummaryEvidence, Support
from agent.domain.turns import Speaker, Turn
from agent.errors import LanguageModelError

SUMMARY_TOKENS = 160
ANSWER_TOKENS = 200
QUESTION_TOKENS = 150
"""At least so many are kept free for a question."""
FEWEST_TOKENS = 200
"""A part of the transcript has at least so many, whatever the questions: with a context of 512 the server then says
that it is too small."""


@dataclass(frozen=True, slots=True)
class _Answer:
    value: Any
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Question:
    text: str
    schema: Mapping[str, Any]
    """Of its answer."""
    is_valid: Callable[[Any], bool]
    """Whether a value may be."""
    is_free: bool = False
    """The value is a text of the model's own choice."""


class Summarizer:
    """Asks the model, and believes only what the transcript supports."""

    def __init__(self, model: BackgroundModel, *, context_tokens: int) -> None:
        """`context_tokens`: room for a prompt and its answer."""
        self._model = model
        self._context_tokens = context_tokens

    async def work_out(self, turns: Sequence[Turn], wanted: AfterCall, *, language: str) -> Findings:
        """All that is wanted. A transcript that is longer than the context is read in parts: of a value that is said
        in several the last one counts, and the outcome is that of the last part, read after a summary of the others.

        What the agent says before the caller has said anything is evidence of nothing. Raises LanguageModelError: what
        the model fails with, or `summary_invalid` where no answer was of any use.
        """
        said = lines(turns)
        first = next((line.turn for line in said if line.speaker is Speaker.CALLER), None)
        if first is None:
            return _nothing_said(wanted)
        parts = in_parts(said, self._room(wanted))
        notes: list[str] = []
        data: dict[str, _Answer] = {}
        for part in parts:
            if wanted.summary or len(parts) > 1:
                notes.append(await self._text(prompts.messages(part, prompts.summary(language))))
            for name in _fields(wanted):
                data[name] = _later(data.get(name), await self._ask(part, first, _about_field(wanted, name)))
        outcome = None
        if wanted.outcomes:
            earlier = await self._combined(notes[:-1], language) if len(parts) > 1 else ""
            outcome = await self._ask(parts[-1], first, _about_outcome(wanted), earlier=earlier)
        if {answer.evidence.status for answer in (*data.values(), outcome) if answer} == {Support.INVALID}:
            raise LanguageModelError("The language model gave no answer that fits.", code="summary_invalid")
        return Findings(
            text=await self._combined(notes, language) if wanted.summary else None,
            outcome=outcome.value if outcome else None,
            data={name: answer.value for name, answer in data.items()} if wanted.extract is not None else None,
            evidence=SummaryEvidence(
                outcome=outcome.evidence if outcome else None,
                data={name: answer.evidence for name, answer in data.items()},
            ),
        )

    async def _combined(self, notes: Sequence[str], language: str) -> str:
        """One summary of several; more than fit into the context are joined in groups first."""
        notes = list(notes)
        room = (self._context_tokens - 2 * SUMMARY_TOKENS - QUESTION_TOKENS) // (SUMMARY_TOKENS + 10)
        while len(notes) > 1:
            group, notes = notes[: max(2, room)], notes[max(2, room) :]
            notes.insert(0, await self._text(prompts.combined(group, language)))
        return notes[0]

    async def _text(self, messages: Sequence[Message]) -> str:
        reply = await self._model.ask(messages, max_tokens=SUMMARY_TOKENS)
        text = " ".join(reply.text.split())
        if not reply.complete:
            text = _whole_sentences(text)
        if not text:
            raise LanguageModelError("The language model gave no summary.", code="summary_invalid")
        return text

    async def _ask(self, part: Sequence[Line], first: int, question: _Question, *, earlier: str = "") -> _Answer:
        """`first`: the turn from which on words are evidence."""
        counts = [line for line in part if line.turn >= first]
        for more in ("", prompts.ONLY_JSON):
            messages = prompts.messages(part, question.text + more, earlier=earlier)
            reply = await self._model.ask(messages, max_tokens=ANSWER_TOKENS, schema=question.schema)
            found = _json(reply.text)
            quote, value = found.get("quote"), found.get("value")
            if not isinstance(quote, str) or "value" not in found:
                continue
            if not quote.strip() or value is None or value == prompts.NOT_MENTIONED:
                return _Answer(None, Evidence(status=Support.NOT_FOUND))
            if question.is_valid(value):
                shown = evidence(quote, counts, value=value, is_free=question.is_free)
                return _Answer(value if shown.status is Support.SUPPORTED else None, shown)
        return _Answer(None, Evidence(status=Support.INVALID))

    def _room(self, wanted: AfterCall) -> int:
        """Tokens for a part of the transcript, beside the longest question about it and what came before."""
        schema = wanted.extract or {}
        questions = [prompts.field(name, extraction.field_schema(schema, name)) for name in _fields(wanted)]
        longest = max((len(text.encode()) for text in [*questions, prompts.outcome(wanted.outcomes)]), default=0)
        asked = max(QUESTION_TOKENS, longest // BYTES_PER_TOKEN)
        rules = len(prompts.RULES) // BYTES_PER_TOKEN
        return max(FEWEST_TOKENS, self._context_tokens - rules - asked - SUMMARY_TOKENS - ANSWER_TOKENS)


def _about_field(wanted: AfterCall, name: str) -> _Question:
    schema = wanted.extract or {}
    own = extraction.field_schema(schema, name)
    return _Question(
        prompts.field(name, own),
        prompts.answer_schema(prompts.or_not_mentioned(own), extraction.shared(schema)),
        lambda value: extraction.fits(schema, name, value),
        is_free=own.get("type") == "string" and not own.keys() & {"enum", "const", "format"},
    )


def _about_outcome(wanted: AfterCall) -> _Question:
    choices = wanted.outcomes
    answer = prompts.answer_schema({"enum": list(choices)})
    return _Question(prompts.outcome(choices), answer, lambda value: value in choices)


def _fields(wanted: AfterCall) -> list[str]:
    return list((wanted.extract or {}).get("properties", {}))


def _later(before: _Answer | None, now: _Answer) -> _Answer:
    """What a later part says counts, if it says anything."""
    said = now.evidence.status is Support.SUPPORTED
    return now if before is None or said or before.evidence.status is not Support.SUPPORTED else before


def _nothing_said(wanted: AfterCall) -> Findings:
    none = Evidence(status=Support.NOT_FOUND)
    fields = _fields(wanted)
    return Findings(
        data=dict.fromkeys(fields) if wanted.extract is not None else None,
        evidence=SummaryEvidence(
            outcome=none if wanted.outcomes else None,
            data=dict.fromkeys(fields, none),
        ),
    )


def _json(text: str) -> Mapping[str, Any]:
    """The object that an answer is, or holds between other words; empty where there is none."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begin : end + 1]) if begin >= 0 else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole_sentences(text: str) -> str:
    """Without the one that was cut off, if there is another."""
    end = max(text.rfind(mark) for mark in (". ", "! ", "? "))
    return text[: end + 1] if end > 0 else text
