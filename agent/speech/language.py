"""The language of one call: fixed by its agent, or detected once and then kept."""

from __future__ import annotations

from agent.speech.stt import DETECT, Transcript

REAL_UTTERANCE_MS = 1000
"""So much speech is needed to trust what was detected: a single "okay" is the same in many languages."""


class CallLanguage:
    """What to ask the ears for. Fed with what they understood."""

    def __init__(self, configured: str) -> None:
        """`configured`: ISO 639-1, or DETECT."""
        self._language = configured

    @property
    def language(self) -> str:
        """For `SpeechToText.transcribe`: DETECT until it is known."""
        return self._language

    def understood(self, transcript: Transcript, speech_ms: int) -> None:
        """Take the words of a turn that is over, not of speculation; the first real ones decide."""
        is_real = bool(transcript.text and transcript.language) and speech_ms >= REAL_UTTERANCE_MS
        if self._language == DETECT and is_real:
            self._language = transcript.language
