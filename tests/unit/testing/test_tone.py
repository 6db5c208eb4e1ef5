from __future__ import annotations

import numpy as np
import pytest

from agent.testing.tone import heard, tone


@pytest.mark.parametrize("frequency", [300.0, 440.0, 1004.0, 3000.5])
def test_a_tone_is_found_where_it_is_and_as_loud_as_it_is(frequency: float) -> None:
    found = heard(tone(frequency, 0.5, amplitude=0.25))
    assert found.frequency_hz == pytest.approx(frequency, abs=0.5)
    assert found.level_dbfs == pytest.approx(20 * np.log10(0.25 / np.sqrt(2)), abs=0.05)
    assert found.purity > 0.999


def test_noise_is_no_pure_tone() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 4000).astype(np.int16)
    assert heard(noise).purity < 0.2


def test_a_tone_in_noise_keeps_its_place() -> None:
    noise = np.random.default_rng(2).normal(0, 300, 4000).astype(np.int16)
    found = heard((tone(700, 0.5) + noise).astype(np.int16))
    assert found.frequency_hz == pytest.approx(700, abs=2)
    assert 0.9 < found.purity < 1


def test_digital_silence_has_no_tone() -> None:
    found = heard(np.zeros(800, np.int16))
    assert (found.frequency_hz, found.level_dbfs, found.purity) == (0.0, -np.inf, 0.0)


def test_too_little_sound_tells_nothing() -> None:
    with pytest.raises(ValueError, match="too short"):
        heard(tone(440, 0.05))
