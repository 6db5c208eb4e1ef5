from __future__ import annotations

import pytest

from agent.dialog.answer_detector import AnswerDetector
from agent.dialog.answer_words import KINDS, features, judged, likelihoods, split
from agent.domain.answered_by import AnsweredBy


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("Hello?", AnsweredBy.PERSON),
        ("Yes, hello, who is this please?", AnsweredBy.PERSON),
        ("I'm not around, leave a message after the beep", AnsweredBy.VOICEMAIL),
        ("The mailbox is full and can not accept any messages", AnsweredBy.MAILBOX_FULL),
        ("For billing, press one. For support, press two", AnsweredBy.IVR),
        ("Please say your name and why you are calling", AnsweredBy.CALL_SCREENING),
    ],
)
def test_words_tell_who_says_them(text: str, by: AnsweredBy) -> None:
    found = likelihoods(text)
    assert max(found, key=found.__getitem__) is by
    assert sum(found.values()) == pytest.approx(1)
    assert set(found) == set(KINDS)


@pytest.mark.parametrize("text", ["", "...", "Bartholomew Szczepanski", "Guten Tag, hier spricht Weber am Apparat"])
def test_what_is_not_known_is_not_judged(text: str) -> None:
    assert judged(text) is None


def test_spellings_of_ears_are_one() -> None:
    assert split("You've reached my voice mail. I can’t talk: 5.") == split(
        "you have reached my voicemail i cannot talk five"
    )


def test_the_beginning_and_unknown_words_count() -> None:
    assert set(features(["hi", "zoe"], {"hi"}, asks=True)) == {
        "^", "hi", "_", "^ hi", "hi _", "^ hi _", "<=2", "?",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("person", "text", "by"),
    [
        (0.01, "quite some words", AnsweredBy.IVR),
        (0.5, "quite some words", None),
        (0.99, "quite some words", AnsweredBy.PERSON),
        (0.99, "two words", None),
        (0.9, "please leave a message", None),
        (0.1, "please leave a message", AnsweredBy.VOICEMAIL),
        (0.1, "yes it is me", None),
        (0.7, "yes it is me", AnsweredBy.PERSON),
    ],
)
def test_words_as_a_whole_decide_and_overrule_sayings(person: float, text: str, by: AnsweredBy | None) -> None:
    likely = dict.fromkeys(KINDS, 0.0) | {AnsweredBy.PERSON: person, AnsweredBy.IVR: 1 - person}
    detector = AnswerDetector(judge=lambda _: likely)
    for _ in range(50):
        detector.hear(True, 32)  # noqa: FBT003 -- speech, as its signature says
    detector.understood(text, 1280)
    detector.understood(text, 1600)
    assert (detector.answer.by if detector.answer else None) is by
