"""The sounds that a telephone brings and nobody wants: what they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from agent.testing.babble import babble, talk
from agent.testing.fax import fax_answering, fax_calling
from agent.testing.softphone.rtp import RATE, Pcm
from agent.testing.tone import heard
from tests.unit.testing.sounds import silence, voice


def test_a_calling_fax_sends_half_a_second_of_1100_hz_every_three_and_a_half() -> None:
    pcm = fax_calling(7)
    assert len(pcm) == 7 * RATE
    for start_s in (0.0, 3.5):
        on = pcm[round(start_s * RATE) :][: RATE // 2]
        assert heard(on).frequency_hz == pytest.approx(1100, abs=2)
        assert not pcm[round((start_s + 0.5) * RATE) : round((start_s + 3.5) * RATE)].any()


def test_an_answering_fax_sends_its_tone_once_and_then_modem_signals() -> None:
    pcm = fax_answering(12, seed=1)
    assert len(pcm) == 12 * RATE
    assert heard(pcm[: 3 * RATE]).frequency_hz == pytest.approx(2100, abs=2)
    signal = pcm[round(3.1 * RATE) : round(4.9 * RATE)].astype(float)
    spectrum = np.abs(np.fft.rfft(signal)) ** 2
    frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
    inside = (frequency > 1450) & (frequency < 2050)
    assert spectrum[inside].sum() > 0.95 * spectrum.sum()
    again = pcm[round(8.1 * RATE) : round(8.9 * RATE)]
    assert np.abs(again).max() > 1000


def _clips() -> list[Pcm]:
    return [np.concatenate([silence(2000), voice(samples), silence(1000)]) for samples in (9000, 14_000, 20_000)]


def test_talk_goes_on_for_as_long_as_is_wanted_and_differs_by_its_seed() -> None:
    pcm = talk(_clips(), 9, seed=1)
    assert len(pcm) == 9 * RATE
    assert (pcm == talk(_clips(), 9, seed=1)).all()
    assert (pcm != talk(_clips(), 9, seed=2)).any()


def test_babble_has_no_pauses_although_its_voices_have() -> None:
    pcm = babble(_clips(), 5, seed=1)
    assert len(pcm) == 5 * RATE
    quietest = [np.abs(pcm[start : start + RATE // 10]).max() for start in range(0, 5 * RATE, RATE // 10)]
    assert min(quietest) > 0.01 * int(np.abs(pcm.astype(int)).max())
