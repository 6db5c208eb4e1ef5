from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from agent.dialog.history import Message, Role
from agent.dialog.mind_tools import Look, decided
from agent.dialog.prompts import opening
from agent.dialog.tool_choice import BAR, BAR_BY_WORDS, bar, invented, likelihood, settled
from agent.dialog.tool_prompt import request_schema, with_tools_told
from agent.dialog.tool_request import ToolRequest
from agent.domain.agent import Agent
from agent.domain.json_schema import fault_of
from agent.domain.tools import Tool
from agent.errors import LanguageModelError


def tool(name: str, description: str, **properties: Any) -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return Tool(name=name, description=description, parameters=schema)


FIND = tool(
    "find_order",
    "Finds out where an order is. Use it when the caller asks about their order.",
    number={"type": "string", "description": "The order number, digits only"},
)
BOOK = tool("book", "Books a table.", day={"type": "string", "format": "date"}, guests={"type": "integer"})
AGENT = Agent(name="shop", greeting="Hello.", instructions="Be brief.", tools=(FIND, BOOK))
QUESTION = "Where is my order number 4711?"


def prompt(words: str) -> list[Message]:
    return [opening(AGENT), Message(Role.SYSTEM, "Record: - answer: Hello."), Message(Role.CALLER, words)]


class Server:
    """Answers each request with the next pieces, and tells how likely a request was."""

    def __init__(self, likely: float, *answers: Sequence[str] | LanguageModelError) -> None:
        self.likely = likely
        self.answers = list(answers)
        self.asked: list[tuple[Sequence[Message], Mapping[str, Any]]] = []

    async def stream(
        self, messages: Sequence[Message], body: Mapping[str, Any], look: Look | None
    ) -> AsyncGenerator[str | ToolRequest]:
        self.asked.append((messages, body))
        answer = self.answers.pop(0)
        if isinstance(answer, LanguageModelError):
            raise answer
        for piece in answer:
            if look is not None:
                words = {"token": "The", "logprob": math.log(1 - self.likely)}
                tokens = [words, {"token": '{"', "logprob": math.log(self.likely)}]
                look(SimpleNamespace(response_metadata={"logprobs": {"content": [{"top_logprobs": tokens}]}}))
            yield piece


async def answer(server: Server, words: str = QUESTION) -> list[str | ToolRequest]:
    return [piece async for piece in decided(server.stream, prompt(words), {"id_slot": 1})]


REQUEST = '{"name": "find_order", "arguments": {"number": "4711"}}'
ASKED = [ToolRequest("find_order", '{"number": "4711"}')]


async def test_words_go_on_in_one_request_where_a_tool_is_not_likely() -> None:
    server = Server(0.05, ["From ", "nine."])
    assert await answer(server) == ["From ", "nine."]
    ((messages, body),) = server.asked
    assert (body["id_slot"], body["logprobs"]) == (1, True)
    assert not messages[0].tools
    assert '"find_order"' in messages[0].text


async def test_a_tool_is_asked_for_although_the_model_began_with_words() -> None:
    server = Server(0.3, ["The "], ['{"name": "find_order", ', '"arguments": {"number": "4711"}}'])
    assert await answer(server) == ASKED
    schema = server.asked[1][1]["response_format"]["json_schema"]["schema"]
    assert schema == request_schema([FIND, BOOK])
    assert not fault_of(json.loads(REQUEST), schema)
    assert fault_of({"name": "find_order", "arguments": {"number": 4711}}, schema)
    assert fault_of({"name": "drop", "arguments": {}}, schema)


async def test_the_same_likelihood_is_not_enough_where_no_word_points_to_a_tool() -> None:
    server = Server(0.3, ["I am ", "fine."])
    assert await answer(server, "How are you?") == ["I am ", "fine."]


async def test_words_are_had_where_the_model_was_likely_to_ask_for_no_reason() -> None:
    server = Server(0.2, ['{"name'], ["Hello."])
    assert await answer(server, "Hi.") == ["Hello."]
    again = server.asked[1][0]
    assert again[0].text == opening(AGENT).text
    assert again[1:] == prompt("Hi.")[1:]


@pytest.mark.parametrize(
    "written",
    ['{"name": "find_order", "arguments": {"number": "12345"}}', '{"name": "find_order", "arg', '{"name": "other"}'],
)
async def test_a_value_that_nobody_said_and_a_broken_request_become_words(written: str) -> None:
    server = Server(0.9, ["{"], [written], ["What is the number?"])
    assert await answer(server, "Where is my order?") == ["What is the number?"]


async def test_a_server_that_takes_no_schema_writes_the_request_as_it_likes() -> None:
    server = Server(0.9, ["{"], LanguageModelError("status 400"), [REQUEST])
    assert await answer(server) == [REQUEST]
    assert server.asked[2][0] == with_tools_told(prompt(QUESTION))


async def test_a_late_server_is_late() -> None:
    server = Server(0.9, ["{"], LanguageModelError("late", code="llm_timeout"))
    with pytest.raises(LanguageModelError, match="late"):
        await answer(server)


async def test_an_answer_of_nothing_is_nothing() -> None:
    assert await answer(Server(0.0, [])) == [""]


@pytest.mark.parametrize(
    ("words", "low"),
    [
        ("Where is my order?", True),
        ("And 2358?", True),
        ("I ordered it on Monday.", True),
        ("Do you repair bicycles?", False),
        ("", False),
        ("Yes.", False),
        ("¿…?", False),
    ],
)
def test_the_bar_is_low_where_the_caller_speaks_of_what_a_tool_is_for(words: str, low: bool) -> None:
    assert bar(words, (FIND,)) == (BAR_BY_WORDS if low else BAR)


def test_a_tool_without_parameters_is_no_place_for_a_number() -> None:
    assert bar("It is 4711.", (Tool(name="ring", description="Rings."),)) == BAR


@pytest.mark.parametrize(
    ("value", "said", "ground"),
    [
        ("4711", "number 4711", True),
        ("4711", "four seven one one", True),
        ("4 7 1 1", "47 11", True),
        ("4712", "number 4711", False),
        ("", "anything", True),
        ("John Smith", "I am john smith.", True),
        ("John Doe", "My tooth hurts.", False),
        ("margherita", "two margheritas", True),
        ("五", "I want 五", True),
    ],
)
def test_a_value_rests_on_what_was_said(value: str, said: str, ground: bool) -> None:
    assert invented({"number": value}, FIND, said) == ("" if ground else "number")


@pytest.mark.parametrize(
    ("value", "said", "number"),
    [
        ("four seven one one one", "number four seven one one?", "4711"),
        ("four seven one one", "number four seven one one?", "4711"),
        ("4711", "number four seven one one?", "4711"),
        ("4 7 1 1", "number 4 7 1 1", "4711"),
        ("47 11", "it is 47 11", "47 11"),
        ("12345", "order 4711", "4711"),
        ("12345", "orders 4711 and then 2358", "12345"),
        ("12345", "two bicycles at 5", "12345"),
        ("A 4711", "A 4712", "A 4711"),
        ("someone", "order 4711", "someone"),
        ("", "order 4711", ""),
    ],
)
def test_a_number_is_the_one_that_the_caller_said(value: str, said: str, number: str) -> None:
    assert settled({"number": value, "other": 1}, FIND, said) == {"number": number, "other": 1}


def test_worked_out_values_and_those_of_other_types_need_no_ground() -> None:
    assert not invented({"day": "2026-12-01", "guests": 2}, BOOK, "tomorrow, for the two of us")
    choice = tool("pay", "Pays.", by={"enum": ["card", "cash"]})
    assert not invented({"by": "card"}, choice, "with plastic")


def test_only_marks_count_for_the_likelihood() -> None:
    told = [('{"', math.log(0.2)), ("<tool_call>", math.log(0.1)), (" ```", math.log(0.05)), ("The", math.log(0.6))]
    assert likelihood(told) == pytest.approx(0.35)
    assert likelihood([]) == 0


def test_a_prompt_without_tools_stays_as_it_is() -> None:
    plain = [Message(Role.SYSTEM, "Be brief.")]
    assert with_tools_told(plain) == plain
    assert with_tools_told([]) == []
