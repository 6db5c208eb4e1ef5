"""Background noise under a caller's voice, at a known ratio of speech to noise. Pure."""

from __future__ import annotations

import numpy as np

from agent.testing.measure import Pcm, active_level_dbfs

SPEECH_DBFS = -26.0
"""Active level of the test voice: what ITU-T P.830 recommends for telephone speech, so that peaks do not clip."""


def at_level(pcm: Pcm, dbfs: float) -> Pcm:
    """The sound with its RMS at `dbfs`; peaks beyond full scale are clipped. Raises ValueError for silence."""
    power = float(np.mean(np.square(pcm, dtype=np.float64))) if len(pcm) else 0.0
    if not power:
        raise ValueError("silence has no level that could be changed")
    return _scaled(pcm, dbfs - 10 * float(np.log10(power / 32768**2)))


def speech_at_level(pcm: Pcm, dbfs: float = SPEECH_DBFS) -> Pcm:
    """Speech with its active level at `dbfs`: pauses do not count. Raises ValueError where there is no speech."""
    return _scaled(pcm, dbfs - active_level_dbfs(pcm))


def background(noise: Pcm, *, snr_db: float, speech_dbfs: float = SPEECH_DBFS) -> Pcm:
    """The noise at `snr_db` below speech whose active level is `speech_dbfs`. Raises ValueError for silence."""
    return at_level(noise, speech_dbfs - snr_db)


def mix(speech: Pcm, noise: Pcm, *, snr_db: float) -> Pcm:
    """Speech over the noise, which is repeated as often as it takes. Raises ValueError where either is silent."""
    under = background(noise, snr_db=snr_db, speech_dbfs=active_level_dbfs(speech))
    total = speech.astype(np.int32) + np.resize(under, len(speech))
    return np.clip(total, -32768, 32767).astype(np.int16)


def _scaled(pcm: Pcm, gain_db: float) -> Pcm:
    scaled = np.round(pcm.astype(np.float64) * 10 ** (gain_db / 20))
    return np.clip(scaled, -32768, 32767).astype(np.int16)
