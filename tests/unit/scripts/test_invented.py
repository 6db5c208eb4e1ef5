from __future__ import annotations

import pytest

from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.scripts.invented import invented

BRIEF = ScriptBrief(goal="Tell owners of the kettle AquaHot from Baker that it is recalled, by December 5.", facts={})


def _script(opening: str) -> CallScript:
    return CallScript.model_validate(
        {
            "name": "recall",
            "purpose": "Recall",
            "opening": opening,
            "slots": [{"name": "owns", "type": "yes_no", "ask": "Do you own one?"}],
            "states": [{"name": "ask", "slots": ["owns"], "transitions": [{"to": "done"}]}],
            "exits": [{"name": "done", "outcome": "done", "say": "Goodbye."}],
            "fallbacks": {"give_up": "done"},
        }
    )


@pytest.mark.parametrize(
    ("opening", "what"),
    [
        ("Good day, the kettle AquaHot is recalled, call us by December 5.", []),
        ("Good day, it is about Baker's kettle.", []),
        ("Good day, this is Robert from Baker.", ["Robert"]),
        ("Good day, this is AquaCold.", ["AquaCold"]),
        ("Good day, call us by December 7.", ["7"]),
    ],
)
def test_names_and_numbers_that_nobody_told_are_found(opening: str, what: list[str]) -> None:
    assert [one.message.split('"')[1] for one in invented(_script(opening), BRIEF)] == what
