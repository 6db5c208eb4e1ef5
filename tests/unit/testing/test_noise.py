"""The ratio of speech to noise that was asked for is the one that is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.testing.measure import active_level_dbfs
from agent.testing.noise import at_level, background, mix, speech_at_level
from tests.unit.testing.sounds import silence, track, voice, white


def power_db(pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> float:
    return float(10 * np.log10(np.mean(pcm.astype(float) ** 2) / 32768**2))


@given(snr_db=st.integers(0, 40), speech_dbfs=st.integers(-35, -18), noise_dbfs=st.integers(-60, -10))
def test_the_ratio_is_what_was_asked_for(snr_db: int, speech_dbfs: int, noise_dbfs: int) -> None:
    """Half of the speech track is pause, which does not count; the noise is what is there in the pause."""
    speech = track(16000, (0, voice(8000, speech_dbfs)))
    mixed = mix(speech, white(4000, noise_dbfs), snr_db=snr_db)
    noise = mixed.astype(np.int32) - speech
    assert power_db(speech[:8000]) - power_db(noise.astype(np.int16)) == pytest.approx(snr_db, abs=0.5)


def test_mixing_without_any_gain_would_be_noticed() -> None:
    speech = track(16000, (0, voice(8000, -20)))
    louder, quieter = (mix(speech, white(4000, -30), snr_db=snr) for snr in (5, 25))
    assert power_db(louder[8000:]) - power_db(quieter[8000:]) == pytest.approx(20, abs=0.5)


def test_levels_are_set() -> None:
    assert power_db(at_level(white(8000, -50), -20)) == pytest.approx(-20, abs=0.1)
    assert power_db(background(white(8000, -50), snr_db=15)) == pytest.approx(-41, abs=0.1)
    half = speech_at_level(track(16000, (4000, voice(8000, -40))), -26)
    assert active_level_dbfs(half) == pytest.approx(-26, abs=0.2)
    assert power_db(half) == pytest.approx(-29, abs=0.2)


def test_silence_can_be_given_no_level() -> None:
    with pytest.raises(ValueError, match="silence"):
        at_level(silence(100), -20)
    with pytest.raises(ValueError, match="no sound"):
        mix(silence(8000), white(100, -30), snr_db=10)


def test_overload_is_clipped_and_does_not_wrap() -> None:
    loud = np.full(8000, 30000, np.int16)
    loud[4000:] = 0
    mixed = mix(loud, np.full(10, 20000, np.int16), snr_db=0)
    assert mixed.max() == 32767
    assert mixed.min() >= 0
