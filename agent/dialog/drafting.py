"""Transcribes a turn before it is over: while it may be over, and piece by piece while it goes on for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from agent.dialog.hearing import Hearing
from agent.dialog.listener import FRAME_BYTES, FRAME_MS, POST_ROLL_MS, Draft, Utterance
from agent.speech.stt import Transcript
from agent.speech.urgency import Escalation, Urgency

SETTLED_FROM_S = 6.0
"""What was understood of so much sound, up to a pause, is kept when the caller goes on: it is not transcribed again.
Less than that needs what follows for its meaning, and costs no more than one window of the recogniser anyway."""
SETTLED_TAIL_MS = 100
"""Of the silence after settled speech; the next piece begins with the rest, so that a soft onset is not cut."""


class Drafting:
    """At most one transcription ahead of its time, for one call."""

    def __init__(self, hearing: Hearing, done: Callable[[Draft, Transcript], None]) -> None:
        """`done` is told what was understood by each draft that was not given up, of the whole turn so far."""
        self._hearing = hearing
        self._done = done
        self._draft: Draft | None = None
        self._task: asyncio.Task[Transcript] | None = None
        self._urgency = Escalation(Urgency.SPECULATION)
        self._settled_bytes = 0
        self._settled_text = ""
        self._running: set[asyncio.Task[Transcript]] = set()

    def begin(self, draft: Draft, *, urgent: bool = False) -> None:
        """Transcribe `draft`; one before it is given up, unless it is settled. `urgent`: a caller waits for it."""
        self.forget()
        self._urgency = Escalation(Urgency.CALLER_WAITS if urgent else Urgency.SPECULATION)
        self._draft, self._task = draft, self._start(draft.pcm)
        self._task.add_done_callback(lambda task: self._tell(draft, task))

    def forget(self) -> None:
        """The caller goes on: what was drafted is void, but for what is long enough to stand by itself."""
        draft, task = self._draft, self._task
        self._draft = self._task = None
        if draft is None or task is None:
            return
        understood = task.done() and not task.cancelled() and task.exception() is None
        if not understood:
            task.cancel()
        elif not draft.goes_on:
            size = len(draft.pcm) - (POST_ROLL_MS - SETTLED_TAIL_MS) // FRAME_MS * FRAME_BYTES
            if (size - self._settled_bytes) / (FRAME_BYTES * 1000 / FRAME_MS) >= SETTLED_FROM_S:
                self._settled_bytes, self._settled_text = size, task.result().text

    def claim(self, utterance: Utterance) -> asyncio.Task[Transcript]:
        """The transcription of `utterance`: drafted as it came to be, done or under way, or else begun now."""
        draft, task = self._draft, self._task
        if draft is None or task is None or draft.goes_on or draft.ended_s != utterance.ended_s:
            self.forget()
            self._urgency = Escalation(Urgency.CALLER_WAITS)
            task = self._start(utterance.pcm)
        self._urgency.raise_to(Urgency.CALLER_WAITS)
        self.reset()
        return task

    def reset(self) -> None:
        """The turn is closed: nothing of it belongs to the next one."""
        self._draft = self._task = None
        self._settled_bytes, self._settled_text = 0, ""

    async def close(self) -> None:
        """End whatever still runs, claimed or not."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _start(self, pcm: bytes) -> asyncio.Task[Transcript]:
        work = self._transcribe(pcm[self._settled_bytes :], self._settled_text, self._urgency)
        task = asyncio.create_task(work, name="draft")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _transcribe(self, pcm: bytes, settled: str, urgency: Escalation) -> Transcript:
        rest = await self._hearing.transcribe(pcm, urgency=urgency)
        return replace(rest, text=" ".join(filter(None, (settled, rest.text.strip()))))

    def _tell(self, draft: Draft, task: asyncio.Task[Transcript]) -> None:
        if task is self._task and not task.cancelled() and task.exception() is None:
            self._done(draft, task.result())

    def _ended(self, task: asyncio.Task[Transcript]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it where nobody claimed the draft
