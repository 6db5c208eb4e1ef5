"""Which samples leave in which slot, without a socket and without waiting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.media.clock import ManualClock
from agent.media.playout import FADE_SAMPLES, SILENCE, Clip, Playout

FRAME = 0.02


class Wire:
    """A sink that keeps what was written, and can be told to stop reading."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.open = True
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self.refused = 0

    def ready(self) -> bool:
        return self.open

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)
        self.times.append(self.clock.time())

    def withheld(self) -> None:
        self.refused += 1

    @property
    def sound(self) -> bytes:
        assert all(len(frame) == len(SILENCE) and frame[:3] == SILENCE[:3] for frame in self.frames)
        return b"".join(frame[3:] for frame in self.frames)


def playing() -> tuple[ManualClock, Wire, Playout]:
    clock = ManualClock(0.0)
    wire = Wire(clock)
    playout = Playout(wire, clock)
    playout.start()
    return clock, wire, playout


def count_up(first: int, samples: int) -> bytes:
    return b"".join((first + n & 0x7FFF).to_bytes(2, "little") for n in range(samples))


async def test_silence_from_the_start_until_the_close() -> None:
    clock, wire, playout = playing()
    assert wire.frames == [SILENCE]
    clock.advance(10 * FRAME)
    assert wire.frames == [SILENCE] * 11
    playout.close()
    clock.advance(10 * FRAME)
    assert len(wire.frames) == playout.frames_sent == 11


async def test_clips_follow_each_other_inside_a_frame() -> None:
    clock, wire, playout = playing()
    first, second, third = (playout.play(count_up(start, 100)) for start in (1, 101, 201))
    clock.advance(FRAME)
    assert (first.sent, second.sent, third.sent, playout.busy) == (100, 60, 0, True)
    assert (first.done.done(), second.done.done(), third.started.done()) == (True, False, False)
    clock.advance(FRAME)
    assert await first.done
    assert await second.done
    assert await third.done
    assert not playout.busy
    assert [await clip.started for clip in (first, second, third)] == [FRAME, FRAME, 2 * FRAME]
    assert wire.sound[320:] == count_up(1, 300) + bytes(40)


async def test_a_clip_that_comes_too_late_for_the_frame_starts_with_the_next() -> None:
    clock, wire, playout = playing()
    playout.play(count_up(1, 100))
    clock.advance(FRAME)
    playout.play(count_up(101, 100))
    clock.advance(FRAME)
    assert wire.sound[320:] == count_up(1, 100) + bytes(120) + count_up(101, 100) + bytes(120)


async def test_stop_inside_a_clip_tells_the_exact_sample() -> None:
    clock, wire, playout = playing()
    spoken, cut, never = playout.play(count_up(1, 200)), playout.play(count_up(201, 500)), playout.play(b"\1\0")
    clock.advance(2 * FRAME)
    playout.stop()
    assert not playout.busy
    clock.advance(FRAME)
    assert (await spoken.done, spoken.sent) == (True, 200)
    assert (await cut.done, cut.sent) == (False, 120)
    assert (await never.done, never.sent, await never.started) == (False, 0, None)
    assert wire.sound[320:960] == count_up(1, 320)
    fading = np.frombuffer(wire.sound[960:], "<i2")
    assert np.all(fading[:FADE_SAMPLES] <= np.arange(321, 321 + FADE_SAMPLES))
    assert fading[0] > 0.9 * 321
    assert not fading[FADE_SAMPLES - 1 :].any()


async def test_after_a_pause_it_goes_on_from_the_same_sample_without_a_click() -> None:
    clock, wire, playout = playing()
    clip = playout.play(np.full(800, 1000, "<i2").tobytes())
    clock.advance(2 * FRAME)
    playout.pause()
    clock.advance(5 * FRAME)
    assert (clip.sent, playout.busy, playout.paused) == (320, True, True)
    playout.resume()
    clock.advance(4 * FRAME)
    assert await clip.done
    heard = np.frombuffer(wire.sound[320:], "<i2").astype(int)
    assert np.abs(np.diff(heard[: 7 * 160 + 480])).max() <= 1000 / (FADE_SAMPLES - 1) + 1
    resumed = heard[7 * 160 :]
    assert (resumed[FADE_SAMPLES:480] == 1000).all()
    assert not resumed[480:].any()
    assert not heard[320 + FADE_SAMPLES : 7 * 160].any()


async def test_what_is_queued_during_a_pause_waits_and_stop_ends_the_pause() -> None:
    clock, wire, playout = playing()
    playout.pause()
    clip = playout.play(count_up(1, 160))
    clock.advance(3 * FRAME)
    assert clip.sent == 0
    playout.stop()
    assert not playout.paused
    after = playout.play(count_up(1, 160))
    clock.advance(FRAME)
    assert await after.done
    assert wire.sound[-320:] == count_up(1, 160)


async def test_an_empty_clip_is_played_at_once() -> None:
    _, _, playout = playing()
    clip = playout.play(b"")
    assert (await clip.done, clip.samples, await clip.started, playout.busy) == (True, 0, None, False)


async def test_what_is_played_for_nobody_waits_for_somebody() -> None:
    clock, wire, playout = playing()
    playout.withhold()
    playout.play(count_up(1, 160))
    clock.advance(5 * FRAME)
    playout.stop()  # as a turn does that was cut
    clip = playout.play(count_up(500, 160))
    clock.advance(5 * FRAME)
    assert (clip.sent, playout.busy, set(wire.sound)) == (0, True, {0})
    playout.release()
    clock.advance(FRAME)
    assert await clip.done
    assert wire.sound[-320:] == count_up(500, 160)


async def test_half_a_sample_is_refused() -> None:
    _, _, playout = playing()
    with pytest.raises(ValueError, match="whole 16-bit samples"):
        playout.play(bytes(3))


async def test_after_the_close_nothing_is_played() -> None:
    _, _, playout = playing()
    waiting = playout.play(bytes(320))
    playout.close()
    after = playout.play(bytes(320))
    for clip in (waiting, after):
        assert (await clip.done, clip.sent) == (False, 0)


async def test_a_stalled_loop_gives_one_frame_and_loses_no_sound() -> None:
    clock, wire, playout = playing()
    clip = playout.play(count_up(1, 800))
    clock.stall(0.215)
    clock.advance(0.0)
    assert len(wire.frames) == 2
    clock.advance(0.2)
    assert await clip.done
    assert wire.sound[320 : 320 + 1600] == count_up(1, 800)
    assert wire.times[1:4] == pytest.approx([0.215, 0.225, 0.24])
    assert (playout.statistics.skipped, playout.frames_late) == (9, 10)


async def test_a_peer_that_does_not_read_finds_no_backlog() -> None:
    clock, wire, playout = playing()
    clip = playout.play(count_up(1, 320))
    wire.open = False
    clock.advance(5 * FRAME)
    assert (len(wire.frames), wire.refused, clip.sent) == (1, 5, 0)
    wire.open = True
    clock.advance(2 * FRAME)
    assert await clip.done
    assert wire.sound[320:] == count_up(1, 320)
    assert (playout.frames_sent, playout.frames_late) == (3, 5)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("play"), st.integers(0, 700)),
            st.tuples(st.just("run"), st.integers(0, 4)),
            st.tuples(st.just("stall"), st.integers(0, 90)),
            st.tuples(st.just("stop"), st.just(0)),
            st.tuples(st.just("block"), st.integers(0, 1)),
        ),
        max_size=40,
    )
)
async def test_what_was_sent_is_what_the_clips_say(steps: list[tuple[str, int]]) -> None:
    clock, wire, playout = playing()
    clips: list[tuple[Clip, bytes]] = []
    next_sample = 1
    fading: set[int] = set()
    for step, amount in steps:
        match step:
            case "play":
                pcm = count_up(next_sample, amount)
                next_sample += amount
                clips.append((playout.play(pcm), pcm))
            case "run":
                clock.advance(amount * FRAME)
            case "stall":
                clock.stall(amount / 1000)
            case "stop":
                if any(0 < clip.sent < clip.samples and not clip.done.done() for clip, _ in clips):
                    fading.add(len(wire.frames))
                playout.stop()
            case _:
                wire.open = not amount
    playout.close()
    heard = b"".join(pcm[: 2 * clip.sent] for clip, pcm in clips)
    sound = b"".join(frame[3:] for index, frame in enumerate(wire.frames) if index not in fading)
    assert sound.replace(b"\0\0", b"") == heard.replace(b"\0\0", b"")
    for clip, _ in clips:
        assert await clip.done == (clip.sent == clip.samples)
        assert (await clip.started is None) == (clip.sent == 0)
    assert len(wire.frames) <= clock.time() / FRAME + 1 + 1e-6
