from __future__ import annotations

import pytest

from agent.dialog.farewell import is_farewell
from agent.domain.agent import Agent

FAREWELLS = Agent.model_fields["farewells"].default


@pytest.mark.parametrize(
    "text",
    ["Goodbye.", "Bye!", "Okay, bye bye.", "No, that's all, thank you.", "That is all for today, thanks.",
     "Thank you very much, good bye.", "Thanks, bye now."],
)  # fmt: skip
def test_says_goodbye(text: str) -> None:
    assert is_farewell(text, FAREWELLS)


@pytest.mark.parametrize(
    "text",
    ["", "...", "Is that all?", "Where can I buy it?", "Bye the way what are your hours",
     "Goodbye Mister Chips is a film",
     "I would like to say goodbye to my old dentist and come to you instead, goodbye"],
)  # fmt: skip
def test_does_not_say_goodbye(text: str) -> None:
    assert not is_farewell(text, FAREWELLS)
