"""A model drafts a script part by part; what is wrong with one is told to it, and nothing unchecked is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agent.dialog.history import Message
from agent.dialog.mind_background import Reply
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import FindingCode
from agent.domain.script_slot import SlotType
from agent.domain.script_walk import Ask, Leave, advance, begin, opt_out
from agent.scripts.checker import check
from agent.scripts.draft import Part
from agent.scripts.part_check import read, wrong_in
from agent.scripts.part_schema import schema_of
from agent.scripts.prompts import EXAMPLES, request
from agent.scripts.writer import ATTEMPTS, Writer, Written

BRIEF = ScriptBrief(goal="Ask guests of Hotel Seeblick whether they liked it, and how many nights they want to stay.")
LIKED = {"about": "liked it", "type": "yes_no", "if_no": "end", "ask": "Did you like your stay?"}
NIGHTS = {"about": "How many nights", "type": "number", "ask": "How many nights would you like to stay?"}
DRAFT: dict[Part, Any] = {
    Part.OPENING: {
        "caller": "Hotel Seeblick.",
        "about": "your stay",
        "message": "We hope you are well. How are you?",
    },
    Part.QUESTIONS: [LIKED, NIGHTS],
    Part.OBJECTIONS: [{"they_say": "Why do you ask?", "answer": "We want to know how you liked it."}],
}


def _opening(**changes: str) -> dict[str, str]:
    return {"caller": "Hotel Seeblick", "about": "your stay", "message": "", **changes}


class Model:
    """Answers with DRAFT, and for some parts with other things first, one after the other."""

    def __init__(self, first: Mapping[Part, Sequence[object]] | None = None) -> None:
        self._first = {part: list(answers) for part, answers in (first or {}).items()}
        self.asked: list[tuple[Part, str]] = []
        self.temperatures: list[float] = []

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0,
    ) -> Reply:
        part = next(part for part in Part if schema == schema_of(part))
        self.asked.append((part, messages[-1].text))
        self.temperatures.append(temperature)
        waiting = self._first.get(part)
        answer = waiting.pop(0) if waiting else DRAFT[part]
        raw = isinstance(answer, str) and answer.startswith("raw ")
        return Reply(str(answer) if raw else json.dumps({part.value: answer}), complete=True)


def script_of(written: Written) -> CallScript:
    assert written.script is not None
    return written.script


async def test_a_good_draft_becomes_a_script_that_passes() -> None:
    model = Model()
    written = await Writer(model).write(BRIEF)
    assert written.good
    assert (written.attempts, written.left_out) == (1, ())
    assert [part for part, _ in model.asked] == list(Part)
    script = script_of(written)
    assert check(script) == []
    assert script.opening == "Good day, this is Hotel Seeblick. I am calling about your stay. We hope you are well."
    assert script.voicemail == "Good day, this is Hotel Seeblick. I was calling about your stay. Please call us back."
    assert [slot.name for slot in script.slots] == ["liked_it", "how_many_nights"]
    assert script.slots[1].confirm == "I understood {{how_many_nights}}. Is that right?"
    assert script.disclosures == ("I am an automated assistant.",)
    first = advance(script, begin(script), {})
    assert isinstance(first, Ask)
    ended = advance(script, first.place, {"liked_it": False})
    assert isinstance(ended, Leave)
    assert ended.exit.outcome == "not_wanted"
    done = advance(script, first.place, {"liked_it": True, "how_many_nights": 3})
    assert isinstance(done, Leave)
    assert done.exit.success
    assert opt_out(script).outcome == "do_not_call"


@pytest.mark.parametrize(
    ("part", "bad", "code", "told"),
    [
        (Part.OPENING, _opening(caller="[Name] of the hotel"), FindingCode.PLACEHOLDER, "[Name]"),
        (Part.OPENING, _opening(about="room 555"), FindingCode.INVENTED, "555"),
        (Part.OPENING, _opening(caller="your friend Robert"), FindingCode.INVENTED, "Robert"),
        (Part.OPENING, _opening(about="your stay on Monday"), FindingCode.INVENTED, "Monday"),
        (Part.OPENING, _opening(about="your stay tomorrow"), FindingCode.INVENTED, "tomorrow"),
        (Part.OPENING, _opening(caller="www.seeblick.example"), FindingCode.UNSPEAKABLE, "www.seeblick.example"),
        (Part.OPENING, _opening(about="what?"), FindingCode.QUESTION_BEFORE_DISCLOSURE, "asks something"),
        (Part.OBJECTIONS, [{"they_say": "Why?", "answer": "Ask Robert."}], FindingCode.INVENTED, "Robert"),
        (
            Part.OBJECTIONS,
            [{"they_say": "Why is it moved?", "answer": "The room is being painted."}],
            FindingCode.INVENTED,
            "painted",
        ),
        (Part.QUESTIONS, [{**NIGHTS, "ask": "Was {{bed}} good?"}], FindingCode.UNKNOWN_VARIABLE, "bed"),
        (Part.QUESTIONS, [{**NIGHTS, "type": "choice"}], FindingCode.CHOICES_MISSING, "choose"),
    ],
)
async def test_what_is_wrong_is_told_and_only_that_part_is_tried_again(
    part: Part, bad: object, code: FindingCode, told: str
) -> None:
    wrong = wrong_in(part, read(part, json.dumps({part.value: bad})), BRIEF)
    assert [finding.code for finding, _ in wrong] == [code]
    model = Model({part: [bad]})
    written = await Writer(model).write(BRIEF)
    assert (written.good, written.attempts) == (True, 2)
    assert [asked for asked, _ in model.asked] == [*Part, part]
    assert told in model.asked[-1][1]
    assert not any("tried before" in text for _, text in model.asked[:-1])
    assert [bool(degree) for degree in model.temperatures] == [False] * len(Part) + [True]


@pytest.mark.parametrize("bad", ["raw I cannot do that.", "raw {}", [], [{"about": "x"}], 'raw {"questions": [{'])
async def test_what_cannot_be_read_is_asked_for_again_and_told_where_it_never_comes(bad: object) -> None:
    assert (await Writer(Model({Part.QUESTIONS: [bad]})).write(BRIEF)).good
    written = await Writer(Model({Part.QUESTIONS: [bad] * ATTEMPTS})).write(BRIEF)
    assert (written.script, written.attempts) == (None, ATTEMPTS)
    assert [finding.code for finding in written.findings] == [FindingCode.NO_SCRIPT]
    assert written.findings[0].path.startswith("/questions")


async def test_a_model_that_never_gets_it_right_is_left_after_some_attempts() -> None:
    model = Model({Part.OPENING: [_opening(about="a gift")] * ATTEMPTS})
    written = await Writer(model).write(BRIEF.model_copy(update={"forbidden": ("a gift",)}))
    assert (written.good, written.attempts, len(model.asked)) == (False, ATTEMPTS, len(Part) + ATTEMPTS - 1)
    assert script_of(written).opening == "Good day, this is Hotel Seeblick. I am calling about a gift."
    assert {finding.code for finding in written.findings} == {FindingCode.FORBIDDEN_CLAIM}


async def test_the_best_of_a_part_is_kept() -> None:
    bad = [{**NIGHTS, "ask": "Is it [Name]?"}, {**LIKED, "ask": "Is it Robert, or [Name]?"}]
    model = Model({Part.QUESTIONS: [bad[:1], bad, "raw no"]})
    written = await Writer(model).write(BRIEF)
    assert [finding.code for finding in written.findings] == [FindingCode.PLACEHOLDER]


@pytest.mark.parametrize("bad", ["raw no", [{"they_say": "Why?", "answer": "Ask Robert."}]])
async def test_objections_are_left_out_where_they_are_never_right(bad: object) -> None:
    written = await Writer(Model({Part.OBJECTIONS: [bad] * ATTEMPTS})).write(BRIEF)
    assert written.good
    assert written.left_out == (Part.OBJECTIONS,)
    assert script_of(written).objections == ()


async def test_sentences_that_are_wrong_are_left_out_where_others_say_it() -> None:
    bad: dict[Part, list[object]] = {
        Part.OPENING: [_opening(message="We hope you are well. Call us at [Phone]. Did you like it?")],
        Part.OBJECTIONS: [[{"they_say": "Why?", "answer": "We want to know it. Ask Robert."}]],
    }
    written = await Writer(Model(bad)).write(BRIEF)
    assert (written.good, written.attempts) == (True, 1)
    script = script_of(written)
    assert script.opening.endswith("I am calling about your stay. We hope you are well.")
    assert script.objections[0].answer == "We want to know it."
    as_it_is = await Writer(Model(bad), attempts=1, mends=False).write(BRIEF)
    assert not as_it_is.good


async def test_a_choice_between_yes_and_no_is_a_yes_no_and_nothing_is_asked_twice() -> None:
    choice = {**LIKED, "type": "choice", "choices": ["Yes", "No."]}
    script = script_of(await Writer(Model({Part.QUESTIONS: [[choice, choice, NIGHTS]]})).write(BRIEF))
    assert [(slot.type, slot.choices) for slot in script.slots] == [(SlotType.YES_NO, ()), (SlotType.NUMBER, ())]


async def test_names_do_not_meet_and_are_good_names() -> None:
    abouts = ["Der Übergang!", "Der Übergang?", "  7 days", "???", "done"]
    questions = [{**NIGHTS, "about": about} for about in abouts]
    model = Model({Part.QUESTIONS: [questions]})
    script = script_of(await Writer(model, mends=False).write(BRIEF.model_copy(update={"language": "de"})))
    assert [slot.name for slot in script.slots] == [
        "der_ubergang",
        "der_ubergang_2",
        "answer_7_days",
        "answer",
        "done_2",
    ]
    assert script.fallbacks.silence == "Sind Sie noch da?"


@pytest.mark.parametrize("language", EXAMPLES)
def test_the_examples_keep_to_the_schemas_and_pass(language: str) -> None:
    goal, example = EXAMPLES[language]
    brief = ScriptBrief(goal=goal, language=language)
    for part in Part:
        shown = json.dumps({part.value: example[part]})
        Draft202012Validator(schema_of(part)).validate(json.loads(shown))
        assert wrong_in(part, read(part, shown), brief) == []
        assert json.dumps(example[part], ensure_ascii=False) in request(brief, part)[-1].text
    assert not {part.value for part in Part} ^ {part.value for part in example}


def test_a_question_has_what_belongs_to_its_type() -> None:
    valid = Draft202012Validator(schema_of(Part.QUESTIONS))
    assert valid.is_valid({"questions": [LIKED]})
    assert not valid.is_valid({"questions": [{**NIGHTS, "type": "choice"}]})
    assert not valid.is_valid({"questions": [{**NIGHTS, "choices": ["one", "two"]}]})
    assert not valid.is_valid({"questions": []})
