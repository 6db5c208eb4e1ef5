"""Transcribes a turn that may be over, while it is not yet sure that it is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from agent.dialog.listener import Draft, Utterance
from agent.speech.stt import SpeechToText, Transcript


class Drafting:
    """At most one transcription ahead of its time, for one call."""

    def __init__(self, ears: SpeechToText, language: str) -> None:
        self._ears = ears
        self._language = language
        self._draft: Draft | None = None
        self._task: asyncio.Task[Transcript] | None = None
        self._running: set[asyncio.Task[Transcript]] = set()

    def begin(self, draft: Draft) -> None:
        """Transcribe `draft`; one before it is given up."""
        self.forget()
        work: Coroutine[Any, Any, Transcript] = self._ears.transcribe(draft.pcm, language=self._language)
        self._draft, self._task = draft, asyncio.create_task(work, name="draft")
        self._running.add(self._task)
        self._task.add_done_callback(self._ended)

    def forget(self) -> None:
        """The caller goes on: what was drafted is void."""
        if self._task is not None:
            self._task.cancel()
        self._draft = self._task = None

    def claim(self, utterance: Utterance) -> asyncio.Task[Transcript] | None:
        """The transcription of `utterance`, done or under way, if it was drafted as it came to be."""
        draft, task = self._draft, self._task
        if draft is None or draft.ended_s != utterance.ended_s:
            self.forget()
            return None
        self._draft = self._task = None
        return task

    async def close(self) -> None:
        """End whatever still runs, claimed or not."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Transcript]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it where nobody claimed the draft
