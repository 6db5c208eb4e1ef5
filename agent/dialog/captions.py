"""Tells those who follow a call what is being said, while it is being said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from agent.dialog.caller_turn import CallerTurn
from agent.domain.partial_transcript import PartialSink, PartialTranscript
from agent.domain.turns import Speaker

LOOK_EVERY_S = 0.25
"""Between looks at how much of the agent's words was played: about a word, and as fast as people read along."""


class Captions:
    """Those of one call. Nothing is worked out while nobody follows."""

    def __init__(self, call_id: str, sink: PartialSink) -> None:
        self._call_id = call_id
        self._sink = sink
        self._last = ""
        self._timer: asyncio.TimerHandle | None = None

    def caller(self, turn: CallerTurn | None, text: str) -> None:
        """The caller goes on, or ends: `text` is what was just understood, behind what there is of the turn."""
        before = turn.text if turn is not None and not turn.answered else ""
        if text:
            self._tell(Speaker.CALLER, f"{before} {text}".strip())

    def agent_begins(self, heard: Callable[[], str]) -> None:
        """The agent's turn is being played; `heard` gives its words up to now."""
        self.agent_ends()
        self._last = ""
        self._look(heard)

    def agent_ends(self) -> None:
        """Its turn is over, or was cut: the transcript has it now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, heard: Callable[[], str]) -> None:
        if self._sink.wanted and (text := heard()) != self._last:
            self._last = text
            self._tell(Speaker.AGENT, text)
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look, heard)

    def _tell(self, speaker: Speaker, text: str) -> None:
        if self._sink.wanted:
            self._sink.partial(PartialTranscript(self._call_id, datetime.now(UTC), speaker, text))
