"""A model drafts a script; what is wrong with it is told to the model, and nothing unchecked is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agent.dialog.history import Message
from agent.dialog.mind_background import Reply
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import FindingCode
from agent.domain.script_slot import SlotType
from agent.domain.script_walk import Ask, Leave, advance, begin, opt_out
from agent.scripts.checker import check
from agent.scripts.draft import draft_schema
from agent.scripts.prompts import RULES
from agent.scripts.writer import ATTEMPTS, Writer, read

BRIEF = ScriptBrief(goal="Ask guests of Hotel Seeblick whether they liked it, and how many nights they want to stay.")
DRAFT: dict[str, Any] = {
    "opening": "Good day, this is Hotel Seeblick. We hope you are well. How are you?",
    "questions": [
        {
            "about": "liked it",
            "type": "yes_no",
            "choices": [],
            "ask": "Did you like your stay?",
            "ask_again": "Was it good?",
            "if_no": "end",
        },
        {
            "about": "How many nights",
            "type": "number",
            "choices": [],
            "ask": "How many nights would you like to stay?",
            "ask_again": "For how many nights?",
            "if_no": "go on",
        },
    ],
    "thanks": "Thank you, and goodbye.",
    "objections": [{"they_say": "Why do you ask?", "answer": "We want to know how you liked it."}],
    "voicemail": "This is Hotel Seeblick. Please call us back.",
}


class Model:
    """Answers with these, one after the other, the last one for ever."""

    def __init__(self, *answers: object) -> None:
        self._answers = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
        self.asked: list[str] = []

    async def ask(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Reply:
        assert schema == draft_schema()
        self.asked.append(messages[-1].text)
        return Reply(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0], complete=True)


def _with(**changes: object) -> dict[str, Any]:
    return {**DRAFT, **changes}


async def test_a_good_draft_becomes_a_script_that_passes() -> None:
    written = await Writer(Model(DRAFT)).write(BRIEF)
    assert written.good
    assert written.attempts == 1
    script = written.script
    assert script is not None
    assert check(script) == []
    assert script.opening == "Good day, this is Hotel Seeblick. We hope you are well."
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
    ("bad", "code", "told"),
    [
        (_with(opening="Hello, this is [Name] of the hotel."), FindingCode.PLACEHOLDER, "[Name]"),
        (_with(voicemail="Call 555 1234."), FindingCode.INVENTED, "555"),
        (_with(thanks="Thank you, your friend Robert."), FindingCode.INVENTED, "Robert"),
        (_with(thanks="See www.seeblick.example for more."), FindingCode.UNSPEAKABLE, "www.seeblick.example"),
        (_with(questions=[]), FindingCode.NO_SCRIPT, "at least 1"),
        ("I cannot do that.", FindingCode.NO_SCRIPT, "JSON"),
    ],
)
async def test_what_is_wrong_is_told_and_tried_again(bad: object, code: FindingCode, told: str) -> None:
    model = Model(bad, DRAFT)
    assert code in {finding.code for finding in read(bad if isinstance(bad, str) else json.dumps(bad), BRIEF)[1]}
    written = await Writer(model).write(BRIEF)
    assert (written.good, written.attempts) == (True, 2)
    assert told in model.asked[1]
    assert "tried before" not in model.asked[0]


async def test_a_model_that_never_gets_it_right_is_left_after_some_attempts() -> None:
    model = Model(_with(thanks="It is a gift!"))
    written = await Writer(model).write(BRIEF.model_copy(update={"forbidden": ("a gift",)}))
    assert (written.good, written.attempts, len(model.asked)) == (False, ATTEMPTS, ATTEMPTS)
    assert written.script is not None
    assert [finding.code for finding in written.findings] == [FindingCode.FORBIDDEN_CLAIM]


async def test_the_best_script_is_kept() -> None:
    written = await Writer(Model(_with(thanks="Ask [Name]."), "no", "no")).write(BRIEF)
    assert written.script is not None
    assert [finding.code for finding in written.findings] == [FindingCode.PLACEHOLDER]


def test_names_do_not_meet_and_are_good_names() -> None:
    question = DRAFT["questions"][1]
    abouts = ["Der Übergang!", "Der Übergang?", "  7 days", "???", "done"]
    questions = [{**question, "about": about} for about in abouts]
    script, findings = read(json.dumps(_with(questions=questions)), BRIEF.model_copy(update={"language": "de"}))
    assert script is not None
    assert [slot.name for slot in script.slots] == [
        "der_ubergang",
        "der_ubergang_2",
        "answer_7_days",
        "answer",
        "done_2",
    ]
    assert not findings
    assert script.fallbacks.silence == "Sind Sie noch da?"


def test_the_example_of_the_rules_keeps_to_the_schema_and_passes() -> None:
    example = next(line for line in RULES.splitlines() if line.startswith("{"))
    Draft202012Validator(draft_schema()).validate(json.loads(example))
    goal = "Ask pupils of the Harbour Music School for a new day and teacher of their piano lesson"
    script, findings = read(example, ScriptBrief(goal=goal))
    assert not findings
    assert script is not None
    assert script.slots[2].type is SlotType.CHOICE
