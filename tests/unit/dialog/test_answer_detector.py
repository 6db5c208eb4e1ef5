from __future__ import annotations

import pytest

from agent.dialog.answer_cues import Cue, cues
from agent.dialog.answer_detector import AnswerDetector
from agent.domain.answered_by import Answer, AnsweredBy, AnswerRule

WINDOW_MS = 32


def heard(detector: AnswerDetector, *script: tuple[bool, int]) -> list[Answer]:
    """(speech, milliseconds) in turn."""
    found = [detector.hear(speech, WINDOW_MS) for speech, ms in script for _ in range(ms // WINDOW_MS)]
    return [answer for answer in found if answer]


def after(text: str, speech_ms: int, quiet_ms: int) -> Answer | None:
    """What is decided of words that are known as soon as they were said."""
    detector = AnswerDetector()
    heard(detector, (False, 320), (True, speech_ms))
    if by_words := detector.understood(text, speech_ms + 400):
        return by_words
    heard(detector, (False, quiet_ms))
    return detector.answer


@pytest.mark.parametrize(
    ("text", "speech_ms", "quiet_ms"),
    [
        ("Hello?", 500, 320),
        ("Hello.", 500, 480),
        ("Miller and Sons, this is Janet speaking.", 2200, 320),
        ("Good morning, Miller and Sons, this is Janet speaking, how can I help you?", 4500, 320),
        ("She's not here, would you like to leave a message?", 2600, 320),
        ("He isn't available right now.", 1700, 1344),
        ("Can I take a message?", 1200, 320),
        ("Guten Tag, hier ist Weber, was kann ich für Sie tun?", 3000, 320),
    ],
)
def test_people_are_known_soon_after_they_fall_silent(text: str, speech_ms: int, quiet_ms: int) -> None:
    answer = after(text, speech_ms, quiet_ms)
    assert answer is not None
    assert answer.by is AnsweredBy.PERSON


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("Please leave your name", AnsweredBy.VOICEMAIL),
        ("You've reached Tom", AnsweredBy.VOICEMAIL),
        ("The person you are calling", AnsweredBy.VOICEMAIL),
        ("Sie sind verbunden mit der Mailbox von", AnsweredBy.VOICEMAIL),
        ("Bitte hinterlassen Sie eine Nachricht nach dem Signalton", AnsweredBy.VOICEMAIL),
        ("You have reached Tom. The mailbox is full", AnsweredBy.MAILBOX_FULL),
        ("For English, press one", AnsweredBy.IVR),
        ("Für den Kundendienst drücken Sie die eins", AnsweredBy.IVR),
        ("Please say your name and why you're calling", AnsweredBy.CALL_SCREENING),
    ],
)
def test_machines_are_known_while_they_speak(text: str, by: AnsweredBy) -> None:
    detector = AnswerDetector()
    heard(detector, (True, 1600))
    answer = detector.understood(text, 1600)
    assert answer is not None
    assert (answer.by, answer.rule, answer.heard, answer.decided_ms) == (by, AnswerRule.WORDS, text, 1600)


def test_who_thanks_for_calling_is_waited_for() -> None:
    assert after("Thank you for calling Miller and Sons.", 2200, 1300) is None
    answer = after("Thank you for calling Miller and Sons.", 2200, 1500)
    assert answer is not None
    assert answer.by is AnsweredBy.PERSON


@pytest.mark.parametrize(
    "text",
    [
        "Yes, hello, I'm on",
        "Good morning, Ashton Flowers",
        "Marketing, Sarah speaking",
        "Hello, is anybody there",
        "Thank you for calling Baker Insurance, this is Mark",
        "Ja, wer ist da",
    ],
)
def test_people_are_known_while_they_speak_and_heard_out(text: str) -> None:
    detector = AnswerDetector()
    heard(detector, (True, 1600))
    assert detector.understood(text, 1280) is None, "ears may have made it up"
    answer = detector.understood(text, 1600)
    assert answer is not None
    assert (answer.by, answer.rule, answer.decided_ms) == (AnsweredBy.PERSON, AnswerRule.WORDS, 1600)
    assert heard(detector, (True, 8000)) == []
    assert not detector.waits_for_us
    detector.understood(text, 9600)
    heard(detector, (False, 960))
    assert detector.waits_for_us


def test_who_seemed_a_person_only_once_was_never_taken_for_one() -> None:
    detector = AnswerDetector()
    heard(detector, (True, 2400))
    assert detector.understood("Is he right?", 800) is None
    answer = detector.understood("If you record your name", 1600)
    assert answer is not None
    assert answer.by is AnsweredBy.CALL_SCREENING


def test_a_person_who_turns_out_to_be_recorded_is_a_machine_before_we_speak() -> None:
    detector = AnswerDetector()
    heard(detector, (True, 1600))
    detector.understood("Yes, this is", 1280)
    detector.understood("Yes, this is Tom", 1600)
    assert detector.answer
    heard(detector, (True, 1600))
    answer = detector.understood("Yes, this is Tom, please leave a message after the tone", 3200)
    assert answer is not None
    assert (answer.by, detector.waits_for_us) == (AnsweredBy.VOICEMAIL, False)


def test_noise_that_goes_on_keeps_nobody_waiting() -> None:
    detector = AnswerDetector()
    heard(detector, (True, 1600))
    assert detector.understood("", 1600) is None
    assert [(one.by, one.decided_ms) for one in heard(detector, (True, 1600))] == [(AnsweredBy.UNCERTAIN, 2016)]


@pytest.mark.parametrize("text", ["Good morning. This is the answering", "No one is", "Hi, sorry I missed your"])
def test_machines_begin_like_people(text: str) -> None:
    assert Cue.PERSON_ONLY not in cues(text)


def test_a_word_in_the_noise_of_others_is_a_person_who_waits() -> None:
    detector = AnswerDetector()
    for _ in range(4):
        heard(detector, (True, 640))
        detector.understood("Hello", 640 * (_ + 1))
    assert detector.answer is not None
    assert detector.answer.by is AnsweredBy.PERSON


def test_a_click_is_nobody() -> None:
    detector = AnswerDetector()
    found = heard(detector, (False, 320), (True, 96), (False, 1700))
    assert [(one.by, one.speech_began_ms) for one in found] == [(AnsweredBy.UNCERTAIN, None)]


def test_silence_is_undecided_until_somebody_speaks() -> None:
    detector = AnswerDetector()
    found = heard(detector, (False, 3000), (True, 500), (False, 1000))
    assert [one.by for one in found] == [AnsweredBy.UNCERTAIN, AnsweredBy.PERSON]


def test_a_beep_is_a_machine_until_somebody_takes_part() -> None:
    detector = AnswerDetector()
    heard(detector, (True, 600), (False, 1000))
    answer = detector.beep(1700)
    assert answer is not None
    assert (answer.by, answer.rule, answer.beep_ms) == (AnsweredBy.VOICEMAIL, AnswerRule.BEEP, 1700)
    talking = AnswerDetector()
    heard(talking, (True, 600), (False, 1000))
    talking.settle()
    assert talking.beep(1700) is None


def test_endless_speech_that_is_not_understood_is_a_machine() -> None:
    found = heard(AnswerDetector(), (True, 9600))
    assert [(one.by, one.rule) for one in found] == [(AnsweredBy.VOICEMAIL, AnswerRule.WENT_ON)]


def test_an_offer_to_take_a_message_is_a_person_s() -> None:
    assert cues("Would you like to leave a message?") == {Cue.PERSON, Cue.OFFER}
    assert Cue.VOICEMAIL in cues("Leave a message")


def test_half_a_sentence_of_a_switchboard_is_not_a_machine_s() -> None:
    assert Cue.VOICEMAIL not in cues("You've reached the")
    assert Cue.VOICEMAIL in cues("You've reached Tom")
