"""Work in the background on the real llama.cpp server: its grammar, a slot of its own, and how it makes way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.dialog.history import Message, Role
from agent.dialog.lulls import Lulls
from agent.dialog.mind import ChatModel
from agent.dialog.mind_background import BackgroundChat
from agent.errors import LanguageModelError
from tests.integration.workers.conftest import KEY, Running
from tests.integration.workers.test_mind import SYSTEM, body, http, slots, user

__all__ = ["http"]
SLOT = 2
"""The last of three: calls have the others."""
LONG = " ".join(f"Line {number} of a transcript." for number in range(120))
SCHEMA = {
    "type": "object",
    "properties": {"quote": {"type": "string", "maxLength": 20}, "value": {"enum": ["booked", "complaint"]}},
    "required": ["quote", "value"],
    "additionalProperties": False,
}


@pytest.fixture
def lulls() -> Lulls:
    return Lulls()


@pytest.fixture
async def background(mind: Running, lulls: Lulls) -> AsyncIterator[BackgroundChat]:
    chat = BackgroundChat(base_url=mind.uri, api_key=KEY, model="local", lulls=lulls, slot=SLOT)
    yield chat
    await chat.close()
    await asyncio.sleep(0)


def question(text: str) -> list[Message]:
    return [Message(Role.SYSTEM, "Answer."), Message(Role.CALLER, text)]


async def test_an_answer_is_json_of_its_schema_also_from_a_model_that_knows_nothing(background: BackgroundChat) -> None:
    reply = await background.ask(question("What came of it?"), max_tokens=100, schema=SCHEMA)
    assert reply.complete
    assert set(json.loads(reply.text)) == {"quote", "value"}
    assert json.loads(reply.text)["value"] in {"booked", "complaint"}


async def test_an_answer_that_was_cut_says_so(background: BackgroundChat) -> None:
    reply = await background.ask(question("Tell a long story about the sea."), max_tokens=3)
    assert (bool(reply.text), reply.complete) == (True, False)


async def test_no_call_s_slot_forgets_its_prompt(background: BackgroundChat, http: aiohttp.ClientSession) -> None:
    for slot in (0, 1):
        async with http.post("/v1/chat/completions", json=body(SYSTEM, user("Hello."), id_slot=slot)) as answer:
            assert answer.status == 200
    await background.ask(question(LONG), max_tokens=4)
    await background.ask(question(f"{LONG} And more."), max_tokens=4)
    for slot in (0, 1):
        async with http.post("/v1/chat/completions", json=body(SYSTEM, user("Bread?"), id_slot=slot)) as answer:
            timings = (await answer.json())["timings"]
        assert timings["cache_n"] > 100
        assert timings["prompt_n"] < 30


async def test_it_makes_way_for_a_call_and_goes_on_afterwards_without_reading_again(
    background: BackgroundChat, lulls: Lulls, http: aiohttp.ClientSession
) -> None:
    asked = asyncio.create_task(background.ask(question(f"{LONG} Tell a long story."), max_tokens=800))
    while not [slot for slot in await slots(http) if slot["id"] == SLOT and slot["is_processing"]]:
        pass
    with lulls.held():
        while [slot for slot in await slots(http) if slot["is_processing"]]:
            pass  # the server lets go of it, though nobody waits for its end
        assert not asked.done()
        assert lulls.broken_off == 1
    assert (await asked).text


async def test_a_call_s_answer_ends_the_lull(mind: Running, background: BackgroundChat, lulls: Lulls) -> None:
    chat = ChatModel(
        base_url=mind.uri,
        api_key=KEY,
        model="local",
        temperature=0,
        max_tokens=8,
        deadline_s=120,
        slot_prompts=[[]] * 2,
        lulls=lulls,
    )
    asked = asyncio.create_task(background.ask(question("Tell a long story about the sea."), max_tokens=300))
    await asyncio.sleep(0)
    pieces = [piece async for piece in chat.stream([Message(Role.CALLER, "Hello.")], call="call_1")]
    assert pieces
    assert lulls.broken_off == 1
    assert (await asked).text
    await chat.close()
    await asyncio.sleep(0)


async def test_a_server_that_knows_no_schemas_is_asked_without() -> None:
    asked: list[bool] = []

    async def answer(request: web.Request) -> web.Response:
        sent = await request.json()
        asked.append("response_format" in sent)
        if asked[-1]:
            return web.json_response({"error": {"message": "unknown field"}}, status=400)
        chunk = {"choices": [{"index": 0, "delta": {"content": '{"quote": ""}'}, "finish_reason": "stop"}], "id": "1"}
        text = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        return web.Response(text=text, content_type="text/event-stream")

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    async with TestServer(app) as server:
        chat = BackgroundChat(base_url=str(server.make_url("/v1")), api_key="", model="local", lulls=Lulls())
        for _ in range(2):
            assert (await chat.ask(question("What?"), max_tokens=9, schema=SCHEMA)).text == '{"quote": ""}'
        await chat.close()
    assert asked == [True, False, False]


async def test_a_server_that_is_away_is_an_error_of_the_model(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/v1"
    chat = BackgroundChat(base_url=url, api_key="", model="local", lulls=Lulls())
    with pytest.raises(LanguageModelError):
        await chat.ask(question("What?"), max_tokens=9)
    await chat.close()
