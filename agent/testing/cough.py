"""Sounds of a throat that are no words: coughs, a throat being cleared, breath. Synthetic, each one different. Pure.

No recording with a free licence comes with a package, so they are built from noise and pulses through the resonances of
an open mouth. A cough has the three phases of Korpáš, Sadloňová and Vrabec, "Analysis of the cough sound: an overview"
(Pulmonary Pharmacology 9, 1996): a burst of 30 to 50 ms, a rush of air of 100 to 250 ms, mostly a voiced end. They
stand for coughs in loudness, length and spectrum; a voice detector that was trained on real ones may judge them
otherwise. Silero takes half of these coughs for up to 160 ms of speech, and none of the other sounds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.testing.noise import at_level
from agent.testing.softphone.rtp import RATE, Pcm

Wave = npt.NDArray[np.float64]

OPEN_MOUTH_HZ = ((700.0, 130.0), (1300.0, 180.0), (2600.0, 300.0))
"""Centre and bandwidth of the first three resonances of an open mouth, near those of the vowel in "hut"."""
SPREAD = 0.15
"""Mouths differ by so much of a resonance's frequency."""
VOICED_SHARE = 0.7
"""So many coughs end with the voice."""


def cough(chance: np.random.Generator, *, dbfs: float = -22.0) -> Pcm:
    """One to three coughs within a second and a half; `dbfs` is the RMS level of the whole."""
    mouth = _mouth(chance)
    parts = []
    for _ in range(int(chance.integers(1, 4))):
        burst = _noise(chance, chance.uniform(0.03, 0.05)) * 2.0
        rush = _noise(chance, chance.uniform(0.10, 0.25)) * 0.6
        voiced_s = chance.uniform(0.05, 0.12) if chance.random() < VOICED_SHARE else 0
        end = _pulses(chance, voiced_s, chance.uniform(110, 260))
        parts += [_joined([burst, rush, end], mouth), _rest(chance.uniform(0.05, 0.15))]
    return _finished(np.concatenate(parts[:-1]), dbfs)


def throat_clearing(chance: np.random.Generator, *, dbfs: float = -28.0) -> Pcm:
    """A creaking voice in one or two pushes, 0.25 to 0.8 s."""
    mouth = _mouth(chance)
    parts = []
    for _ in range(int(chance.integers(1, 3))):
        seconds = chance.uniform(0.25, 0.4)
        creak = _pulses(chance, seconds, chance.uniform(60, 95), jitter=0.15)
        push = (creak + 0.5 * _noise(chance, seconds)) * np.linspace(1, 0.5, len(creak))
        parts += [_joined([push], mouth), _rest(chance.uniform(0.03, 0.08))]
    return _finished(np.concatenate(parts[:-1]), dbfs)


def breath(chance: np.random.Generator, *, dbfs: float = -34.0) -> Pcm:
    """Breathing out into the telephone, 0.4 to 0.9 s: it swells and fades."""
    air = _noise(chance, chance.uniform(0.4, 0.9))
    return _finished(_through(air * np.hanning(len(air)), _mouth(chance)), dbfs)


def _mouth(chance: np.random.Generator) -> list[tuple[float, float]]:
    scale = 1 + chance.uniform(-SPREAD, SPREAD)
    return [(centre * scale * (1 + chance.uniform(-SPREAD / 3, SPREAD / 3)), width) for centre, width in OPEN_MOUTH_HZ]


def _noise(chance: np.random.Generator, seconds: float) -> Wave:
    return chance.standard_normal(round(seconds * RATE))


def _rest(seconds: float) -> Wave:
    return np.zeros(round(seconds * RATE))


def _pulses(chance: np.random.Generator, seconds: float, pitch_hz: float, *, jitter: float = 0.04) -> Wave:
    """The glottis: a pulse a period, its length moved by up to `jitter`; as loud as noise of unit power."""
    wave = np.zeros(round(seconds * RATE))
    at = 0.0
    while at < len(wave):
        wave[int(at)] = 1.0
        at += RATE / pitch_hz * (1 + chance.uniform(-jitter, jitter))
    return wave * float(np.sqrt(RATE / pitch_hz))


def _joined(phases: list[Wave], mouth: list[tuple[float, float]]) -> Wave:
    sound = _through(np.concatenate(phases), mouth)
    edge = min(len(sound), RATE // 50)
    sound[-edge:] *= np.linspace(1, 0, edge)
    return sound


def _through(wave: Wave, mouth: list[tuple[float, float]]) -> Wave:
    """The wave through parallel resonances, in the frequency domain (each the response of a damped oscillator)."""
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    gain = sum(1 / np.sqrt(1 + ((frequency - centre) / (width / 2)) ** 2) for centre, width in mouth)
    return np.fft.irfft(np.fft.rfft(wave) * gain, len(wave))


def _finished(wave: Wave, dbfs: float) -> Pcm:
    peak = float(np.abs(wave).max()) or 1.0
    return at_level(np.round(wave / peak * 30000).astype(np.int16), dbfs)
