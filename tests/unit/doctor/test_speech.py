from __future__ import annotations

import pytest

from agent.doctor.speech import ENGLISH, sentence_of, understood
from agent.domain.agent import Agent


@pytest.mark.parametrize(
    ("heard", "share"),
    [
        ("Please call me back tomorrow morning.", 1.0),
        (" please, CALL me back, tomorrow morning", 1.0),
        ("please call me", 0.5),
        ("morning morning morning", 1 / 6),
        ("", 0.0),
    ],
)
def test_understanding_is_the_share_of_words_that_were_heard(heard: str, share: float) -> None:
    assert understood(ENGLISH, heard) == pytest.approx(share)


def test_the_sentence_is_in_the_agents_language() -> None:
    german = Agent(name="a", greeting="Guten Tag, Praxis am See. Was kann ich tun?", instructions="x", language="de")
    assert sentence_of(german) == "Guten Tag, Praxis am See."
    assert sentence_of(german.model_copy(update={"language": "en"})) == ENGLISH


def test_a_greeting_without_an_end_is_said_whole() -> None:
    agent = Agent(name="a", greeting="Guten Tag", instructions="x", language="de")
    assert sentence_of(agent) == "Guten Tag"
