from __future__ import annotations

import numpy as np
import pytest

from agent.bench.conversation.sounds import Sound
from agent.bench.conversation.word_error_rate import conditions, measures, observed, raw, transcripts
from tests.unit.bench.conversation.tales import agent_turn, caller_turn, said


def sound(text: str) -> Sound:
    return Sound(np.zeros(8, np.int16), text, "prompts")


def test_numbers_count_as_they_are_said_and_as_they_are_written() -> None:
    one = observed(sound("Open at nine, isn't it?"), "open at 9 isn't it", "call-1")
    assert (one.words, one.errors) == (5, 0)
    assert (one.raw_words, one.raw_errors) == (5, 1)


def test_what_was_not_heard_at_all_counts_in_full() -> None:
    one = observed(sound("please try again"), "", "call-1")
    assert (one.errors, one.raw_errors) == (3, 3)


def test_a_sentence_that_was_taken_for_two_turns_is_joined() -> None:
    told = [
        agent_turn(0, 1),
        caller_turn(2, 3, "please try"),
        caller_turn(3.2, 4, "again"),
        caller_turn(9, 10, "Thanks"),
    ]
    assert transcripts([said(2, 4), said(15, 16)], told) == ["please try again", ""]


def test_the_figures_are_over_all_words() -> None:
    found = [observed(sound("one two three"), "one two", "a"), observed(sound("four"), "four", "b")]
    values = {one.name: (one.value, one.count) for one in measures(found)}
    assert values == {"conversation.word_error_rate": (25, 4), "conversation.word_error_rate_raw": (25, 4)}
    assert conditions(found, pool=400, unusable=3)["word_error_rate"]["recordings"] == {"prompts": 2}


@pytest.mark.parametrize(("text", "words"), [("Don’t, 3-way!", ["dont", "3", "way"]), ("", [])])
def test_raw_words(text: str, words: list[str]) -> None:
    assert raw(text) == words
