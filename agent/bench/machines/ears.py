"""Ears whose time can be given, for machines that are busy with other things while it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.speech.stt import SpeechToText, Transcript
from agent.speech.urgency import Escalation, Urgency


class TimedEars:
    """Real ears; `ears_ms` takes the place of the time that they needed, None leaves it."""

    def __init__(self, ears: SpeechToText, ears_ms: float | None) -> None:
        self._ears = ears
        self._ears_ms = ears_ms

    async def transcribe(
        self,
        pcm: bytes,
        *,
        language: str,
        terms: Sequence[str] = (),
        urgency: Urgency | Escalation = Urgency.CALLER_WAITS,
    ) -> Transcript:
        """See SpeechToText."""
        found = await self._ears.transcribe(pcm, language=language, terms=terms, urgency=urgency)
        return found if self._ears_ms is None else replace(found, seconds=self._ears_ms / 1000)
