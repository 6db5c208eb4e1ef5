"""Keeps who calls and what is said out of the log."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from structlog.typing import ExcInfo

from agent.errors import PhoneAgentError

NUMBER_FIELDS = frozenset({"caller", "callee", "from", "to", "number", "dialled", "digits", "digit", "keys", "phone"})
"""Fields that hold a telephone number, or keys that somebody pressed, however short."""
KEPT_DIGITS = 2
FRAMES = 12
"""Of a stack, the innermost."""
_UNTOUCHED = frozenset({"timestamp", "level"})
_NUMBER = re.compile(r"(?<![\w.-])\+?\d{7,}(?!\w|\.\d)")
"""A run of seven digits and more, as networks and Asterisk write telephone numbers. What is part of a longer word (an
id), or follows a dash or a dot (a UUID, a channel's counter, a fraction), is none."""


def masked(number: str) -> str:
    """All but its last two digits hidden; a short one wholly."""
    kept = number[-KEPT_DIGITS:] if len(number) > 3 * KEPT_DIGITS else ""
    return f"***{kept}" if number else ""


def mask_numbers(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: hides telephone numbers in every field, and in what fields hold."""
    for name, value in fields.items():
        if name not in _UNTOUCHED and not name.startswith("_"):
            fields[name] = _without_numbers(value, name)
    return fields


def _without_numbers(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        if name in NUMBER_FIELDS:
            return masked(value)
        return _NUMBER.sub(lambda found: masked(found.group()), value)
    if isinstance(value, Mapping):
        return {key: _without_numbers(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_numbers(item, name) for item in value]
    return value


class Stacks:
    """Tells what went wrong and where, without variables, which hold words and numbers of callers.

    The text of an exception is told where we wrote it ourselves or the system did; others, such as those of pydantic
    and SQLAlchemy, quote what they were given: theirs is told only where `all_text` is wanted, as it is for DEBUG.
    """

    def __init__(self, *, all_text: bool) -> None:
        self._all_text = all_text

    def __call__(self, exc_info: ExcInfo) -> list[dict[str, Any]]:
        """For structlog's ExceptionRenderer: the exception, then what caused it."""
        return [self._told(error) for error in _chain(exc_info[1])]

    def as_text(self, exc_info: ExcInfo) -> str:
        """For people."""
        parts = []
        for told in self(exc_info):
            says = f": {told['text']}" if "text" in told else ""
            parts.append("\n".join([f"{told['type']}{says}", *(f"  {where}" for where in told["where"])]))
        return "\ncaused by ".join(parts)

    def _told(self, error: BaseException) -> dict[str, Any]:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        told: dict[str, Any] = {
            "type": type(error).__name__,
            "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if self._all_text or isinstance(error, PhoneAgentError | OSError):
            told["text"] = str(error)
        if isinstance(error, BaseExceptionGroup):
            told["exceptions"] = [self._told(each) for each in error.exceptions]
        return told


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
