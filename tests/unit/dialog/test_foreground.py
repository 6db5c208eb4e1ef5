"""Whose voice counts: the nearest one, for some seconds after it spoke."""

from __future__ import annotations

import numpy as np
import pytest

from agent.dialog.foreground import HOLD_S, QUIET_S, Foreground

WINDOWS_PER_S = 1 / 0.032


class Certain:
    """Takes each frame for one window; speech wherever there is sound."""

    def __init__(self) -> None:
        self.forgot = 0

    def forget(self) -> None:
        self.forgot += 1

    def feed(self, frame: bytes) -> list[float]:
        return [0.9 if any(frame) else 0.01]


class Faint(Certain):
    """Misses what is below -50 dBFS."""

    def feed(self, frame: bytes) -> list[float]:
        loudest = int(np.abs(np.frombuffer(frame, "<i2")).max())
        return [0.9 if loudest > 32768 * 10 ** (-50 / 20) else 0.1]


def sound(dbfs: float) -> bytes:
    return np.full(160, round(32768 * 10 ** (dbfs / 20)), "<i2").tobytes()


SILENCE = bytes(320)


def heard(foreground: Foreground, frame: bytes, seconds: float) -> float:
    """Share of the windows in which the voice counts."""
    found = [foreground.feed(frame)[0] for _ in range(round(seconds * WINDOWS_PER_S))]
    return sum(probability >= 0.5 for probability in found) / len(found)


def caller(dbfs: float = -26, seconds: float = 2) -> Foreground:
    """After a caller has spoken for so long."""
    foreground = Foreground(Certain())
    assert heard(foreground, sound(dbfs), seconds) == 1
    return foreground


@pytest.mark.parametrize("dbfs", [-60, -46, -26, -6])
def test_who_speaks_into_silence_is_heard_however_quiet(dbfs: float) -> None:
    assert heard(Foreground(Certain()), sound(dbfs), 3) == 1


def test_a_voice_far_behind_the_callers_ends_no_pause_of_theirs() -> None:
    foreground = caller()
    heard(foreground, sound(-46), 0.5)  # the caller's last syllable still covers it
    assert heard(foreground, sound(-46), 5) == 0


def test_soft_sounds_between_loud_ones_belong_to_the_voice() -> None:
    foreground = caller()
    for _ in range(20):
        assert heard(foreground, sound(-46), 0.3) == 1
        assert heard(foreground, sound(-26), 0.2) == 1


@pytest.mark.parametrize("dbfs", [-38, -16, -6])
def test_a_caller_who_varies_is_heard_at_once(dbfs: float) -> None:
    assert heard(caller(), sound(dbfs), 2) == 1


def test_a_much_quieter_caller_is_heard_after_a_pause() -> None:
    foreground = caller()
    heard(foreground, SILENCE, QUIET_S + 0.5)  # the last syllable is remembered for 0.4 s
    assert heard(foreground, sound(-50), 2) == 1


def test_noise_behind_is_no_silence() -> None:
    """A far voice in it may only be hard to detect."""
    foreground = Foreground(Faint())
    assert heard(foreground, sound(-26), 2) == 1
    heard(foreground, sound(-51), 3)
    assert heard(foreground, sound(-46), 2) == 0


def test_a_voice_behind_may_pause_for_breath() -> None:
    foreground = caller()
    heard(foreground, sound(-46), 1)
    heard(foreground, SILENCE, QUIET_S - 0.3)
    assert heard(foreground, sound(-46), 2) == 0


def test_a_voice_behind_that_never_pauses_is_heard_again_when_the_caller_has_long_been_silent() -> None:
    foreground = caller()
    heard(foreground, sound(-46), HOLD_S + 1)
    assert heard(foreground, sound(-46), 2) == 1
    assert heard(foreground, sound(-26), 1) == 1
    heard(foreground, sound(-46), 0.5)
    assert heard(foreground, sound(-46), 2) == 0


def test_a_shout_is_forgotten_in_a_few_seconds_of_speech() -> None:
    foreground = caller(-30)
    heard(foreground, sound(-10), 1)
    heard(foreground, sound(-22), 4)
    heard(foreground, SILENCE, 1)
    assert heard(foreground, sound(-32), 1) > 0.9


def test_no_sound_stays_no_speech() -> None:
    foreground = caller()
    assert heard(foreground, SILENCE, 2) == 0
    assert foreground.feed(SILENCE) == [0.01]


def test_in_silence_the_detector_forgets_what_it_heard_and_in_noise_it_does_not() -> None:
    detector = Certain()
    foreground = Foreground(detector)
    heard(foreground, sound(-26), 2)
    heard(foreground, sound(-50), 5)
    assert detector.forgot == 0
    heard(foreground, SILENCE, 4 * QUIET_S)
    assert detector.forgot == 3  # the last syllable is remembered for a moment, then every QUIET_S
