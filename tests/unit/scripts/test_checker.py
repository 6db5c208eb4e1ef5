"""The check finds each thing that would go wrong in a call, and names its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from agent.domain.script import CallScript
from agent.domain.script_finding import FindingCode, Severity, passes
from agent.scripts.checker import check

Change = Callable[[dict[str, Any]], None]

GOOD: dict[str, Any] = {
    "name": "Reminder",
    "purpose": "Hear whether people come to their appointment.",
    "variables": {"patient": "Ann Miller"},
    "facts": {"place": "We are at 12 Lake Road.", "hours": "We open at nine."},
    "opening": "Good day, {{patient}}. This is Lakeside Dental.",
    "disclosures": ["I am an automated assistant."],
    "slots": [
        {"name": "comes", "type": "yes_no", "ask": "Will you come on Tuesday?"},
        {"name": "day", "type": "date", "ask": "Which day suits you?", "confirm": "So {{day}}?"},
        {"name": "when", "type": "choice", "ask": "Morning or noon?", "choices": ["morning", "noon"]},
        {"name": "guests", "type": "number", "ask": "How many come with you?", "required": False},
    ],
    "states": [
        {
            "name": "start",
            "slots": ["comes"],
            "transitions": [
                {"when": [{"slot": "comes", "value": True}], "to": "thanks"},
                {"when": [{"slot": "comes", "value": False}], "to": "other"},
            ],
        },
        {
            "name": "other",
            "say": "No problem. {{facts.hours}}",
            "slots": ["day", "when"],
            "transitions": [{"to": "thanks"}],
        },
        {
            "name": "thanks",
            "slots": ["guests"],
            "transitions": [
                {"when": [{"slot": "guests", "compare": "less", "value": 3}], "to": "done"},
                {"when": [{"slot": "guests", "compare": "more", "value": 2}], "to": "many"},
                {"when": [{"slot": "guests", "compare": "unknown"}], "to": "done"},
            ],
        },
    ],
    "exits": [
        {"name": "done", "outcome": "completed", "success": True, "say": "See you then. {{facts.place}}"},
        {"name": "many", "outcome": "too_many", "hand_over_to": "front desk"},
        {"name": "gone", "outcome": "not_reached"},
    ],
    "objections": [{"when": "Who are you?", "answer": "I call for the practice."}],
    "forbidden": ["free of charge"],
    "fallbacks": {"give_up": "gone", "opt_out": "gone"},
    "hand_overs": [{"when": "They ask for a person.", "exit": "many"}],
    "voicemail": "Please call Lakeside Dental, {{patient}}.",
}


def _set(path: str, value: Any) -> Change:
    def change(script: dict[str, Any]) -> None:
        *steps, last = path.strip("/").split("/")
        part: Any = script
        for step in steps:
            part = part[int(step) if isinstance(part, list) else step]
        if isinstance(part, list):
            part[int(last) : int(last) + 1] = [value]
        else:
            part[last] = value

    return change


def _found(*changes: Change) -> dict[tuple[str, str], Severity]:
    script = copy.deepcopy(GOOD)
    for change in changes:
        change(script)
    return {(f.code.value, f.path): f.severity for f in check(CallScript.model_validate(script))}


def test_a_good_script_has_no_findings() -> None:
    assert check(CallScript.model_validate(GOOD)) == []


EXTRA_STATE = {"name": "island", "transitions": [{"to": "done"}]}
BACK = [{"when": [{"slot": "comes", "value": True}], "to": "thanks"}, {"to": "other"}]


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        ("/states/3", EXTRA_STATE, "state_unreachable", "/states/3"),
        ("/exits/3", {"name": "never", "outcome": "never"}, "exit_unreachable", "/exits/3"),
        ("/slots/4", {"name": "more", "ask": "More?"}, "slot_not_asked", "/slots/4"),
        ("/states/0/transitions", BACK[:1], "dead_end", "/states/0/transitions"),
        ("/states/1/transitions", [], "dead_end", "/states/1/transitions"),
        ("/states/2/transitions/2", {"when": [{"slot": "guests"}], "to": "done"}, "dead_end", "/states/2/transitions"),
        ("/states/1/transitions/0/to", "start", "endless_loop", "/states/0/transitions"),
        ("/states/0/transitions", [*BACK, {"to": "done"}], "way_never_taken", "/states/0/transitions/2"),
        ("/states/0/transitions/0/when/0/slot", "day", "condition_before_question", "/states/0/transitions/0/when/0"),
        ("/states/0/transitions/0/when/0/value", "yes", "wrong_value", "/states/0/transitions/0/when/0/value"),
        ("/states/2/transitions/0/when/0/value", "2", "wrong_value", "/states/2/transitions/0/when/0/value"),
        ("/states/0/slots/1", "nothing", "unknown_slot", "/states/0/slots/1"),
        ("/states/0/transitions/0/when/0/slot", "x", "unknown_slot", "/states/0/transitions/0/when/0/slot"),
        ("/states/1/transitions/0/forget", ["x"], "unknown_slot", "/states/1/transitions/0/forget/0"),
        ("/states/1/transitions/0/to", "nowhere", "unknown_target", "/states/1/transitions/0/to"),
        ("/fallbacks/declined", "nowhere", "unknown_exit", "/fallbacks/declined"),
        ("/hand_overs/0/exit", "nowhere", "unknown_exit", "/hand_overs/0/exit"),
        ("/hand_overs/0/exit", "done", "no_hand_over", "/hand_overs/0/exit"),
        ("/states/2/name", "other", "name_twice", "/states/2/name"),
        ("/variables/day", "Monday", "name_twice", "/slots/1/name"),
        ("/states/1/say", "{{facts.price}} is it.", "unknown_fact", "/states/1/say"),
        ("/opening", "Hello {{name}}.", "unknown_variable", "/opening"),
        ("/fallbacks/give_up", "", "give_up_missing", "/fallbacks/give_up"),
        ("/fallbacks/opt_out", "", "opt_out_missing", "/fallbacks/opt_out"),
        ("/exits/0/success", False, "no_success", "/exits"),
        ("/opening", "Hello, how are you?", "question_before_disclosure", "/opening"),
        ("/states/1/say", "So you come on {{day}}.", "value_not_known", "/states/1/say"),
        ("/exits/0/say", "See you on {{day}}.", "value_not_known", "/exits/0/say"),
        ("/exits/2/say", "You said {{comes}}.", "value_not_known", "/exits/2/say"),
        ("/slots/0/ask", "Is {{day}} right?", "value_not_known", "/slots/0/ask"),
        ("/slots/1/confirm", "Is that right?", "confirm_without_value", "/slots/1/confirm"),
        ("/slots/2/choices", ["morning"], "choices_missing", "/slots/2/choices"),
        ("/slots/3/limits", {"minimum": 5, "maximum": 4}, "limits_empty", "/slots/3/limits"),
        ("/slots/0/ask", "Tell me whether you come.", "not_a_question", "/slots/0/ask"),
        ("/facts/place", "See https://example.com/map for it.", "unspeakable", "/facts/place"),
        ("/opening", "**Hello**, this is Lakeside.", "unspeakable", "/opening"),
        ("/opening", "Hello 😀, this is Lakeside.", "unspeakable", "/opening"),
        ("/disclosures/0", "- I am\n- a machine", "unspeakable", "/disclosures/0"),
        ("/voicemail", "...", "unspeakable", "/voicemail"),
        ("/opening", "Hello, I am [Your Name].", "placeholder", "/opening"),
        ("/opening", "Hello, I am <name>.", "placeholder", "/opening"),
        ("/opening", "Hello, I am {name}.", "placeholder", "/opening"),
        ("/opening", "Hello, I call from Your Company.", "placeholder", "/opening"),
        ("/opening", "Hello, I am ____.", "placeholder", "/opening"),
        ("/objections/0/answer", "It is free of charge!", "forbidden_claim", "/objections/0/answer"),
        ("/slots/0/ask_again", "It is Free, of charge, yes?", "forbidden_claim", "/slots/0/ask_again"),
    ],
)
def test_each_fault_is_found_at_its_place(path: str, value: Any, code: str, where: str) -> None:
    assert (code, where) in _found(_set(path, value))


@pytest.mark.parametrize(
    ("changes", "fine"),
    [
        ([_set("/states/0/transitions/1/forget", [])], "nothing forgotten where nothing goes round"),
        ([_set("/states/1/transitions/0", {"to": "start", "forget": ["comes"]})], "a circle that asks anew"),
        ([_set("/exits/0/say", "You said {{comes}}.")], "a value that every way there has asked for"),
        ([_set("/slots/2/ask", "On {{day}}, morning or noon?")], "a value asked for just before"),
        (
            [_set("/opening", 'Good day, here is "Lakeside" at 5 o\'clock - or 17:00, for $5.')],
            "quotes, numbers, dashes",
        ),
        ([_set("/objections/0/when", "See www.example.com")], "what is never said by us"),
        ([_set("/forbidden", ["charge of"])], "words in another order"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_right_is_not_found(changes: list[Change], fine: str) -> None:
    assert _found(*changes) == {}, fine


def test_what_a_circle_forgets_is_not_known_after_it() -> None:
    back = {"when": [{"slot": "when", "value": "noon"}], "to": "start", "forget": ["comes", "day", "when"]}
    found = _found(_set("/states/1/transitions", [back, {"to": "thanks"}]), _set("/states/0/say", "So, {{comes}}."))
    assert list(found) == [("value_not_known", "/states/0/say")]


def test_only_errors_keep_a_script_from_being_approved() -> None:
    warned = CallScript.model_validate({**GOOD, "fallbacks": {"give_up": "gone"}})
    assert [finding.code for finding in check(warned)] == [FindingCode.OPT_OUT_MISSING]
    assert passes(check(warned))
    assert not passes(check(CallScript.model_validate({**GOOD, "opening": "Hello, I am [Name]."})))


def test_errors_come_first_and_sentences_end() -> None:
    bad = {**GOOD, "fallbacks": {}, "opening": "Hello [Name]"}
    findings = check(CallScript.model_validate(bad))
    assert [finding.severity for finding in findings] == sorted(
        (finding.severity for finding in findings), key=lambda severity: severity is not Severity.ERROR
    )
    assert all(finding.message.endswith(".") for finding in findings)


def test_many_conditions_are_checked_within_a_bound() -> None:
    slots = [
        {"name": f"s{n}", "type": "choice", "ask": "Which?", "choices": [f"c{k}" for k in range(20)]} for n in range(8)
    ]
    one = [{"slot": f"s{n}", "value": "c1"} for n in range(8)]
    script = CallScript.model_validate(
        {
            **GOOD,
            "slots": slots,
            "states": [
                {"name": "a", "slots": [s["name"] for s in slots], "transitions": [{"when": one, "to": "done"}]}
            ],
        }
    )
    assert "dead_end" in {finding.code for finding in check(script)}
