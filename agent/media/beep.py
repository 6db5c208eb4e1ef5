"""Finds the beep after which an answering machine records: one steady tone, and then nothing.

A beep is told from what resembles it by five things. It is **one** tone: of two at once, such as keys and most tones of
an exchange, neither has most of the energy. It is **steady**: a voice wavers in pitch and level. It lasts as long as
beeps do. It **stands alone**: a note of music is followed by the next one, and the three tones before a fixed
announcement of the network come without a gap. And it does **not come again**: exchanges in Europe ring and sound busy
by a single tone of 425 Hz or so, again and again; near there a beep counts only after a second without another.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from agent.media.pcm import samples
from agent.media.schedule import FRAME_SAMPLES, SAMPLE_RATE

LOWEST_HZ: Final = 380.0
HIGHEST_HZ: Final = 2050.0
"""Fax answers at 2100 Hz."""
SHORTEST_MS: Final = 160
LONGEST_MS: Final = 2600
LEAST_DBFS: Final = -42.0
LEAST_PURITY: Final = 0.88
"""Share of the sound's power in the tone."""
FALL_DB: Final = 12.0
"""So much quieter it is after the beep."""
STEADY_HZ: Final = 12.0
STEADY_DB: Final = 6.0
EXCHANGE_HZ: Final = (380.0, 485.0)
"""Where a single tone may be an exchange's."""
EXCHANGE_LONGEST_MS: Final = 700
EXCHANGE_ALONE_MS: Final = 1000
FORGET_MS: Final = 6000
"""An exchange's tone comes again sooner."""
SURE_FRAMES: Final = 3
"""So long no click and hardly a voice is steady."""
SAME_HZ: Final = 60.0
_FRAME_MS: Final = 20
_WINDOW: Final = 2 * FRAME_SAMPLES
_FFT: Final = 1024
_HANN: Final = np.hanning(_WINDOW)
_LOBE: Final = round(2 * _FFT / _WINDOW)  # bins of half the main lobe
_SUSTAIN: Final = 3
"""Frames after the tone that are looked at: it may end in the middle of the first."""


@dataclass(frozen=True, slots=True)
class Beep:
    """One that has ended."""

    frequency_hz: float
    length_ms: int
    ended_ms: int
    """Since the first frame that was fed."""


@dataclass(slots=True)
class _Run:
    """A tone that goes on, or has just ended."""

    frequency_hz: float
    level_dbfs: float
    began_ms: int
    frames: int = 1
    ended_ms: int = 0
    close_before: bool = False
    """Another tone ended just before it began."""
    after: int = 0
    """Frames since its end."""

    @property
    def length_ms(self) -> int:
        return (self.frames + 1) * _FRAME_MS  # the first window that it fills began a frame earlier


class BeepDetector:
    """One call's. Takes about 60 µs per frame."""

    def __init__(self) -> None:
        self._before = np.zeros(FRAME_SAMPLES)
        self._now_ms = 0
        self._run: _Run | None = None
        self._ended: _Run | None = None
        self._pending: Beep | None = None
        self._exchange: deque[tuple[float, int]] = deque(maxlen=8)
        self._last_tone_ms = -FORGET_MS

    @property
    def in_tone(self) -> bool:
        """Whether a steady tone sounds: it is no speech."""
        return self._run is not None and self._run.frames >= SURE_FRAMES

    def feed(self, frame: bytes) -> Beep | None:
        """Take the next 20 ms (320 bytes); the beep that is known to have been one by now."""
        values = samples(frame).astype(np.float64)
        window = np.concatenate([self._before, values])
        self._before = values
        self._now_ms += _FRAME_MS
        level = _dbfs(values)
        tone = _tone(window) if level >= LEAST_DBFS else None
        found = self._after_tone(level, tone is not None)
        self._follow(tone, level)
        return found or self._matured()

    def _follow(self, tone: float | None, level: float) -> None:
        run = self._run
        if run is not None and tone is not None and _goes_on(run, tone, level):
            run.frames += 1
            if run.frames == SURE_FRAMES:
                self._pending = None  # the tone came again
            return
        if run is not None and run.frames >= SURE_FRAMES:
            run.ended_ms = self._now_ms - _FRAME_MS
            self._ended = run if run.length_ms >= SHORTEST_MS else None
            self._last_tone_ms = run.ended_ms
        close = self._now_ms - self._last_tone_ms <= 5 * _FRAME_MS
        self._run = None if tone is None else _Run(tone, level, self._now_ms - _FRAME_MS, close_before=close)

    def _after_tone(self, level: float, sounds: bool) -> Beep | None:
        """Looks at what follows a tone that has ended."""
        run = self._ended
        if run is None:
            return None
        run.after += 1
        if run.after < _SUSTAIN:
            return None
        self._ended = None
        stands_alone = level <= run.level_dbfs - FALL_DB and not sounds and not run.close_before
        if not stands_alone or run.length_ms > LONGEST_MS:
            return None
        beep = Beep(run.frequency_hz, run.length_ms, run.ended_ms)
        if EXCHANGE_HZ[0] <= run.frequency_hz <= EXCHANGE_HZ[1]:
            self._pend(beep)
            return None
        return beep

    def _pend(self, beep: Beep) -> None:
        recent = [
            at for hz, at in self._exchange if abs(hz - beep.frequency_hz) < 60 and beep.ended_ms - at < FORGET_MS
        ]
        self._exchange.append((beep.frequency_hz, beep.ended_ms))
        self._pending = None if recent or beep.length_ms > EXCHANGE_LONGEST_MS else beep

    def _matured(self) -> Beep | None:
        beep = self._pending
        if beep is None or self._now_ms - beep.ended_ms < EXCHANGE_ALONE_MS or self._run is not None:
            return None
        self._pending = None
        return beep


def _goes_on(run: _Run, frequency_hz: float, level: float) -> bool:
    if run.frames == 1:  # the tone may have begun in the middle of its first frame
        run.frequency_hz, run.level_dbfs = frequency_hz, max(level, run.level_dbfs)
    return abs(frequency_hz - run.frequency_hz) <= STEADY_HZ and abs(level - run.level_dbfs) <= STEADY_DB


def _tone(window: npt.NDArray[np.float64]) -> float | None:
    """Frequency of the one tone that makes the sound; None where it is something else."""
    power = np.abs(np.fft.rfft(window * _HANN, _FFT)) ** 2
    peak = int(np.argmax(power))
    frequency = peak * SAMPLE_RATE / _FFT
    if not LOWEST_HZ <= frequency <= HIGHEST_HZ:
        return None
    inside = float(power[peak - _LOBE : peak + _LOBE + 1].sum())
    if inside < LEAST_PURITY * float(power.sum()):
        return None
    left, middle, right = (float(np.log(power[at] + 1e-9)) for at in (peak - 1, peak, peak + 1))
    curve = left - 2 * middle + right
    shift = 0.5 * (left - right) / curve if curve else 0.0
    return (peak + shift) * SAMPLE_RATE / _FFT


def _dbfs(values: npt.NDArray[np.float64]) -> float:
    power = float(np.mean(values**2))
    return 10 * float(np.log10(power / 32768**2)) if power else -100.0
