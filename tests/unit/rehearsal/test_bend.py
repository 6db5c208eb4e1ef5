from __future__ import annotations

from agent.rehearsal.control import Control
from agent.rehearsal.delay_line import Bend

SECOND = 50
FRAMES = [bytes([number]) for number in range(2 * SECOND)]


def _passed(control: Control) -> list[tuple[bytes, ...]]:
    bend = Bend(control)
    return [tuple(bend.feed(frame)) for frame in FRAMES]


def test_nothing_is_done_to_the_sound_by_default() -> None:
    assert _passed(Control()) == [(frame,) for frame in FRAMES]
    assert not Control().bends_sound


def test_a_delay_moves_every_frame_by_its_number() -> None:
    passed = _passed(Control(delay_ms=60))
    assert [frames[-1] for frames in passed[3:]] == FRAMES[:-3]
    assert all(len(frames) == 1 for frames in passed)


def test_lost_frames_never_come() -> None:
    passed = _passed(Control(lose_ms=60))
    kept = [frame for frames in passed for frame in frames]
    assert kept == FRAMES[3:SECOND] + FRAMES[SECOND + 3 :]
    assert Control(lose_ms=60).bends_sound


def test_held_frames_come_late_and_at_once() -> None:
    passed = _passed(Control(hold_ms=60))
    assert passed[:4] == [(), (), (), tuple(FRAMES[:4])]
    assert [frame for frames in passed for frame in frames] == FRAMES
