"""Speech to text: the interface, and the client for any server of the Wyoming protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood."""

    text: str
    """Empty where no words were heard."""
    seconds: float
    """Time the transcription took, as the caller of `transcribe` saw it."""


class SpeechToText(Protocol):
    """Turns one utterance into text."""

    async def transcribe(self, pcm: bytes, *, language: str) -> Transcript:
        """Transcribe 8 kHz signed 16-bit little-endian mono; `language` is ISO 639-1.

        Raises SpeechToTextError (`stt_error`, `stt_timeout`). Cancelling ends the work.
        """
        ...
