from __future__ import annotations

from dataclasses import replace

import pytest

from agent.doctor.check import Status
from agent.doctor.tone_check import SENT_DBFS, Passage, judge
from agent.testing.tone import Heard, heard, tone

PURE = Heard(frequency_hz=1000.2, level_dbfs=SENT_DBFS + 0.1, purity=0.999)
TO_AGENT = Passage("the agent", 1000.0, PURE, delay_ms=12.0, late_share=0.0)
TO_CALLER = Passage("the caller", 700.0, replace(PURE, frequency_hz=700.0), delay_ms=9.0, late_share=0.0)


def test_a_tone_that_came_as_it_was_sent_is_a_good_call() -> None:
    check = judge([TO_AGENT, TO_CALLER], 0.034)
    assert (check.code, check.status) == ("ok", Status.GOOD)
    assert "34 ms" in check.message
    assert "21 ms there and back" in check.message


def test_what_is_sent_has_the_level_that_is_expected() -> None:
    assert heard(tone(1000.0, 1.0)).level_dbfs == pytest.approx(SENT_DBFS, abs=0.02)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frequency_hz": 500.0}, "500 Hz in place of 1000 Hz"),
        ({"level_dbfs": -30.0}, "-30.0 dBFS"),
        ({"purity": 0.6}, "gaps or noise"),
    ],
)
def test_a_tone_that_was_changed_on_its_way_is_broken(change: dict[str, float], words: str) -> None:
    changed = replace(TO_AGENT, tone=replace(PURE, **change))
    check = judge([TO_CALLER, changed], 0.03)
    assert (check.code, check.status) == ("tone_changed", Status.BROKEN)
    assert words in check.message
    assert "the agent heard" in check.message


def test_a_tone_that_never_came_is_broken() -> None:
    check = judge([TO_AGENT, replace(TO_CALLER, tone=None)], 0.03)
    assert (check.code, check.status) == ("tone_lost", Status.BROKEN)
    assert "the caller heard no tone" in check.message


def test_a_machine_that_sends_late_is_warned_of() -> None:
    check = judge([TO_AGENT, replace(TO_CALLER, late_share=0.12)], 0.03)
    assert (check.code, check.status) == ("frames_late", Status.WARNING)
    assert "12.0%" in check.message


def test_a_long_way_is_warned_of() -> None:
    assert judge([replace(TO_AGENT, delay_ms=180.0), replace(TO_CALLER, delay_ms=60.0)], 0.03).code == "sound_slow"
