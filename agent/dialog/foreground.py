"""Tells the caller's voice from voices behind it, by level: for some seconds after somebody spoke, only they count.

Silero finds speech whatever its level. A television 20 dB below the caller would silence the agent, and would keep the
caller's turn open for ever. So this stands between the detector and turn-taking: speech that stays `MARGIN_DB` below
the voice that spoke last is no speech until `HOLD_S` after that voice. Nothing is held against who speaks into silence:
`QUIET_S` in which nothing is heard, and the next voice counts however low it is.

Silero itself must be told the same: what it has heard makes it deaf to a voice 40 dB below, and to some short words at
any level. So after `QUIET_S` without a sound its memory is emptied. In noise it is kept: it is what knows babble.

Measured on recorded people alone (Asterisk's prompts, LibriVox readers), in windows of 32 ms: see decision 100.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from agent.dialog.listener import VoiceDetection
from agent.media.pcm import FLOOR_DBFS, rms_dbfs

MARGIN_DB = 15.0
"""The loud syllables of one voice in one call differ by less; a voice across the room is further below."""
SYLLABLES = 12
"""Windows, 384 ms: a voice counts as loud as its loudest window in so long, so that its soft sounds belong to it."""
HOLD_S = 15.0
"""Longer than nearly all answers with the wait for them, so that a voice behind the caller does not stop them."""
QUIET_S = 1.5
"""Voices behind a caller that go on (a television, a room full of people) seldom pause for so long."""
QUIET_DB = 30.0
"""Nothing is heard: so far below the voice that spoke last. Detection alone would miss half of a far voice."""
RISE = 0.25
"""Share of the difference by which a louder window lifts the voice's level: about 100 ms until it is known."""
FALL = 0.01
"""The same for a lower one: about 3 s of speech, so that a cough or a laugh is forgotten."""
WINDOW_S = 0.032
SPEECH = 0.5
"""Probability from which on a window is speech."""
MUTED = 0.0


class Detector(VoiceDetection, Protocol):
    """One whose memory can be emptied."""

    def forget(self) -> None:
        """Judge what comes next as if nothing had been heard before."""
        ...


class Foreground:
    """A Detector that hears the nearest voice alone. One for each call."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._level_dbfs = FLOOR_DBFS
        self._since_voice_s = HOLD_S
        self._quiet_s = 0.0
        self._recent: deque[float] = deque(maxlen=SYLLABLES)
        self._sound: deque[bytes] = deque(maxlen=2)

    def feed(self, frame: bytes) -> list[float]:
        """As of the detector; 0 for a voice behind the caller's."""
        self._sound.append(frame)
        found = self._detector.feed(frame)
        return [self._judged(probability, rms_dbfs(b"".join(self._sound))) for probability in found]

    def _judged(self, probability: float, window_dbfs: float) -> float:
        self._since_voice_s += WINDOW_S
        self._recent.append(window_dbfs)
        voice_dbfs = max(self._recent)
        self._quiet_s = self._quiet_s + WINDOW_S if voice_dbfs < self._level_dbfs - QUIET_DB else 0.0
        if self._quiet_s >= QUIET_S:
            self._since_voice_s, self._quiet_s = HOLD_S, 0.0
            self._detector.forget()
        if probability < SPEECH:
            return probability
        held = self._since_voice_s < HOLD_S
        if held and voice_dbfs < self._level_dbfs - MARGIN_DB:
            return MUTED
        if not held:
            self._level_dbfs = voice_dbfs
        else:
            share = RISE if voice_dbfs > self._level_dbfs else FALL
            self._level_dbfs += share * (voice_dbfs - self._level_dbfs)
        self._since_voice_s = 0.0
        return probability
