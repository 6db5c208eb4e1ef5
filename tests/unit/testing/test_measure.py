"""The detector on sounds whose truth is known."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.testing.measure import (
    Answer,
    Pcm,
    Span,
    active_level_dbfs,
    answers,
    energy_span,
    holes,
    read_tracks,
    speech_spans,
    stop_time,
)
from agent.testing.softphone.rtp import from_ulaw, to_ulaw
from tests.unit.testing.sounds import silence, track, voice, white

WITHIN = 160  # samples: the 20 ms that a measured latency may be off


@given(
    said_at=st.integers(1000, 8000),
    delay=st.integers(0, 24000),
    caller_dbfs=st.integers(-32, -14),
    agent_dbfs=st.integers(-32, -14),
    noise_dbfs=st.sampled_from([-100, -75, -60, -54]),
    seed=st.integers(0, 5),
)
@example(said_at=1000, delay=0, caller_dbfs=-14, agent_dbfs=-32, noise_dbfs=-54, seed=0)
def test_a_known_delay_is_found_within_20_ms(
    said_at: int, delay: int, caller_dbfs: int, agent_dbfs: int, noise_dbfs: int, seed: int
) -> None:
    end = said_at + 6000
    length = end + delay + 20000
    sent = track(length, (0, white(length, noise_dbfs, seed)), (said_at, voice(6000, caller_dbfs, seed)))
    received = track(length, (0, white(length, noise_dbfs, seed + 9)), (end + delay, voice(8000, agent_dbfs, seed)))
    (answer,) = answers(speech_spans(from_ulaw(to_ulaw(sent))), speech_spans(from_ulaw(to_ulaw(received))))
    found = answer.latency if answer.latency is not None else -WITHIN - 1  # as if both ran into each other
    if answer.overlapped:
        assert delay <= WITHIN
    else:
        assert abs(found - delay) <= WITHIN


@given(start=st.integers(0, 4000), length=st.integers(400, 8000))
def test_a_clean_sound_is_found_to_the_sample(start: int, length: int) -> None:
    pcm = track(start + length + 4000, (start, np.full(length, 8000, np.int16)))
    assert speech_spans(pcm) == [Span(start, start + length)]
    assert energy_span(pcm) == Span(start, start + length)


def test_gaps_inside_a_sentence_are_bridged_and_pauses_are_not() -> None:
    pcm = track(40000, (1000, voice(4000)), (7000, voice(2000)), (20000, voice(4000)))
    first, second = speech_spans(pcm)
    assert abs(first.start - 1000) <= 40
    assert abs(second.end - 24000) <= 40
    assert len(speech_spans(pcm, join_ms=100)) == 3
    assert energy_span(pcm) == Span(first.start, second.end)


def test_a_click_neither_begins_nor_prolongs_speech() -> None:
    click = np.full(30, 20000, np.int16)
    pcm = track(20000, (1000, click), (5000, voice(4000)), (10000, click))
    (span,) = speech_spans(pcm)
    assert span.start == pytest.approx(5000, abs=40)
    assert span.end == pytest.approx(9000, abs=40)


@pytest.mark.parametrize("pcm", [silence(0), silence(39), silence(8000), white(16000, -40), white(16000, -80)])
def test_nobody_speaks_in_silence_or_steady_noise(pcm: Pcm) -> None:
    assert speech_spans(pcm) == []


@pytest.mark.parametrize("pcm", [silence(0), silence(39), silence(8000), white(16000, -80)])
def test_a_silent_clip_has_no_energy(pcm: Pcm) -> None:
    assert energy_span(pcm) == Span(0, 0)
    with pytest.raises(ValueError, match="no sound"):
        active_level_dbfs(pcm)


@given(length=st.integers(800, 4000), dbfs=st.integers(-40, -6))
def test_a_clip_that_is_all_sound_has_energy_from_end_to_end(length: int, dbfs: int) -> None:
    pcm = np.full(length, round(32768 * 10 ** (dbfs / 20)), np.int16)
    assert energy_span(pcm) == Span(0, length)
    assert active_level_dbfs(pcm) == pytest.approx(dbfs, abs=0.5)


def test_the_edges_of_a_noisy_clip_are_those_of_its_voice() -> None:
    clip = track(24000, (0, white(24000, -50)), (8000, voice(8000, -20)))
    span = energy_span(clip)
    assert abs(span.start - 8000) <= WITHIN
    assert abs(span.end - 16000) <= WITHIN


def test_speech_stands_out_of_noise_20_db_below() -> None:
    pcm = track(32000, (0, white(32000, -46)), (10000, voice(8000, -26)))
    (span,) = speech_spans(pcm)
    assert abs(span.start - 10000) <= WITHIN
    assert abs(span.end - 18000) <= WITHIN


def test_each_utterance_gets_the_answer_that_follows_it() -> None:
    caller = [Span(0, 100), Span(1000, 1100), Span(2000, 2100), Span(3000, 3100)]
    agent = [Span(150, 300), Span(400, 500), Span(1050, 1400), Span(3100, 3200)]
    assert answers(caller, agent) == [
        Answer(caller[0], agent[0], overlapped=False),
        Answer(caller[1], None, overlapped=True),
        Answer(caller[2], None, overlapped=False),
        Answer(caller[3], agent[3], overlapped=False),
    ]
    assert [answer.latency for answer in answers(caller, agent)] == [50, None, None, 0]


def test_an_echo_in_place_of_an_agent_has_no_latency() -> None:
    """It begins before the caller ends: whoever takes its sound for an answer is told that they overlap."""
    sent = track(30000, (2000, voice(6000)))
    received = track(30000, (2800, voice(6000)))
    (answer,) = answers(speech_spans(sent), speech_spans(received))
    assert answer.overlapped
    assert answer.latency is None


def test_stop_time_counts_to_the_last_sound_of_the_interrupted_speech() -> None:
    agent = [Span(100, 900), Span(2000, 2500)]
    assert stop_time(400, agent) == 500
    assert stop_time(1000, agent) is None
    received = track(20000, (2000, voice(6000)))
    found = stop_time(5000, speech_spans(received))
    assert found is not None
    assert abs(found - 3000) <= WITHIN


@given(at=st.integers(8000, 12000), length=st.integers(400, 8000))
def test_sound_that_is_cut_out_of_speech_is_a_hole(at: int, length: int) -> None:
    pcm = track(40000, (4000, voice(30000)))
    pcm[at : at + length] = 0
    (hole,) = holes(pcm)
    assert abs(hole.start - at) <= 8
    assert abs(hole.end - at - length) <= 8


def test_what_is_shorter_or_much_longer_is_no_hole() -> None:
    pcm = track(60000, (4000, voice(50000)))
    pcm[8000:8240] = 0
    pcm[20000:37000] = 0
    assert holes(pcm) == []


def test_a_pause_of_the_voice_itself_is_no_hole() -> None:
    """It decays, if only by 50 dB in 50 ms, and begins as it likes."""
    fade = 10 ** (np.linspace(0, -50, 400) / 20)
    first, second = voice(6000).astype(float), voice(6000).astype(float)
    first[-400:] *= fade
    pcm = track(30000, (2000, first.astype(np.int16)), (9000, second.astype(np.int16)))
    assert holes(from_ulaw(to_ulaw(pcm))) == []


def test_missing_packets_are_a_hole_even_at_the_edge_of_a_syllable() -> None:
    pcm = track(30000, (2000, voice(12000)))
    pcm[7960:8000] = 20  # 5 ms of calm before packets are missing
    pcm[8000:8480] = 0
    assert holes(pcm) == []
    assert holes(pcm, [(8000, 8480)]) == [Span(8000, 8480)]
    assert holes(pcm, [(20000, 21000)]) == []


def test_the_tracks_of_a_recording_are_read(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    for channels in (2, 1):
        with wave.open(str(path), "wb") as file:
            file.setparams((channels, 2, 8000, 0, "NONE", "not compressed"))
            file.writeframes(np.array([1, -1, 2, -2], "<i2").tobytes())
        if channels == 2:
            sent, received = read_tracks(path)
            assert (sent.tolist(), received.tolist()) == ([1, 2], [-1, -2])
    with pytest.raises(ValueError, match="no recording"):
        read_tracks(path)
