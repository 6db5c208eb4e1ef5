"""That the model wants a tool: as the server tells it, or as the model wrote it into its answer."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

LONGEST_ARGUMENTS = 4000
"""Characters; an answer has far fewer tokens."""
_MARKS = "{<`"
"""Where such text begins: JSON, a tag as `<tool_call>`, a code fence. No spoken sentence holds one of them."""


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Not checked yet: the model may ask for anything."""

    name: str
    arguments: str
    """JSON, as the model wrote it."""

    def parsed(self) -> dict[str, Any]:
        """The arguments. Raises ValueError with one sentence for what is no JSON object or too long."""
        if len(self.arguments) > LONGEST_ARGUMENTS:
            raise ValueError(f"the arguments have more than {LONGEST_ARGUMENTS} characters")
        try:
            found = json.loads(self.arguments or "{}", parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise ValueError("the arguments are no JSON") from None
        if not isinstance(found, dict):
            raise ValueError("the arguments are no JSON object")  # noqa: TRY004  # of the model's, not of a caller's
        return found


class WrittenRequests:
    """Keeps requests that a model writes as text from being spoken: small ones leave out the marks for it."""

    def __init__(self, names: Collection[str]) -> None:
        """`names` of the tools that there are."""
        self._names = names
        self._held = ""

    def feed(self, piece: str) -> str:
        """What of the answer is surely words: all before the first mark of something else."""
        if self._held:
            self._held += piece
            return ""
        at = min((found for mark in _MARKS if (found := piece.find(mark)) >= 0), default=len(piece))
        self._held = piece[at:]
        return piece[:at]

    def end(self) -> tuple[str, list[ToolRequest]]:
        """The answer is complete: words that were held back for nothing, or else requests."""
        held, self._held = self._held, ""
        requests = [request for found in _objects(held) if (request := self._request(found)) is not None]
        if requests:
            return "", requests
        name = next((name for name in self._names if f'"{name}"' in held), None)
        if name is not None:  # begun, and broken off or garbled
            return "", [ToolRequest(name, held)]
        return held, []

    def _request(self, found: dict[str, Any]) -> ToolRequest | None:
        inner = found.get("function")
        if isinstance(inner, dict):
            found = inner
        name, arguments = found.get("name"), found.get("arguments", found.get("parameters", {}))
        if not isinstance(name, str) or (name not in self._names and "arguments" not in found):
            return None
        return ToolRequest(name, arguments if isinstance(arguments, str) else json.dumps(arguments))


def _objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, outermost ones."""
    decoder, found, at = json.JSONDecoder(), [], text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")
