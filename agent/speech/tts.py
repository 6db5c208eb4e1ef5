"""Text to speech: the interface, and the client for any server of the Wyoming protocol."""

from __future__ import annotations

from typing import Protocol


class TextToSpeech(Protocol):
    """Turns one sentence or clause into sound."""

    async def synthesize(self, text: str, *, voice: str) -> bytes:
        """The whole sentence as 8 kHz signed 16-bit little-endian mono; empty `voice`: the server's own.

        Raises TextToSpeechError (`tts_error`, `tts_timeout`). Cancelling ends the work.
        """
        ...
