from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from agent.media.pcm import level_profile_dbfs, rms_dbfs
from agent.testing.call_progress import BUSY, RINGBACK, ProgressTone, progress_tone
from agent.testing.cough import breath, cough, throat_clearing
from agent.testing.knock import door_slam, line_clicks, typing
from agent.testing.line import hum, line_noise
from agent.testing.measure import Pcm
from agent.testing.tone import heard

RATE = 8000
MAKERS = [cough, throat_clearing, breath, door_slam, line_clicks, typing]


@pytest.mark.parametrize("make", MAKERS)
def test_each_seed_is_another_sound_and_always_the_same(make: Callable[[np.random.Generator], Pcm]) -> None:
    one, again, other = (make(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("make", MAKERS)
def test_sounds_are_short_and_audible(make: Callable[[np.random.Generator], Pcm]) -> None:
    for seed in range(20):
        sound = make(np.random.default_rng(seed))
        assert 0.1 <= len(sound) / RATE <= 2.0
        assert level_profile_dbfs(sound.tobytes()).max() > -35
        assert np.mean(np.abs(sound) == 32767) < 0.01  # not clipped


def test_a_cough_begins_suddenly_and_fades() -> None:
    for seed in range(10):
        sound = cough(np.random.default_rng(seed))
        levels = level_profile_dbfs(sound.tobytes())
        assert levels[:3].max() > levels.max() - 8
        assert sound[-1] == 0


def test_line_noise_has_its_level_and_loops() -> None:
    noise = line_noise(2, seed=1)
    assert rms_dbfs(noise.tobytes()) == pytest.approx(-60, abs=0.2)
    assert not np.array_equal(noise, line_noise(2, seed=2))


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_hum_has_the_frequency_of_the_mains(mains_hz: int) -> None:
    sound = hum(1, mains_hz=mains_hz)
    spectrum = np.abs(np.fft.rfft(sound))
    assert int(np.argmax(spectrum)) == mains_hz
    assert rms_dbfs(sound.tobytes()) == pytest.approx(-40, abs=0.2)


@pytest.mark.parametrize("tone", [*RINGBACK, *BUSY])
def test_tones_sound_in_their_cadence(tone: ProgressTone) -> None:
    sound = progress_tone(tone, 10)
    loud = level_profile_dbfs(sound.tobytes()) > -30
    period = sum(tone.cadence_s)
    share = sum(tone.cadence_s[::2]) / period
    whole = int(10 / period) * period
    assert np.mean(loud[: round(whole * 100)]) == pytest.approx(share, abs=0.03)
    assert loud[0]


def test_a_ringback_of_one_frequency_is_that_tone() -> None:
    found = heard(progress_tone(RINGBACK[2], 0.9))
    assert found.frequency_hz == pytest.approx(425, abs=2)
    assert found.purity > 0.95
