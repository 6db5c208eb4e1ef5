from __future__ import annotations

import numpy as np
import pytest

from agent.bench.conversation.agents import HOW_MANY, YES_OR_NO
from agent.bench.conversation.short_answers import ShortAnswer, conditions, measures, observed
from agent.bench.conversation.sounds import HIBARI, Sound
from agent.rehearsal.alignment import Told
from tests.unit.bench.conversation.tales import agent_turn, caller_turn, said


def result(text: str, *told: Told) -> ShortAnswer:
    answer = Sound(np.zeros(8, np.int16), text, HIBARI)
    return observed(YES_OR_NO, answer, said(5.0, 5.4, text), [agent_turn(1, 4), *told], "call-1")


@pytest.mark.parametrize(
    ("text", "heard_as", "understood"),
    [
        ("Yes.", "Yes.", True),
        ("Yes.", "Yeah, yes.", True),
        ("Yes.", "Guess.", False),
        ("seven", "7.", True),
        ("twelve", "12", True),
        ("seven", "eleven", False),
        ("B", "B.", True),
        ("B", "be", False),
        ("o'clock", "o'clock", True),
    ],
)
def test_what_is_understood(text: str, heard_as: str, *, understood: bool) -> None:
    one = result(text, caller_turn(5, 5.4, heard_as))
    assert one.heard
    assert one.understood is understood


def test_an_answer_without_a_turn_is_lost() -> None:
    one = result("Yes.")
    assert not one.heard
    assert not one.understood


def test_a_turn_without_words_is_no_hearing() -> None:
    assert not result("Yes.", caller_turn(5, 5.4, " … ")).heard


def test_a_turn_at_another_time_is_no_hearing() -> None:
    assert not result("Yes.", caller_turn(8, 9, "Yes.")).heard


def test_the_figures() -> None:
    found = [result("Yes.", caller_turn(5, 5.4, "Yes.")), result("No.", caller_turn(5, 5.4, "Know")), result("Okay.")]
    values = {one.name: one for one in measures(found)}
    heard = values["conversation.short_answers_heard"]
    assert heard.value == pytest.approx(66.6667)
    assert (heard.count, heard.met) == (3, False)
    assert values["conversation.short_answers_understood"].value == pytest.approx(33.3333)
    told = conditions(found)["short_answers"]
    assert told["not_heard"] == ["Okay."]
    assert told["heard_by_question"] == {YES_OR_NO: "2/3", HOW_MANY: "0/0", "7005": "0/0"}
