"""When an answer may yield to another, and how urgent the rest of it is."""

from __future__ import annotations

import pytest

from agent.dialog.mind_written import FIRST_WORDS, Written
from agent.speech.urgency import Escalation, Urgency


def written(*pieces: str) -> Written:
    answer = Written()
    for piece in pieces:
        answer.add(piece)
    return answer


@pytest.mark.parametrize(
    ("pieces", "urgency"),
    [
        ((), Urgency.CALLER_WAITS),
        (("We", " open"), Urgency.CALLER_WAITS),
        (("It", " is", " 9", ".", "50"), Urgency.CALLER_WAITS),
        (("Yes", ",", " we"), Urgency.CALLER_LISTENS),
        ((" word",) * (FIRST_WORDS + 1), Urgency.CALLER_LISTENS),
    ],
)
def test_what_can_be_spoken_makes_the_rest_less_urgent(pieces: tuple[str, ...], urgency: Urgency) -> None:
    assert written(*pieces).urgency(Urgency.CALLER_WAITS) is urgency


def test_the_rest_of_a_speculation_is_no_more_urgent_than_its_beginning() -> None:
    work = Escalation(Urgency.SPECULATION)
    assert written("Yes", ",", " we").urgency(work) is Urgency.SPECULATION
    work.raise_to(Urgency.CALLER_WAITS)
    assert written("Yes", ",", " we").urgency(work) is Urgency.CALLER_LISTENS


def test_an_answer_yields_between_words_only() -> None:
    answer = written("Har")
    assert not answer.may_pause_before("bour")
    assert answer.may_pause_before(" Street")
    assert written().may_pause_before("Har")
