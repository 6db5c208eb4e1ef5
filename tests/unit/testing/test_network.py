"""A bad line on paper: what is lost, what is late, what overtakes, what becomes of the sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.testing.softphone.condition import PERFECT, LineCondition
from agent.testing.softphone.network import Network

PACKET_S = 0.02


def through(condition: LineCondition, count: int) -> list[tuple[int, float]]:
    """Number and arrival of each packet that arrives, one sent every 20 ms."""
    network = Network(condition)
    found: list[tuple[int, float]] = []
    for number in range(count):
        network.put(number.to_bytes(2, "big"), number * PACKET_S)
    while (at := network.next_at) is not None:
        found += [(int.from_bytes(packet, "big"), at) for packet in network.arrived(at)]
    assert network.lost == count - len(found)
    return found


def test_a_perfect_line_gives_each_packet_at_once() -> None:
    assert through(PERFECT, 50) == [(number, number * PACKET_S) for number in range(50)]


@pytest.mark.parametrize("percent", [1, 5, 20])
def test_so_many_of_a_hundred_are_lost(percent: int) -> None:
    kept = len(through(LineCondition(loss_percent=percent), 10_000))
    assert 100 - kept / 100 == pytest.approx(percent, rel=0.15)


@given(jitter_ms=st.integers(0, 200), seed=st.integers(0, 1000))
def test_no_packet_is_later_than_the_jitter_nor_early(jitter_ms: int, seed: int) -> None:
    arrivals = through(LineCondition(jitter_ms=jitter_ms, seed=seed), 50)
    assert sorted(number for number, _ in arrivals) == list(range(50))
    assert all(-1e-9 <= at - number * PACKET_S <= jitter_ms / 1000 + 1e-9 for number, at in arrivals)


def test_packets_overtake_each_other_where_the_jitter_exceeds_a_packet_and_only_there() -> None:
    slight = [number for number, _ in through(LineCondition(jitter_ms=20), 200)]
    strong = [number for number, _ in through(LineCondition(jitter_ms=60), 200)]
    assert slight == sorted(slight)
    assert strong != sorted(strong)


def test_the_same_seed_gives_the_same_line() -> None:
    condition = LineCondition(loss_percent=5, jitter_ms=60, seed=3)
    assert through(condition, 100) == through(condition, 100)
    assert through(condition, 100) != through(LineCondition(loss_percent=5, jitter_ms=60, seed=4), 100)


@pytest.mark.parametrize("fault", [{"loss_percent": 101}, {"loss_percent": -1}, {"jitter_ms": -1}])
def test_what_no_line_does_is_refused(fault: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no line"):
        LineCondition(**fault)


def test_sound_is_made_louder_up_to_full_scale() -> None:
    pcm = np.array([0, 1000, -1000, 10_000, -10_000], np.int16)
    assert LineCondition(gain_db=20).sound(pcm).tolist() == [0, 10_000, -10_000, 32767, -32768]
    assert LineCondition(gain_db=-20).sound(pcm).tolist() == [0, 100, -100, 1000, -1000]
    assert PERFECT.sound(pcm) is pcm


def test_an_overdriven_microphone_cuts_peaks_before_the_level_is_set() -> None:
    pcm = np.array([1000, -5000, 20_000], np.int16)
    ceiling = round(32768 * 10 ** (-20 / 20))
    assert LineCondition(clip_dbfs=-20).sound(pcm).tolist() == [1000, -ceiling, ceiling]
    assert LineCondition(clip_dbfs=-20, gain_db=-20).sound(pcm).tolist() == [100, -328, 328]
