"""What the language model does in a call by a script: it reads what rules cannot, and answers what the callee asks.

Nothing of what it writes is believed: a value must be made of the callee's words, and an answer of what is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

from agent.dialog.history import Message, Role
from agent.dialog.script.wording import telling_words
from agent.domain.script import CallScript
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_values import SlotValue
from agent.speech.heard.digits import in_figures
from agent.speech.spoken import spoken

MOST_SENTENCES = 2
"""Of an answer; small models go on with what nobody asked."""
LONGEST_ANSWER = 300
"""Characters."""
NONE = "none"
READABLE = frozenset({SlotType.NAME, SlotType.CHOICE, SlotType.YES_NO})
"""Types of which a model reads more than rules do. Days and numbers it gets wrong more often than right."""
_MARKS = str.maketrans("<>|{}`", "‹›¦()'")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NO_SPEECH = re.compile(r"[<>|{}`]")
_FIGURES = re.compile(r"\d+(?:[.,:]\d+)*")


class Words(Protocol):
    """Streams the answer to messages, as LanguageModel does."""

    def stream(self, messages: Sequence[Message], *, call: str = "") -> AsyncIterator[Any]:
        """See LanguageModel."""
        ...


class HelperModel:
    """For one call."""

    def __init__(
        self, mind: Words, script: CallScript, *, call: str, messages: Callable[[str], Sequence[Message]]
    ) -> None:
        """`call`: its name for the model. `messages`: the prompt that ends with these words of the callee's."""
        self._mind = mind
        self._script = script
        self._call = call
        self._messages = messages

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

    async def answer(self, question: str, *, known: Sequence[str]) -> str:
        """An answer that says only what is `known`; empty where the model finds none. Raises LanguageModelError."""
        text = await self._write(self._messages(_plain(question)))
        kept = [one for one in _SENTENCE.split(" ".join(text.split())) if self._is_known(one, question, known)]
        return " ".join(kept[:MOST_SENTENCES])[:LONGEST_ANSWER]

    def _is_known(self, sentence: str, question: str, known: Sequence[str]) -> bool:
        """Whether a sentence tells nothing else: no other figure, no claim that is forbidden, hardly another word."""
        language = self._script.language
        lower = sentence.lower()
        if not re.search(r"\w", sentence) or sentence.rstrip().endswith("?") or _NO_SPEECH.search(sentence):
            return False
        if any(claim.lower() in lower for claim in self._script.forbidden):
            return False
        text = spoken(" ".join([*known, question]), language)
        sentence = spoken(sentence, language)
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


def _plain(text: str) -> str:
    return " ".join(text.translate(_MARKS).split())


def _json(text: str) -> Mapping[str, Any]:
    begin, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begin : end + 1]) if begin >= 0 else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
