"""Names what a call has done for it, so that whoever does it tells a repetition from a second wish. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from agent.domain.tools import Tool

KEPT = 4096
"""Wishes that are remembered, the latest ones of all calls."""


class IdempotencyKeys:
    """The same key for the same wish of a call until it is known to be done, then a new one."""

    def __init__(self) -> None:
        self._settled: OrderedDict[str, int] = OrderedDict()

    def key(self, call_id: str, tool: Tool, arguments: Mapping[str, Any]) -> str:
        """For the header Idempotency-Key: letters, digits, `_` and `-`."""
        wish = self._wish(call_id, tool, arguments)
        return f"{wish}-{self._settled.get(wish, 0) + 1}"

    def settled(self, call_id: str, tool: Tool, arguments: Mapping[str, Any]) -> None:
        """It was answered. A tool that acts once in a call keeps its key."""
        if tool.once:
            return
        wish = self._wish(call_id, tool, arguments)
        self._settled[wish] = self._settled.pop(wish, 0) + 1
        while len(self._settled) > KEPT:
            self._settled.popitem(last=False)

    def _wish(self, call_id: str, tool: Tool, arguments: Mapping[str, Any]) -> str:
        what = [tool.name] if tool.once else [tool.name, dict(arguments)]
        return f"{call_id}-{hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]}"
