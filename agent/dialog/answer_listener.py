"""Listens for who answers: sound in, decisions and what is to be understood out. Without a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.dialog.answer_detector import AnswerDetector
from agent.domain.answered_by import Answer
from agent.media.beep import BeepDetector

FRAME_MS = 20
WINDOW_MS = 32
SPEECH = 0.5
PRE_ROLL_MS = 300
LONGEST_MS = 20_000
"""Of the sound that is understood at once; a greeting that has told nothing by then is listened to from there on."""
BYTES_PER_MS = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What was said so far, to be understood."""

    pcm: bytes
    """8 kHz signed 16-bit little-endian mono."""
    until_ms: int


class AnswerListener:
    """The beginning of one call, frame by frame."""

    def __init__(self, detector: AnswerDetector | None = None) -> None:
        self.detector = detector or AnswerDetector()
        self._beeps = BeepDetector()
        self._sound = bytearray()
        self._sound_began_ms = 0
        self.now_ms = 0
        """Sound taken so far, in milliseconds."""
        self.beep_ms: int | None = None
        """When the last beep ended, since the answer."""

    @property
    def since_beep_ms(self) -> int | None:
        """Since the last one; None: there was none."""
        return None if self.beep_ms is None else self.now_ms - self.beep_ms

    def take(self, frame: bytes, probabilities: Sequence[float]) -> Answer | None:
        """The next 20 ms, and the probabilities of speech of the windows of 32 ms that it completes."""
        self.now_ms += FRAME_MS
        self._keep(frame)
        beep = self._beeps.feed(frame)
        answer = None
        for probability in probabilities:
            speech = probability >= SPEECH and not self._beeps.in_tone
            answer = self.detector.hear(speech, WINDOW_MS) or answer
        if beep is not None:
            self.beep_ms = beep.ended_ms
            answer = self.detector.beep(beep.ended_ms) or answer
        return answer

    def look(self) -> Look | None:
        """What is worth understanding now; None: nothing. Each piece is given once."""
        if not self.detector.wants_look():
            return None
        began = self.detector.began_ms or 0
        skip = max(0, began - PRE_ROLL_MS - self._sound_began_ms) * BYTES_PER_MS
        return Look(bytes(self._sound[skip - skip % 2 :]), self.detector.looks())

    def understood(self, text: str, look: Look) -> Answer | None:
        """These are the words in it."""
        return self.detector.understood(text, look.until_ms)

    def _keep(self, frame: bytes) -> None:
        self._sound += frame
        longest = LONGEST_MS if self.detector.began_ms is not None else PRE_ROLL_MS + 200
        if (surplus := len(self._sound) - longest * BYTES_PER_MS) > 0:
            del self._sound[:surplus]
            self._sound_began_ms += surplus // BYTES_PER_MS
