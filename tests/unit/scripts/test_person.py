"""What a simulated callee hears in the agent's words, and answers."""

from __future__ import annotations

from datetime import date

from agent.domain.script_rehearsal import Caller
from agent.scripts.asked import asked, wants_spelling
from agent.scripts.callees import Callee
from agent.scripts.person import Person
from tests.unit.dialog.booking import BOOKING

TODAY = date(2026, 11, 27)


def heard(text: str) -> str | None:
    question = asked(BOOKING, text)
    return question.slot.name if question else None


def test_a_question_is_heard_whatever_stands_in_its_places() -> None:
    assert heard("All right. Which day suits you for Dr. Lee?") == "day"
    assert heard("So I book Tuesday, December 1 for Anna Miller. Is that right?") == "agreed"


def test_the_last_question_counts() -> None:
    assert heard("May I have your name, please? Thank you. On what day would you like to come?") == "day"


def test_what_the_script_does_not_ask_is_no_question() -> None:
    assert heard("Of course, take your time.") is None


def test_a_place_alone_is_no_question() -> None:
    slot = BOOKING.slots[0].model_copy(update={"ask": "{{doctor}}", "ask_again": ""})
    assert asked(BOOKING.model_copy(update={"slots": (slot,)}), "Anything.") is None


def test_whoever_hesitates_answers_when_the_question_stands_longer() -> None:
    person = Person(Callee(Caller.HESITANT), BOOKING, today=TODAY)

    said = [person.reply(text) for text in ("May I have your name, please?", "Of course, take your time.")]

    assert said == ["Hm, let me see.", "My name is Anna Miller."]


def test_a_name_is_spelled_where_that_is_asked() -> None:
    text = "I am sorry, I did not get the name right. Please spell it for me, letter by letter."

    assert wants_spelling(BOOKING, text)
    assert Person(Callee(Caller.COOPERATIVE), BOOKING, today=TODAY).reply(text) == "A, N, N, A. M, I, L, L, E, R."


def test_all_that_is_said_is_known_before_the_call() -> None:
    for kind in Caller:
        if kind is not Caller.VOICEMAIL:
            person = Person(Callee(kind), BOOKING, today=TODAY)
            asks = ["May I have your name, please?", "Which day suits you for Dr. Lee?", "Is that right?", "What?"]
            assert {person.reply(ask) for ask in asks * 2} <= person.sentences
