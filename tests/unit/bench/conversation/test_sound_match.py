from __future__ import annotations

import numpy as np
import pytest

from agent.bench.conversation.sound_match import Join, joins, reached, runs
from agent.media.pcm import ulaw_decode, ulaw_encode
from agent.testing.measure import Pcm

RATE = 8000


def speech(seconds: float, seed: int = 0) -> Pcm:
    """Like speech in what counts here: no two places are alike, and it pauses for 40 ms four times a second."""
    chance = np.random.default_rng(seed)
    wave = np.convolve(chance.standard_normal(round(seconds * RATE)), np.hanning(9), "same") * 2500
    time = np.arange(len(wave)) / RATE
    wave[time % 0.25 > 0.21] = 0
    return np.frombuffer(ulaw_decode(ulaw_encode(wave.astype("<i2").tobytes())), "<i2")


def rest(seconds: float) -> Pcm:
    return np.zeros(round(seconds * RATE), np.int16)


def received(*parts: Pcm) -> Pcm:
    return np.concatenate([rest(0.5), *parts, rest(0.5)])


REFERENCE = received(speech(6.0))
SPEECH = REFERENCE[RATE // 2 : -RATE // 2]


def part(start_s: float, end_s: float) -> Pcm:
    return SPEECH[round(start_s * RATE) : round(end_s * RATE)]


def only(found: list[Join]) -> Join:
    (join,) = found
    return join


def test_speech_without_a_break_is_one_run() -> None:
    (run,) = runs(received(rest(0.3), SPEECH), REFERENCE)
    assert run.received.length == pytest.approx(6 * RATE, abs=800)
    assert run.reference.start - run.received.start == -round(0.3 * RATE)


def test_a_pause_that_loses_nothing_is_exact() -> None:
    join = only(joins(received(part(0, 2.13), rest(0.7), part(2.13, 6)), REFERENCE))
    assert join.exact
    assert join.lost_ms == pytest.approx(0, abs=15)
    assert join.repeated_ms == pytest.approx(0, abs=15)
    assert join.at.length == pytest.approx(0.7 * RATE, abs=400)


def test_a_hiss_that_drifts_by_a_sample_is_not_lost() -> None:
    hiss = (np.random.default_rng(3).standard_normal(960) * 4000).astype(np.int16)
    reference = received(part(0, 2), hiss, part(2, 6))
    join = only(joins(received(part(0, 2), hiss[1:], rest(0.7), part(2, 6)), reference))
    assert join.lost_ms == pytest.approx(0, abs=15)


def test_a_lost_hiss_is_found() -> None:
    hiss = (np.random.default_rng(3).standard_normal(960) * 4000).astype(np.int16)
    other = (np.random.default_rng(4).standard_normal(960) * 4000).astype(np.int16)
    reference = received(part(0, 2), hiss, part(2, 6))
    join = only(joins(received(part(0, 2), other, rest(0.7), part(2, 6)), reference))
    assert join.lost_ms == pytest.approx(120, abs=20)


def test_a_lost_syllable_is_found() -> None:
    join = only(joins(received(part(0, 2.0), rest(0.7), part(2.2, 6)), REFERENCE))
    assert not join.exact
    assert join.lost_ms == pytest.approx(200, abs=20)


def test_a_repeated_syllable_is_found() -> None:
    join = only(joins(received(part(0, 2.2), rest(0.7), part(2.0, 6)), REFERENCE))
    assert not join.exact
    assert join.repeated_ms == pytest.approx(200, abs=20)


def test_lost_silence_is_no_loss() -> None:
    reference = received(part(0, 2), rest(0.6), part(2, 6))
    join = only(joins(received(part(0, 2), rest(0.2), part(2, 6)), reference))
    assert join.exact


def test_other_speech_fits_nowhere() -> None:
    assert runs(received(speech(3.0, seed=9)), REFERENCE) == []


def test_another_sentence_after_the_pause_is_no_run() -> None:
    (run,) = runs(received(part(0, 2), rest(0.5), speech(2.0, seed=9)), REFERENCE)
    assert run.reference.end == pytest.approx(2.5 * RATE, abs=400)


def test_how_far_the_caller_had_heard() -> None:
    track = received(part(0, 2), rest(1.0), part(2, 6))
    found = runs(track, REFERENCE)
    assert reached(found, 0) is None
    assert reached(found, round(1.5 * RATE)) == pytest.approx(1.5 * RATE, abs=40)
    assert reached(found, 3 * RATE) == pytest.approx(2.5 * RATE, abs=400)
