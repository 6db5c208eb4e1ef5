from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.word_marks import ON_ITS_WAY_MS, UNSURE_MS, WordMark, heard_text, word_marks

RATE = 8000
DOUBT = (ON_ITS_WAY_MS + UNSURE_MS) * RATE // 1000


def clip(*parts: tuple[bool, float]) -> bytes:
    """(speech or silence, seconds) one after the other; speech is noise at -20 dBFS."""
    random = np.random.default_rng(7)
    sound = [random.standard_normal(round(seconds * RATE)) * 0.1 * speech for speech, seconds in parts]
    return np.round(np.clip(np.concatenate(sound), -1, 1) * 32767).astype("<i2").tobytes()


def seconds(marks: list[WordMark]) -> list[float]:
    return [mark.sample / RATE for mark in marks]


def test_marks_stand_at_the_ends_of_the_words_in_the_text() -> None:
    text = "  Yes, we  are open. "
    marks = word_marks(text, clip((True, 1)), "en")
    assert [text[: mark.end].rsplit(maxsplit=1)[-1] for mark in marks] == text.split()


def test_silence_around_the_speech_is_not_shared_among_the_words() -> None:
    marks = word_marks("one two", clip((False, 0.5), (True, 1.0), (False, 1.5)), "en")
    assert seconds(marks) == [pytest.approx(0.97, abs=0.12), pytest.approx(1.5, abs=0.02)]


def test_a_pause_stands_where_the_punctuation_is() -> None:
    sound = clip((True, 0.3), (False, 0.4), (True, 1.3))
    yes, *_, last = seconds(word_marks("Yes, we are open on Saturday", sound, "en"))
    assert yes == pytest.approx(0.3, abs=0.02)
    assert last == pytest.approx(2.0, abs=0.02)


def test_a_clause_longer_or_shorter_than_expected_does_not_shift_the_next_one() -> None:
    sound = clip((True, 1.2), (False, 0.3), (True, 0.8), (False, 0.3), (True, 0.9))
    marks = seconds(word_marks("Bring your card, please come early, or call us", sound, "en"))
    assert marks[2] == pytest.approx(1.2, abs=0.02)
    assert marks[5] == pytest.approx(2.3, abs=0.02)


def test_a_pause_without_punctuation_takes_no_part_of_a_word() -> None:
    with_pause = seconds(word_marks("apples pears", clip((True, 0.6), (False, 0.5), (True, 0.6)), "en"))
    assert with_pause[0] < 1.2
    assert with_pause[1] == pytest.approx(1.7, abs=0.02)


def test_a_number_lasts_as_long_as_it_is_said() -> None:
    number, _ = seconds(word_marks("$1,750.99 thanks", clip((True, 3.0)), "en"))
    word, _ = seconds(word_marks("number thanks", clip((True, 3.0)), "en"))
    assert number > 2.2 > word


def test_without_sound_every_word_ends_with_the_clip() -> None:
    assert word_marks("a b", bytes(320), "en") == [WordMark(1, 160), WordMark(3, 160)]
    assert word_marks("", clip((True, 1)), "en") == []


MARKS = [WordMark(4, 4000), WordMark(7, 8000), WordMark(12, 12000)]
TEXT = "Yes, we open."


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (0, ""),
        (4000, ""),
        (4000 + DOUBT - 1, ""),
        (4000 + DOUBT, "Yes,"),
        (8000 + DOUBT - 1, "Yes,"),
        (8000 + DOUBT, "Yes, we"),
        (12000 + DOUBT, "Yes, we open"),
    ],
)
def test_a_word_is_heard_when_it_surely_ended_at_the_callers_ear(sent: int, heard: str) -> None:
    assert heard_text(TEXT, MARKS, sent) == heard


@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["Yes,", "$60", "9:30", "...", "ん", "a", "—"])).map(" ".join),
    st.binary(max_size=6000),
    st.sampled_from(["en", "de", "ja"]),
)
def test_marks_rise_within_the_clip_whatever_the_text_and_the_sound(text: str, pcm: bytes, language: str) -> None:
    marks = word_marks(text, pcm, language)
    assert len(marks) == len(text.split())
    assert [mark.sample for mark in marks] == sorted(mark.sample for mark in marks)
    assert all(0 <= mark.sample <= len(pcm) // 2 for mark in marks)
    assert all(heard_text(text, marks, sent) in text for sent in (0, 800, 3000))
