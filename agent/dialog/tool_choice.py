"""Whether a small model is to ask for a tool, and whether what it asks for comes from the call. Pure.

What such a model begins to write is decided by a hair, and by another one on another machine. So the likelihood that it
gave to a request is held against a bar, which is low where the caller speaks of what a tool is for, and a request with
a value that nobody has said is not made. Decision 168 has figures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.domain.tools import Tool

BAR = 0.5
"""So likely a request must be."""
BAR_BY_WORDS = 0.1
"""The same where the caller's words point to a tool."""
MARKS = ("{", "<", "`")
"""What the text of a request begins with: JSON, a tag, a code fence. No spoken sentence does."""
LONG_WORD = 4
"""Letters; shorter words say little of what is meant."""
ALIKE = 5
"""Words that begin with so many equal letters are taken for forms of one: "orders", "ordered"."""
DIGITS_OF_A_NUMBER = 3

_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
_SAID_NUMBER = re.compile(r"\d(?:[ -]*\d){2,}")
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FREE_FORMATS = frozenset({"date", "date-time", "time", "duration"})
"""Of values that are worked out of words such as "tomorrow"."""


def is_marked(piece: str) -> bool:
    """Whether a text begins as a request."""
    return piece.lstrip().startswith(MARKS)


def likelihood(first_tokens: Iterable[tuple[str, float]]) -> float:
    """How likely a model found a request, by what it might have begun with: tokens and logarithms of probabilities."""
    return sum(math.exp(min(0.0, logarithm)) for token, logarithm in first_tokens if is_marked(token))


def bar(words: str, tools: Sequence[Tool]) -> float:
    """How likely a request must be after these words of the caller."""
    return BAR_BY_WORDS if any(_speaks_of(words, tool) for tool in tools) else BAR


def settled(arguments: Mapping[str, Any], tool: Tool, words: str) -> dict[str, Any]:
    """The same with numbers in digits, as a small model seldom copies them right where they were said as words.

    One that is nowhere in `words`, the caller's last ones, becomes the only number that is.
    """
    properties = tool.parameters.get("properties", {})
    texts = {name: value for name, value in arguments.items() if isinstance(value, str) and name in properties}
    return {**arguments, **{name: _number(value, words) for name, value in texts.items()}}


def invented(arguments: Mapping[str, Any], tool: Tool, said: str) -> str:
    """The first name of a required value that `said`, all that was read of the call, gives no ground for; or empty."""
    properties = tool.parameters.get("properties", {})
    for name in tool.parameters.get("required", []):
        schema, value = properties.get(name, {}), arguments.get(name)
        if isinstance(value, str) and isinstance(schema, Mapping) and not _is_free(schema) and not _rests(value, said):
            return str(name)
    return ""


def _speaks_of(words: str, tool: Tool) -> bool:
    spoken = _long_words(words)
    about = _long_words(f"{tool.name} {tool.description} {' '.join(_descriptions(tool))}")
    if any(_alike(one, other) for one in spoken for other in about):
        return True
    return len(_digits(words)) >= DIGITS_OF_A_NUMBER and bool(tool.parameters.get("required"))


def _descriptions(tool: Tool) -> Iterable[str]:
    properties = tool.parameters.get("properties", {})
    for name, schema in properties.items():
        yield f"{name} {schema.get('description', '') if isinstance(schema, Mapping) else ''}"


def _is_free(schema: Mapping[str, Any]) -> bool:
    """Whether a value may be other than what was said."""
    return "enum" in schema or "const" in schema or schema.get("format") in _FREE_FORMATS


def _rests(value: str, said: str) -> bool:
    """Whether digits of a value were said in that order, or else one of its longer words was."""
    digits = _digits(value)
    if digits:
        return digits in _digits(said)
    words = _long_words(value) or set(_words(value))
    return not words or any(_alike(one, other) for one in words for other in _words(said))


def _number(value: str, words: str) -> str:
    tokens = _TOKEN.findall(value.lower())
    if not tokens or not all(token.isdecimal() or token in _NUMBERS for token in tokens):
        return value
    digits, said = _digits(value), _SAID_NUMBER.findall(_in_digits(words))
    if digits not in _digits(words) and len(said) == 1:
        return _digits(said[0])
    as_digits = all(len(token) == 1 for token in tokens) or not all(token.isdecimal() for token in tokens)
    return digits if as_digits else value


def _digits(text: str) -> str:
    """All digits of it, in one."""
    return "".join(character for character in _in_digits(text) if character.isdecimal())


def _in_digits(text: str) -> str:
    """The text with digits also for those that are said as words in English."""
    lower = text.lower()
    for digit, word in enumerate(_NUMBERS):
        lower = re.sub(rf"\b{word}\b", str(digit), lower)
    return lower


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text.replace("_", " "))]


def _long_words(text: str) -> set[str]:
    return {word for word in _words(text) if len(word) >= LONG_WORD}


def _alike(one: str, other: str) -> bool:
    return one == other or (len(one) >= ALIKE and len(other) >= ALIKE and one[:ALIKE] == other[:ALIKE])
