"""What the language model does in a call by a script: it reads what rules cannot, and answers what the callee asks.

Nothing of what it writes is believed: a value must be made of the callee's words, and an answer of what is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

import structlog

from agent.dialog.history import Message, Role
from agent.dialog.script.wording import Wording, telling_words
from agent.domain.script import CallScript
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_values import SlotValue
from agent.speech.heard.digits import in_figures

log = structlog.get_logger()
MOST_SENTENCES = 2
"""Of an answer; small models go on with what nobody asked."""
LONGEST_ANSWER = 300
"""Characters."""
NONE = "none"
READABLE = frozenset({SlotType.NAME, SlotType.CHOICE, SlotType.YES_NO})
"""Types of which a model reads more than rules do. Days and numbers it gets wrong more often than right."""
_MARKS = str.maketrans("<>|{}`", "‹›¦()'")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_FIGURES = re.compile(r"\d+(?:[.,:]\d+)*")


class Words(Protocol):
    """Streams the answer to messages, as LanguageModel does."""

    def stream(self, messages: Sequence[Message], *, call: str = "") -> AsyncIterator[Any]:
        """See LanguageModel."""
        ...


class HelperModel:
    """For one call."""

    def __init__(self, mind: Words, script: CallScript, wording: Wording, *, call: str) -> None:
        """`call`: the name of the call for the model, beside that of its history."""
        self._mind = mind
        self._script = script
        self._wording = wording
        self._call = call

    async def value(self, slot: Slot, question: str, text: str) -> SlotValue:
        """What `text` says for the slot, or None. Raises LanguageModelError."""
        if slot.type not in READABLE:
            return None
        found = _json(
            await self._write([Message(Role.SYSTEM, _READ), Message(Role.CALLER, _reading(slot, question, text))])
        )
        value = found.get("value")
        if not isinstance(value, str) or value.strip().lower() in {NONE, "", "null", "unclear", "unknown"}:
            return None
        value = value.strip()
        match slot.type:
            case SlotType.YES_NO:
                return {"yes": True, "no": False}.get(value.lower())
            case SlotType.CHOICE:
                return next((one for one in slot.choices if one.casefold() == value.casefold()), None)
            case _:
                said = {word.casefold() for word in re.findall(r"[^\W_]+", text)}
                words = re.findall(r"[^\W_]+", value)
                return value if words and all(word.casefold() in said for word in words) else None

    async def answer(self, question: str, *, said: Sequence[str]) -> str:
        """An answer from the script's facts; that it is not known, where they do not tell. Raises LanguageModelError.

        `said`: what may be repeated besides, such as the values of the call.
        """
        facts = self._wording.facts()
        unknown = self._wording.small.unknown
        if not facts:
            return self._purpose(question) or unknown
        prompt = _answering(self._script, facts)
        text = await self._write([Message(Role.SYSTEM, prompt), Message(Role.CALLER, _plain(question))])
        kept = [
            one for one in _SENTENCE.split(" ".join(text.split())) if self._is_known(one, question, [*facts, *said])
        ]
        return " ".join(kept[:MOST_SENTENCES])[:LONGEST_ANSWER] or self._purpose(question) or unknown

    def _purpose(self, question: str) -> str:
        """Who calls and why is what the opening says."""
        del question
        return ""

    def _is_known(self, sentence: str, question: str, known: Sequence[str]) -> bool:
        """Whether a sentence says nothing that is not in the facts: no other figure, no claim that is forbidden."""
        language = self._script.language
        lower = sentence.lower()
        if not re.search(r"\w", sentence) or sentence.rstrip().endswith("?"):
            return False
        if any(claim.lower() in lower for claim in self._script.forbidden):
            return False
        text = " ".join([*known, question, self._script.opening, self._script.purpose])
        figures = set(_FIGURES.findall(in_figures(text, language)))
        if any(figure not in figures for figure in _FIGURES.findall(in_figures(sentence, language))):
            return False
        told = telling_words(text)
        words = telling_words(sentence)
        return not words or len(words & told) / len(words) >= 0.5  # most of it is in the facts

    async def _write(self, messages: Sequence[Message]) -> str:
        text = ""
        stream = self._mind.stream(messages, call=self._call)
        try:
            async for piece in stream:
                if isinstance(piece, str):
                    text += piece
                if len(text) > 2 * LONGEST_ANSWER:
                    break
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        return text


_READ = """You read one answer of a telephone call and say what it means, as JSON in one line: {"value": "…"}.
Write {"value": "none"} where the answer does not tell."""


def _reading(slot: Slot, question: str, text: str) -> str:
    match slot.type:
        case SlotType.YES_NO:
            wanted = 'The value is "yes", "no" or "none".'
        case SlotType.CHOICE:
            choices = ", ".join(json.dumps(one, ensure_ascii=False) for one in slot.choices)
            wanted = f'The value is one of {choices}, or "none".'
        case _:
            wanted = 'The value is the name as it was said, without other words, or "none".'
    return f"Question: {_plain(question)}\nAnswer: {_plain(text)}\n{wanted}"


def _answering(script: CallScript, facts: Sequence[str]) -> str:
    listed = "\n".join(f"- {fact}" for fact in facts)
    return (
        "You are on the telephone. Answer the question in one short sentence from the facts, and say nothing else. "
        f"If they do not answer it, say: {NONE}.\nPurpose of the call: {script.purpose}\nFacts:\n{listed}"
    )


def _plain(text: str) -> str:
    return " ".join(text.translate(_MARKS).split())


def _json(text: str) -> Mapping[str, Any]:
    begin, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begin : end + 1]) if begin >= 0 else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
