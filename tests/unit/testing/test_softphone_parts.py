"""What is said when, what is heard live, what lands on the tape, how late the clock was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.testing.measure import read_tracks
from agent.testing.softphone import MediaReport
from agent.testing.softphone.clock import FrameClock
from agent.testing.softphone.detector import LiveDetector
from agent.testing.softphone.layout import Reception
from agent.testing.softphone.rtp import FRAME, KEYS, parse_key
from agent.testing.softphone.speech_queue import KEY_FRAMES, KEY_GAP_FRAMES, RELAYED_FRAMES, SpeechQueue
from agent.testing.softphone.tape import Tape
from tests.unit.testing.sounds import silence, voice, white


def frames(queue: SpeechQueue, count: int, *, first: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.concatenate([queue.take((first + index) * FRAME).pcm for index in range(count)])


@given(at=st.integers(0, 1000), length=st.integers(1, 1000))
def test_a_clip_is_said_at_its_position_to_the_sample(at: int, length: int) -> None:
    queue, done = SpeechQueue(), list[int]()
    pcm = np.arange(1, length + 1, dtype=np.int16)
    clip = queue.say(pcm, at=at, on_done=lambda: done.append(1))
    said = frames(queue, 13)
    assert clip.start == at
    assert said[at : at + length].tolist() == pcm.tolist()
    assert np.count_nonzero(said) == length
    assert done == [1]


def test_clips_follow_each_other_and_never_overlap() -> None:
    queue = SpeechQueue()
    first = queue.say(np.full(200, 1, np.int16), at=100, on_done=lambda: None)
    second = queue.say(np.full(50, 2, np.int16), at=150, on_done=lambda: None)
    third = queue.say(np.full(50, 3, np.int16), at=600, on_done=lambda: None)
    assert (first.start, second.start, third.start) == (100, 300, 600)
    said = frames(queue, 5)
    assert [said[position] for position in (99, 100, 299, 300, 349, 350, 600)] == [0, 1, 1, 2, 2, 0, 3]


def test_a_cut_clip_keeps_what_was_sent() -> None:
    queue, done = SpeechQueue(), list[int]()
    clip = queue.say(np.full(1000, 5, np.int16), at=0, on_done=lambda: done.append(1))
    frames(queue, 2)
    queue.cut(clip, 2 * FRAME)
    assert len(clip.pcm) == 2 * FRAME
    assert not frames(queue, 2, first=2).any()
    assert done == [1]
    queue.cut(clip, 0)
    assert len(clip.pcm) == 2 * FRAME


def test_a_clip_that_is_cut_before_it_began_is_over_at_once() -> None:
    queue, done = SpeechQueue(), list[int]()
    clip = queue.say(np.full(100, 5, np.int16), at=10_000, on_done=lambda: done.append(1))
    queue.cut(clip, FRAME)
    assert not frames(queue, 1, first=1).any()
    assert done == [1]


def test_background_is_under_everything_and_overload_does_not_wrap() -> None:
    queue = SpeechQueue(background=np.array([30000, -5, 7], np.int16))
    queue.say(np.full(FRAME, 10000, np.int16), at=FRAME, on_done=lambda: None)
    said = frames(queue, 3)
    assert said[:6].tolist() == [30000, -5, 7, 30000, -5, 7]
    assert said[FRAME:].max() == 32767
    assert [said[position] for position in (162, 163, 164)] == [32767, 9995, 10007]
    assert [said[position] for position in (321, 322, 323)] == [30000, -5, 7]


def test_keys_are_pressed_one_after_the_other() -> None:
    queue, done = SpeechQueue(), list[int]()
    queue.press("1#", lambda: done.append(1))
    taken = [queue.take(index * FRAME).events for index in range(2 * (KEY_FRAMES + KEY_GAP_FRAMES) + 1)]
    pressed = [[parse_key(payload) for payload, _ in events] for events in taken]
    one = [[("1", False)]] * (KEY_FRAMES - 1) + [[("1", True)] * 3] + [[]] * KEY_GAP_FRAMES
    assert pressed[: len(one)] == one
    assert pressed[len(one)][0] == ("#", False)
    assert pressed[-1] == []
    assert [first for events in taken for _, first in events].count(True) == 2
    assert done == [1]
    with pytest.raises(ValueError, match="no such key"):
        queue.press("1x", lambda: None)
    assert all(len(queue.take(0).events) == 0 for _ in KEYS)


def feed(detector: LiveDetector, pcm: np.ndarray[tuple[int], np.dtype[np.int16]], at: int) -> int:
    for start in range(0, len(pcm), FRAME):
        detector.feed(at + start, pcm[start : start + FRAME])
    return at + len(pcm)


@pytest.mark.parametrize("noise", [silence(16000), white(16000, -55), white(16000, -42)])
def test_voice_is_noticed_over_any_floor(noise: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    detector = LiveDetector()
    at = feed(detector, noise, 320)
    assert detector.first_voice_after(0) is None or noise.any()
    settled = detector.quiet_since(0)
    end = feed(detector, voice(8000, -20), at)
    assert detector.first_voice_after(settled) == at
    assert detector.last_voice == end
    feed(detector, noise[:8000], end)
    assert detector.quiet_since(0) == end
    assert detector.quiet_since(end + 500) == end + 500
    assert detector.first_voice_after(end) is None


def test_voice_that_was_already_there_counts_from_where_one_asks() -> None:
    detector = LiveDetector()
    end = feed(detector, voice(8000), feed(detector, silence(1600), 0))
    assert detector.first_voice_after(3200) == 3200
    assert detector.first_voice_after(end) is None


def test_a_click_is_no_voice() -> None:
    detector = LiveDetector()
    pcm = silence(4800)
    pcm[1600:1680] = 20000
    feed(detector, pcm, 0)
    assert detector.last_voice is None


def test_memory_of_the_live_detector_is_bounded() -> None:
    detector = LiveDetector()
    at = 0
    for _ in range(400):
        at = feed(detector, np.concatenate([voice(320), silence(1120)]), at)
    assert len(detector._runs) == 256
    assert detector.last_voice == at - 1120


def test_the_tape_holds_both_tracks_and_knows_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    tape = Tape(path)
    for index in range(100):
        tape.put_sent(index * FRAME, np.full(FRAME, index + 1, np.int16))
        if index not in {0, 1, 40, 41, 42, 60}:
            tape.put_received(index * FRAME, np.full(FRAME, -index, np.int16))
        if index == 50:
            tape.put_received(41 * FRAME, np.full(FRAME, -41, np.int16))
        if index == 70:
            tape.put_received(60 * FRAME, np.full(FRAME, -60, np.int16))
    tape.close()
    sent, received = read_tracks(path)
    assert sent.tolist() == [index + 1 for index in range(100) for _ in range(FRAME)]
    assert [received[index * FRAME] for index in (0, 2, 40, 41, 42, 60, 99)] == [0, -2, 0, -41, 0, -60, -99]
    assert tape.missing() == ((0, 320), (6400, 6560), (6720, 6880))


def test_a_following_line_leaves_no_gap_worth_naming(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "call.wav")
    tape.put_received(0, silence(FRAME))
    tape.put_received(FRAME + 3, silence(FRAME))
    tape.close()
    assert tape.missing() == ()


def test_the_clock_is_absolute_and_remembers_when_it_was_late() -> None:
    clock = FrameClock(100.0)
    for at in (100.0, 100.0205, 100.047, 100.06):
        assert clock.due <= at
        clock.sent(at)
    assert clock.due == pytest.approx(100.08)
    assert clock.position(100.5) == 4000
    assert [(position, round(ms, 1)) for position, ms in clock.late] == [(320, 7.0)]
    statistics = clock.statistics()
    assert statistics.frames == 4
    assert statistics.late_max_ms == pytest.approx(7.0)
    assert statistics.interval_max_ms == pytest.approx(26.5)
    assert statistics.late_frames == 0
    clock.sent(100.095)
    assert clock.statistics().late_frames == 1


def test_a_report_tells_how_late_the_stick_itself_was() -> None:
    clock = FrameClock(0.0)
    for at in (0.0, 0.031, 0.04):
        clock.sent(at)
    report = MediaReport(clock.statistics(), Reception(), tuple(clock.late), ())
    assert [round(report.lateness_ms(position), 3) for position in (159, 160, 319, 320)] == [0, 11, 11, 0]
    assert report.to_dict()["clock"]["frames"] == 3


def test_a_pause_in_sending_is_no_interval() -> None:
    clock = FrameClock(0.0)
    clock.sent(0.0)
    clock.sent(0.02)
    for _ in range(100):
        clock.skip()
    assert clock.due == pytest.approx(2.04)
    clock.sent(2.04)
    clock.sent(2.06)
    statistics = clock.statistics()
    assert statistics.frames == 4
    assert statistics.interval_max_ms == pytest.approx(20.0)


def test_another_calls_sound_goes_out_with_the_next_frames_and_never_piles_up() -> None:
    queue = SpeechQueue()
    for value in range(1, RELAYED_FRAMES + 3):
        queue.relay(np.full(FRAME, value, np.int16))
    queue.relay(np.full(FRAME // 2, 99, np.int16))
    queue.say(np.full(FRAME, 100, np.int16), at=0, on_done=lambda: None)
    said = frames(queue, RELAYED_FRAMES + 1)
    assert said[::FRAME].tolist() == [103, 4, 5, 6, 0]
