"""Real calls in which an application is asked who takes them, and does the work of a tool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from tests.acceptance.test_api import api, created, got
from tests.acceptance.theatre import APPLICATION_SECRET, LISTEN, TO_THE_ANSWER, Theatre

__all__ = ["api"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
AGENT = {
    "name": "shop",
    "greeting": "Lakeside Store, good day {{customer}}.",
    "variables": {"customer": "to you"},
    "instructions": "You are the receptionist of Lakeside Store. You are friendly and brief.",
    "facts": ["The store is open Monday to Friday from nine to six.", "Repairs take about three days."],
}
TOOL = {
    "name": "find_order",
    "description": "Finds out where an order is. Use it when the caller asks about their order.",
    "parameters": {
        "type": "object",
        "properties": {"number": {"type": "string", "description": "The order number, digits only"}},
        "required": ["number"],
        "additionalProperties": False,
    },
    "say": "Let me look that up.",
    "timeout_s": 20,
}


@dataclass
class Rails:
    """A back end that is asked in mid-call."""

    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        told = Webhook(APPLICATION_SECRET).verify(await request.read(), dict(request.headers))
        self.asked.append(told)
        self.ids.append(request.headers["webhook-id"])
        return self.answers[told["type"]]()


@pytest_asyncio.fixture(loop_scope="session")
async def rails() -> AsyncIterator[tuple[Rails, str]]:
    rails = Rails()
    app = web.Application()
    app.router.add_post("/asked", rails.take)
    async with TestServer(app) as server:
        yield rails, str(server.make_url("/asked"))


async def test_the_application_chooses_the_agent_greets_by_name_and_finds_the_order(
    theatre: Theatre, api: Any, rails: tuple[Rails, str]
) -> None:
    application, url = rails
    application.answers["agent.lookup"] = lambda: web.json_response(
        {"agent": "shop", "variables": {"customer": "Mrs. Ames"}, "metadata": {"customer_id": 42}}
    )
    application.answers["tool.call"] = lambda: web.json_response({"result": "The order was sent on Tuesday."})
    agent = await created(api, "/v1/agents", {**AGENT, "tools": [{**TOOL, "url": url}]})
    other = await created(api, "/v1/agents", {**AGENT, "name": "by-default"})
    await created(api, "/v1/phone_numbers", {"number": "5000", "agent_id": other["id"], "lookup_url": url})
    played = await theatre.play(
        [LISTEN, {"say": "Where is my order number four seven one one?"}, TO_THE_ANSWER, {"hang_up": {}}], to="5000"
    )
    lookup, tool = application.asked
    call_id = played.call["id"]
    assert (lookup["type"], lookup["call_id"], lookup["data"]["call"]["agent"]) == (
        "agent.lookup",
        call_id,
        "by-default",
    )
    assert played.turns[0]["text"] == "Lakeside Store, good day Mrs. Ames."
    assert (tool["type"], tool["data"]["name"], tool["id"]) == ("tool.call", "find_order", application.ids[1])
    assert tool["data"]["arguments"]["number"].replace(" ", "") == "4711"
    assert tool["data"]["call"]["variables"] == {"customer": "Mrs. Ames"}
    call = await got(api, f"/v1/calls/{call_id}")
    assert (call["agent"], call["agent_version"], call["metadata"]) == ("shop", agent["version"], {"customer_id": 42})
    assert call["lookup"]["outcome"] == "answered"
    transcript = await got(api, f"/v1/calls/{call_id}/transcript")
    (done,) = transcript["tool_calls"]
    assert (done["id"], done["status"], done["result"]) == (tool["id"], "succeeded", "The order was sent on Tuesday.")
    said = " ".join(turn["text"] for turn in transcript["turns"] if turn["speaker"] == "agent")
    announced = next(one for one in ("Let me look that up.", "Let me see.") if one in said)  # the second: it took long
    assert "Tuesday" in said.partition(announced)[2]
    events = (await got(api, f"/v1/calls/{call_id}/events?limit=100"))["data"]
    assert [event["data"]["tool_call"]["id"] for event in events if event["type"] == "call.tool.called"] == [done["id"]]


async def test_a_caller_is_rejected_before_the_answer(theatre: Theatre, api: Any, rails: tuple[Rails, str]) -> None:
    application, url = rails
    application.answers["agent.lookup"] = lambda: web.json_response({"action": "reject", "reason": "busy"})
    agent = await created(api, "/v1/agents", {**AGENT, "name": "nobody"})
    await created(api, "/v1/phone_numbers", {"number": "5001", "agent_id": agent["id"], "lookup_url": url})
    played = await theatre.play([{"wait_for_end": {"timeout_s": 20}}], to="5001")
    assert (played.call["status"], played.call["ended_reason"], played.call["sip_code"]) == ("failed", "rejected", 486)
    types: list[str] = []
    while "call.ended" not in types:  # the record is written a moment behind the call
        types = [event["type"] for event in (await got(api, f"/v1/calls/{played.call['id']}/events"))["data"]]
    assert types == ["call.created", "call.ringing", "call.rejected", "call.ended"]


@pytest.mark.parametrize("broken", ["500", "never", "garbage", "10 MB"])
async def test_an_application_that_is_broken_costs_no_call(
    theatre: Theatre, api: Any, rails: tuple[Rails, str], broken: str
) -> None:
    application, url = rails
    answers: dict[str, Callable[[], web.Response]] = {
        "500": lambda: web.Response(status=500),
        "garbage": lambda: web.Response(text="<html>"),
        "10 MB": lambda: web.Response(body=b"x" * (10 << 20)),
    }
    if broken == "never":  # a port on which nobody accepts
        listening = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/asked"
    else:
        listening = None
        application.answers["agent.lookup"] = answers[broken]
    number = {"500": "5010", "never": "5011", "garbage": "5012", "10 MB": "5013"}[broken]
    agent = await created(api, "/v1/agents", {**AGENT, "name": f"agent-{number}"})
    await created(api, "/v1/phone_numbers", {"number": number, "agent_id": agent["id"], "lookup_url": url})
    played = await theatre.play([LISTEN, {"hang_up": {}}], to=number)
    if listening is not None:
        listening.close()
        await listening.wait_closed()
    assert played.turns[0]["text"] == "Lakeside Store, good day to you."
    call = await got(api, f"/v1/calls/{played.call['id']}")
    assert (call["agent"], call["lookup"]["outcome"]) == (agent["name"], "failed")
    assert call["lookup"]["code"] == {
        "500": "webhook_refused", "never": "webhook_timeout", "garbage": "webhook_bad_answer",
        "10 MB": "webhook_answer_too_long",
    }[broken]  # fmt: skip
    troubles = [event["code"] for event in played.performance.events if event["type"] == "call.trouble"]
    assert call["lookup"]["code"] in troubles
