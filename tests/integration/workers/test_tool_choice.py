"""The smallest of our models asks for its tool, by a margin: not by a hair that another machine cuts otherwise."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest

from agent.dialog import mind_tools
from agent.dialog.history import Message, Role
from agent.dialog.mind import ChatModel
from agent.dialog.prompts import opening
from agent.dialog.tool_request import ToolRequest
from agent.domain.agent import Agent
from agent.domain.tools import Tool
from agent.models.store import ModelStore
from tests.integration.workers.conftest import KEY, Running, worker

NUMBER = {"type": "string", "description": "The order number, digits only"}
FIND = Tool(
    name="find_order",
    description="Finds out where an order is. Use it when the caller asks about their order.",
    parameters={"type": "object", "properties": {"number": NUMBER}, "required": ["number"]},
)
SHOP = Agent(
    name="lakeside",
    greeting="Lakeside Store, good day Mrs. Ames.",
    instructions="You are the receptionist of Lakeside Store. You are friendly and brief.",
    facts=("The store is open Monday to Friday from nine to six.", "Repairs take about three days."),
    tools=(FIND,),
)
MARGIN = 2.0
"""A likelihood is so many times the bar at least, or so small a part of it at most."""


@pytest.fixture(scope="module")
def small_mind(models: ModelStore) -> Iterator[Running]:
    models.pull("qwen2.5-coder-0.5b-instruct")
    arguments = ["--model", str(models.path("qwen2.5-coder-0.5b-instruct")), "--slots", "1", "--threads", "1"]
    with worker("mind", *arguments, env={"PHONE_AGENT_MIND_KEY": KEY}) as running:
        yield running


@pytest.fixture
async def chat(small_mind: Running) -> AsyncIterator[ChatModel]:
    chat = ChatModel(
        base_url=small_mind.uri,
        api_key=KEY,
        model="local",
        temperature=0.3,
        max_tokens=40,
        deadline_s=600,
        prefill_deadline_s=600,
        slot_prompts=[[opening(SHOP)]],
        schema_bound=True,
    )
    yield chat
    await chat.close()


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Where is my order number 4711?", "4711"),
        ("Where is my order number four seven one one?", "4711"),
        ("Has order 1234 been shipped yet?", "1234"),
        ("When are you open?", ""),
        ("How long does a repair take?", ""),
        ("Hello, good morning.", ""),
    ],
)
async def test_the_small_model_asks_for_its_tool_where_it_should(
    chat: ChatModel, words: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[float] = []
    for name in ("likelihood", "bar"):
        monkeypatch.setattr(mind_tools, name, _noted(getattr(mind_tools, name), measured))
    prompt = [opening(SHOP), Message(Role.AGENT, SHOP.greeting), Message(Role.CALLER, words)]
    pieces = [piece async for piece in chat.stream(prompt, call="one")]
    requests = [json.loads(piece.arguments) for piece in pieces if isinstance(piece, ToolRequest)]
    assert requests == ([{"number": number}] if number else [])
    likely, bar = measured
    if number:
        assert likely > MARGIN * bar
    else:
        assert "".join(map(str, pieces)).strip()


def _noted(function: object, measured: list[float]) -> object:
    def noted(*arguments: object) -> float:
        measured.append(float(function(*arguments)))  # type: ignore[operator]  # one of two, each gives a number
        return measured[-1]

    return noted
