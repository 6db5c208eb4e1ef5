import asyncio
from collections.abc import Sequence
from datetime import date

import pytest

from agent.dialog.script.script_talk import ScriptTalk
from agent.dialog.script.talk_state import LineKind, Move
from agent.domain.script import CallScript
from agent.domain.script_slot import Slot
from agent.domain.script_values import SlotValue
from agent.errors import LanguageModelError
from tests.unit.dialog.booking import BOOKING

FRIDAY = date(2026, 11, 27)


class Written:
    """A conversation in writing."""

    def __init__(self, script: CallScript = BOOKING, helper: "Knowing | None" = None) -> None:
        self.talk = ScriptTalk(script, {"doctor": "Dr. Lee"}, today=FRIDAY, helper=helper)
        self.heard = self._say(self.talk.begin())

    def _say(self, move: Move) -> list[str]:
        self.talk.commit(move)
        for line in move.lines:
            self.talk.said(line)
        return [line.text for line in move.lines]

    def hears(self, text: str) -> list[str]:
        """What is said to these words."""
        return self._say(asyncio.run(self.talk.consider(text)))

    @property
    def outcome(self) -> str | None:
        return self.talk.progress().outcome

    @property
    def slots(self) -> dict[str, SlotValue]:
        return dict(self.talk.progress().slots)


class Knowing:
    """A model that answers everything in the same way."""

    def __init__(self, answer: str | LanguageModelError = "It costs $60.", value: SlotValue = None) -> None:
        self._answer, self._value = answer, value
        self.asked: list[str] = []

    async def value(self, slot: Slot, question: str, text: str) -> SlotValue:
        del slot, question
        self.asked.append(text)
        return self._value

    async def answer(self, question: str, *, known: Sequence[str]) -> str:
        del known
        self.asked.append(question)
        if isinstance(self._answer, LanguageModelError):
            raise self._answer
        return self._answer


def test_opening_disclosure_and_first_question_come_in_this_order() -> None:
    move = ScriptTalk(BOOKING, {}, today=FRIDAY).begin()

    assert [line.text for line in move.lines] == [
        "Hello, this is Anna from Lakeside Dental.",
        "I am a computer, and this call is not recorded.",
        "May I have your name, please?",
    ]
    assert [line.kind for line in move.lines] == [LineKind.SAY, LineKind.DISCLOSURE, LineKind.QUESTION]


def test_a_cooperative_callee_is_led_to_the_end() -> None:
    call = Written()

    assert call.hears("Anna Miller.")[-1] == "Which day suits you for Dr. Lee?"
    assert call.hears("Tuesday would be good.")[-1] == "So I book Tuesday, December 1 for Anna Miller. Is that right?"
    assert call.hears("Yes, please.") == ["See you on Tuesday, December 1. Goodbye."]
    assert call.slots == {"name": "Anna Miller", "day": "2026-12-01", "agreed": True}
    assert call.outcome == "booked"


def test_several_values_in_one_answer_are_all_taken() -> None:
    call = Written()

    said = call.hears("My name is John Smith and next Wednesday would be great.")

    assert said[-1] == "So I book Wednesday, December 2 for John Smith. Is that right?"


@pytest.mark.parametrize(
    ("correction", "asked"),
    [
        ("No, Thursday.", "Shall I book Thursday, December 3 for John Smith, yes or no?"),
        ("No, my name is Mary Jones.", "Shall I book Wednesday, December 2 for Mary Jones, yes or no?"),
        ("Sorry, I meant the 10th.", "Shall I book Thursday, December 10 for John Smith, yes or no?"),
    ],
)
def test_a_correction_takes_the_place_of_what_was_said(correction: str, asked: str) -> None:
    call = Written()
    call.hears("My name is John Smith and next Wednesday would be great.")

    assert call.hears(correction)[-1] == asked
    call.hears("Yes.")
    assert call.outcome == "booked"


def test_a_no_asks_for_the_day_again_in_other_words() -> None:
    call = Written()
    call.hears("My name is John Smith and Tuesday is fine.")
    call.hears("No.")

    assert call.slots == {"name": "John Smith"}
    assert call.hears("Monday")[-1] == "Shall I book Monday, November 30 for John Smith, yes or no?"


def test_what_was_not_understood_is_asked_again_and_given_up_in_the_end() -> None:
    call = Written()

    again = ["I am sorry, I did not catch that.", "What is your full name?"]
    assert call.hears("dum dee dum dee dum dee") == again
    assert call.hears("") == again
    assert call.hears("no no no") == ["I will have somebody call you. Goodbye."]
    assert call.outcome == "not_reached"


def test_a_day_that_may_not_be_is_refused_with_the_reason() -> None:
    call = Written()
    call.hears("Anna Miller")

    assert call.hears("yesterday") == ["That day is too early.", "On what day would you like to come?"]
    assert "day" not in call.slots


def test_a_question_is_answered_and_the_open_one_asked_again() -> None:
    call = Written(helper=Knowing())

    assert call.hears("How much does it cost?") == ["It costs $60.", "May I have your name, please?"]
    assert call.hears("Anna Miller. And how much is it?")[0] == "It costs $60."
    assert call.slots == {"name": "Anna Miller"}


def test_a_model_that_fails_leaves_a_question_unanswered_and_nothing_else() -> None:
    call = Written(helper=Knowing(LanguageModelError("away", code="llm_timeout")))

    said = call.hears("How much does it cost?")

    assert said == ["I am afraid I do not know that.", "May I have your name, please?"]


def test_an_objection_is_answered_by_the_script() -> None:
    call = Written(helper=Knowing())

    said = call.hears("Where did you get my number from?")

    assert said == ["You gave it to us at your last visit.", "May I have your name, please?"]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Don't ever call me again!", "opted_out"),
        ("I'm not interested.", "refused"),
        ("Goodbye.", "refused"),
        ("Can I talk to a real person, please?", "handed_over"),
    ],
)
def test_whoever_wants_out_gets_out(words: str, outcome: str) -> None:
    call = Written()

    call.hears(words)

    assert call.outcome == outcome


def test_a_moment_and_the_question_once_more() -> None:
    call = Written()

    assert call.hears("Just a moment.") == ["Of course, take your time."]
    assert call.hears("Sorry?") == ["May I have your name, please?"]
    assert call.hears("Anna Miller")[-1] == "Which day suits you for Dr. Lee?"


def test_what_rules_cannot_read_the_model_may() -> None:
    call = Written(helper=Knowing(value="Anna"))

    call.hears("you know me it is your old friend Anna I think")

    assert call.slots == {"name": "Anna"}


def test_a_value_of_the_model_s_that_is_not_right_is_not_taken() -> None:
    call = Written(helper=Knowing(value=5))

    call.hears("it is what it is and I think you know")

    assert call.slots == {}


def test_considering_changes_nothing() -> None:
    talk = ScriptTalk(BOOKING, {}, today=FRIDAY)
    talk.commit(talk.begin())
    before = talk.progress()

    asyncio.run(talk.consider("Anna Miller"))

    assert talk.progress() == before


def test_a_disclosure_that_was_cut_off_before_it_began_is_said_before_all_else() -> None:
    talk = ScriptTalk(BOOKING, {}, today=FRIDAY)
    opening = talk.begin()
    talk.commit(opening)
    talk.said(opening.lines[0])

    move = asyncio.run(talk.consider("Hello?"))

    assert next(line.text for line in move.lines) == "I am a computer, and this call is not recorded."
    assert move.lines[-1].text == "What is your full name?"


def test_nobody_talks_for_ever() -> None:
    call = Written(helper=Knowing())

    for _ in range(200):
        call.hears("What does it cost?")

    assert call.outcome == "not_reached"


def test_nobody_there_is_given_up() -> None:
    talk = ScriptTalk(BOOKING, {}, today=FRIDAY)
    talk.commit(talk.begin())

    assert [line.text for line in talk.silence().lines][-1] == "May I have your name, please?"
    talk.commit(talk.nobody_there())
    assert talk.progress().outcome == "not_reached"


def test_a_name_that_is_misheard_twice_is_to_be_spelled() -> None:
    call = Written()
    call.hears("My name is Susan Lark and Tuesday is fine.")

    assert call.hears("No, my name is Susan Lark.")[-1].endswith("Please spell it for me, letter by letter.")
    said = call.hears("S-U-S-A-N. T-A-Y-L-O-R.")
    assert said[-1] == "Shall I book Tuesday, December 1 for Susan Taylor, yes or no?"
    call.hears("Yes.")
    assert call.slots["name"] == "Susan Taylor"


def test_a_name_that_no_rule_takes_for_one_is_to_be_spelled_too_when_it_is_said_again() -> None:
    call = Written(helper=Knowing(value="Henry the Zero's Cook"))
    call.hears("I'm Henry the Zero's Cook.")
    call.hears("Tuesday is fine.")

    assert call.hears("No, my name is Henry the Zero's Cook.")[-1].endswith("Please spell it for me, letter by letter.")
    call.hears("H-E-N-R-Y-C-O-O-K.")
    call.hears("Yes.")
    assert call.slots["name"] == "Henry Cook"


def test_letters_without_a_pause_find_the_words_of_the_name_as_it_was_misheard() -> None:
    call = Written()
    call.hears("My name is Karen Hell and Tuesday is fine.")
    call.hears("No, my name is Karen Hell.")
    assert call.hears("K-A-R-E-N-H-I-L-L.")[-1] == "Shall I book Tuesday, December 1 for Karen Hill, yes or no?"
