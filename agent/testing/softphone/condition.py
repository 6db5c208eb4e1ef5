"""What is wrong with the line of a telephone: with the sound that it sends, and with the network behind it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.testing.softphone.rtp import Pcm


@dataclass(frozen=True, slots=True)
class LineCondition:
    """Faults of all that a telephone sends; none by default."""

    loss_percent: float = 0.0
    """So many of a hundred packets never arrive, each by its own chance."""
    jitter_ms: int = 0
    """Each packet is late by its own chance, 0 to so many ms; one that is less late overtakes those before it."""
    gain_db: float = 0.0
    """The telephone is so much louder (or quieter) than usual; what exceeds full scale is cut."""
    clip_dbfs: float | None = None
    """Peaks above this level are cut off before `gain_db`, as by an overdriven microphone; None: full scale."""
    seed: int = 1
    """Of the two chances."""

    def __post_init__(self) -> None:
        """Raises ValueError for a share or a time that cannot be."""
        if not 0 <= self.loss_percent <= 100 or self.jitter_ms < 0:
            raise ValueError(f"no line loses {self.loss_percent} % or delays by up to {self.jitter_ms} ms")

    def sound(self, pcm: Pcm) -> Pcm:
        """What the telephone makes of sound before it is sent."""
        if self.clip_dbfs is None and not self.gain_db:
            return pcm
        ceiling = 32768 * 10 ** ((self.clip_dbfs or 0.0) / 20)
        louder = np.clip(pcm.astype(np.float64), -ceiling, ceiling) * 10 ** (self.gain_db / 20)
        return np.clip(np.round(louder), -32768, 32767).astype(np.int16)


PERFECT = LineCondition()
