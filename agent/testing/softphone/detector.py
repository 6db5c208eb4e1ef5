"""Hears live whether the other side speaks. Pure: received sound with its positions in, runs of voice out.

Exact figures come from `agent.testing.measure` after the call; this one only has to follow the conversation.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from agent.media.pcm import FLOOR_DBFS, level_profile_dbfs
from agent.testing.softphone.rtp import Pcm

STEP = 80  # samples, 10 ms: the window of `level_profile_dbfs`
CONFIRM_STEPS = 3  # 30 ms: shorter is a click
JOIN = 800  # samples, 100 ms: a shorter gap is part of a word
ABOVE_FLOOR_DB = 12.0
LOWEST_DBFS = -50.0  # a quieter voice would hardly be heard in a telephone
HIGHEST_DBFS = -35.0  # however loud the noise, this is voice
FLOOR_STEPS = 300  # 3 s: every sentence has its small pauses in so long a time
FLOOR_PERCENTILE = 10
RUNS_KEPT = 256  # some minutes of talk


class LiveDetector:
    """Energy against a noise floor that adapts."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=FLOOR_STEPS)
        self._floor = FLOOR_DBFS
        self._pending: list[int] = []
        self._runs: deque[list[int]] = deque(maxlen=RUNS_KEPT)

    @property
    def threshold_dbfs(self) -> float:
        """What counts as voice now."""
        return min(max(self._floor + ABOVE_FLOOR_DB, LOWEST_DBFS), HIGHEST_DBFS)

    @property
    def last_voice(self) -> int | None:
        """Position where the latest voice ended; None: nothing was heard yet."""
        return self._runs[-1][1] if self._runs else None

    def feed(self, position: int, pcm: Pcm) -> None:
        """Received sound, in order."""
        for index, level in enumerate(level_profile_dbfs(pcm.tobytes()).tolist()):
            voiced = level >= self.threshold_dbfs
            self._levels.append(level)
            self._step(position + index * STEP, position + (index + 1) * STEP, voiced=voiced)
        self._floor = float(np.percentile(self._levels, FLOOR_PERCENTILE)) if self._levels else FLOOR_DBFS

    def first_voice_after(self, position: int) -> int | None:
        """The first position at or after `position` where there was voice; None: none yet."""
        for start, end in self._runs:
            if end > position:
                return max(start, position)
        return None

    def quiet_since(self, position: int) -> int:
        """Since when it has been quiet, counted at the earliest from `position`."""
        return max(position, self.last_voice or 0)

    def _step(self, start: int, end: int, *, voiced: bool) -> None:
        if not voiced:
            self._pending.clear()
            return
        if self._runs and start - self._runs[-1][1] < JOIN:
            self._runs[-1][1] = max(end, self._runs[-1][1])
            self._pending.clear()
            return
        self._pending.append(start)
        if len(self._pending) >= CONFIRM_STEPS:
            self._runs.append([self._pending[0], end])
            self._pending.clear()
