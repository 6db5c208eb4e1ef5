"""Two sides beside each other: nothing is moved, what is missing is silence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.media.stereo import BLOCK_SAMPLES, Block, Interleaver
from agent.media.tap import Side, Sound

FRAME = 160


def frame(value: int) -> bytes:
    return np.full(FRAME, value, dtype="<i2").tobytes()


def channels(blocks: list[Block]) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return np.frombuffer(b"".join(block.pcm for block in blocks), dtype="<i2").reshape(-1, 2)


def interleaved(sounds: list[Sound]) -> list[Block]:
    both = Interleaver()
    return [*both.feed(sounds), *both.flush()]


def test_both_sides_lie_beside_each_other() -> None:
    sounds = [Sound(side, n * FRAME, frame(n + 1)) for n in range(10) for side in (Side.AGENT, Side.CALLER)]
    blocks = interleaved(sounds)
    assert [block.at for block in blocks] == [0, BLOCK_SAMPLES]
    expected = np.repeat(np.arange(1, 11), FRAME)
    assert (channels(blocks) == expected[:, None]).all()


def test_what_did_not_come_is_silence() -> None:
    blocks = interleaved([Sound(Side.AGENT, 0, frame(7)), Sound(Side.AGENT, 3 * FRAME, frame(9))])
    left, right = channels(blocks).T
    assert not left.any()
    assert [int(right[n * FRAME]) for n in range(5)] == [7, 0, 0, 9, 0]


def test_what_comes_after_its_block_was_given_is_left_out() -> None:
    both = Interleaver()
    given = list(both.feed([Sound(Side.AGENT, n * FRAME, frame(1)) for n in range(12)]))
    assert len(given) == 1
    late = Sound(Side.CALLER, 4 * FRAME, frame(5) + frame(6))
    rest = [*both.feed([late]), *both.flush()]
    assert channels(rest)[:FRAME, 0].tolist() == [6] * FRAME


def test_a_long_hole_is_left_out_and_shows_in_the_place() -> None:
    sounds = [Sound(Side.AGENT, 0, frame(1)), Sound(Side.AGENT, 80_000, frame(2))]
    blocks = interleaved(sounds)
    assert [block.at for block in blocks][-1] == 80_000
    assert len(blocks) <= 2


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(0, 400), st.integers(1, 500)), max_size=40))
def test_places_never_go_back_and_every_block_is_whole(pieces: list[tuple[Side, int, int]]) -> None:
    at = {Side.CALLER: 0, Side.AGENT: 0}
    sounds = []
    for side, pause, count in pieces:
        at[side] += pause
        sounds.append(Sound(side, at[side], bytes(2 * count)))
        at[side] += count
    blocks = interleaved(sounds)
    assert all(len(block.pcm) == 4 * BLOCK_SAMPLES for block in blocks)
    places = [block.at for block in blocks]
    assert all(after - before >= BLOCK_SAMPLES for before, after in pairwise(places))
