"""Finds out who answered, in parallel with listening: it never holds up the sound; broken ears cost words only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from agent.dialog.answer_listener import AnswerListener, Look
from agent.dialog.hearing import Hearing
from agent.domain.answered_by import Answer
from agent.errors import SpeechToTextError
from agent.speech.urgency import Urgency

log = structlog.get_logger()

AFTER_BEEP_MS = 300
"""Recorders begin a moment after their beep."""


class AnswerWatch:
    """Belongs to one call that we made, from the answer on."""

    def __init__(self, hearing: Hearing, decided: Callable[[Answer], None], waits: Callable[[], None]) -> None:
        """`decided` is told at once of each decision, the first and corrected ones.

        `waits` is told once, after that, when a person has come to an end of what they said first.
        """
        self.listener = AnswerListener()
        self._hearing = hearing
        self._decided = decided
        self._waits = waits
        self._told_waits = False
        self._task: asyncio.Task[None] | None = None
        self._sounded = asyncio.Event()

    def take(self, frame: bytes, probabilities: Sequence[float]) -> None:
        """See AnswerListener."""
        self._tell(self.listener.take(frame, probabilities))
        if self._task is None and (look := self.listener.look()) is not None:
            self._task = asyncio.create_task(self._understand(look), name="answer-watch")
        self._sounded.set()

    async def may_record(self, *, without_beep_ms: int, longest_ms: int) -> bool:
        """Return True once a machine records: after its beep, or silent for so long; False: it goes on for too long."""
        listener, began_ms = self.listener, self.listener.now_ms
        while listener.now_ms - began_ms < longest_ms:
            since_beep_ms = listener.since_beep_ms
            if since_beep_ms is not None and since_beep_ms >= AFTER_BEEP_MS:
                return True
            if listener.detector.quiet_ms >= without_beep_ms:
                return True
            self._sounded.clear()
            await self._sounded.wait()
        return False

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _understand(self, look: Look) -> None:
        try:
            found = await self._hearing.transcribe(look.pcm, urgency=Urgency.SPECULATION)
        except SpeechToTextError as error:
            log.info("conversation.answer_not_understood", code=error.code)
            return
        finally:
            self._task = None
        self._tell(self.listener.understood(found.text, look))

    def _tell(self, answer: Answer | None) -> None:
        if answer is not None:
            log.info("conversation.answered_by", by=answer.by, rule=answer.rule, decided_ms=answer.decided_ms)
            self._decided(answer)
        if self.listener.detector.waits_for_us and not self._told_waits:
            self._told_waits = True
            self._waits()
