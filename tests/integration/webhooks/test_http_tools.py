"""Tools that ask a web service by themselves: what it is sent, and what becomes of every kind of answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from agent.domain.http_tool import HttpRequest
from agent.domain.tools import Tool
from agent.errors import ConfigurationError, PhoneAgentError, WebhookError
from agent.settings import WebhooksSettings
from agent.settings.tools import ToolsSettings
from agent.webhooks.applications import check_tools
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Targets
from agent.webhooks.http_tools import HttpTools
from agent.webhooks.targets import TargetError, TargetPolicy
from tests.integration.webhooks.post_room import LOCAL, ManualTimeouts
from tests.integration.webhooks.receiver import Received, Receiver, Respond, answers
from tests.integration.webhooks.test_applications import CALL, DESK

SETTINGS = ToolsSettings(secrets={"shop": SecretStr("Bearer s3cret"), "broken": SecretStr("a\nb")})
SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "note": {"type": "string"}},
    "required": ["number"],
}
JSON = {"content-type": "application/json"}


def tool(receiver: Receiver, **http: object) -> Tool:
    request = {"url": receiver.url("/orders/{number}"), "secret_headers": {"Authorization": "shop"}, **http}
    return Tool(name="find", description="x", parameters=SCHEMA, timeout_s=7, http=HttpRequest.model_validate(request))


@pytest_asyncio.fixture
async def limits() -> ManualTimeouts:
    return ManualTimeouts()


@pytest_asyncio.fixture
async def tools(limits: ManualTimeouts) -> AsyncIterator[HttpTools]:
    client = WebhookClient(Targets(LOCAL), time_limit=limits)
    yield HttpTools(client, SETTINGS.secret, timeout_s=2)
    await client.close()


async def test_it_is_asked_with_its_secret_and_gives_json(receiver: Receiver, tools: HttpTools) -> None:
    receiver.respond["/orders/4711"] = answers(200, JSON, b'{"state": "sent"}')
    find = tool(receiver, headers={"X-Shop": "lakeside"})
    answer = await tools.run(CALL, find, "tool_1", {"number": "4711", "note": "now"})
    assert (answer.result, answer.error) == ({"state": "sent"}, "")
    (asked,) = receiver.received
    assert (asked.headers["authorization"], asked.headers["x-shop"]) == ("Bearer s3cret", "lakeside")
    assert "s3cret" not in find.model_dump_json()
    assert "s3cret" not in repr(SETTINGS)


async def test_what_has_no_place_is_the_body_of_a_post(receiver: Receiver, tools: HttpTools) -> None:
    receiver.respond["/orders/../x"] = answers(200)
    answer = await tools.run(CALL, tool(receiver, method="POST"), "tool_1", {"number": "1/2", "note": "é"})
    assert answer.result is None
    (asked,) = receiver.received
    assert (asked.path, json.loads(asked.body)) == ("/orders/1/2", {"note": "é"})
    assert asked.headers["content-type"] == "application/json"


async def test_the_same_wish_keeps_its_key_until_it_is_known_to_be_done(receiver: Receiver, tools: HttpTools) -> None:
    find = tool(receiver, method="POST", retries=1)
    receiver.respond["/orders/1"] = answers(503)
    with pytest.raises(WebhookError) as failed:
        await tools.run(CALL, find, "tool_1", {"number": "1"})
    assert failed.value.code == "tool_fault"
    receiver.respond["/orders/1"] = answers(200)
    await tools.run(CALL, find, "tool_2", {"number": "1"})
    await tools.run(CALL, find, "tool_3", {"number": "1"})
    await tools.run(CALL, find, "tool_4", {"number": "2"})
    keys = [asked.headers["idempotency-key"] for asked in receiver.received]
    assert len(keys) == 5
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys[2:])) == 3


async def test_a_tool_that_acts_once_keeps_its_key(receiver: Receiver, tools: HttpTools) -> None:
    find = tool(receiver).model_copy(update={"once": True})
    for number in ("1", "2"):
        await tools.run(CALL, find, f"tool_{number}", {"number": number})
    assert len({asked.headers["idempotency-key"] for asked in receiver.received}) == 1


BAD: dict[str, Respond] = {
    "tool_fault": answers(500, JSON, b"{}"),
    "tool_not_allowed": answers(401),
    "tool_redirected": answers(302, {"location": "http://127.0.0.1:1/"}),
    "tool_answered_html": answers(200, {"content-type": "text/html"}, b"<html>Welcome</html>"),
    "tool_answer_too_long": answers(200, JSON, b"[" + b"1," * 2_500_000 + b"1]"),
    "tool_bad_answer": answers(200, JSON, b"{"),
}


@pytest.mark.parametrize("code", BAD)
async def test_bad_answers_are_failures_with_a_sentence_and_a_code(
    receiver: Receiver, tools: HttpTools, code: str
) -> None:
    receiver.respond["/orders/1"] = BAD[code]
    with pytest.raises(WebhookError, match="The web service") as failed:
        await tools.run(CALL, tool(receiver), "tool_1", {"number": "1"})
    assert failed.value.code == code
    assert len(receiver.received) == 1


async def test_a_web_page_that_says_it_is_text_is_one(receiver: Receiver, tools: HttpTools) -> None:
    receiver.respond["/orders/1"] = answers(200, {"content-type": "text/plain"}, b"\n<!DOCTYPE html><p>")
    with pytest.raises(WebhookError, match="web page"):
        await tools.run(CALL, tool(receiver), "tool_1", {"number": "1"})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b"", "nothing was found"),
        (422, b'{"error": "the number has 4 digits"}', "the number has 4 digits"),
        (409, b'{"detail": 5}', "it was not possible (409)"),
        (400, b"{", "it was not possible (400)"),
    ],
)
async def test_what_a_service_says_against_a_request_is_for_the_model(
    receiver: Receiver, tools: HttpTools, status: int, body: bytes, error: str
) -> None:
    receiver.respond["/orders/1"] = answers(status, JSON, body)
    assert (await tools.run(CALL, tool(receiver), "tool_1", {"number": "1"})).error == error


async def test_one_that_hangs_is_given_up_and_not_tried_again(
    receiver: Receiver, tools: HttpTools, limits: ManualTimeouts
) -> None:
    async def never(_request: web.Request, _received: Received) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    receiver.respond["/orders/1"] = never
    asking = asyncio.create_task(tools.run(CALL, tool(receiver, retries=2), "tool_1", {"number": "1"}))
    await receiver.until_received(1)
    assert limits.expire(7)
    with pytest.raises(WebhookError, match="did not answer within 7 s") as late:
        await asking
    assert late.value.code == "webhook_timeout"
    assert len(receiver.received) == 1


async def test_an_address_that_is_not_allowed_is_not_asked(receiver: Receiver) -> None:
    client = WebhookClient(Targets(TargetPolicy()))
    with pytest.raises(TargetError):
        await HttpTools(client, SETTINGS.secret, timeout_s=2).run(CALL, tool(receiver), "tool_1", {"number": "1"})
    agent = DESK.model_copy(update={"tools": (tool(receiver),)})
    with pytest.raises(TargetError):
        await check_tools(agent, WebhooksSettings(), client.targets)
    await check_tools(agent, WebhooksSettings(), Targets(LOCAL))
    await client.close()
    assert not receiver.received


@pytest.mark.parametrize("name", ["missing", "broken"])
async def test_a_secret_that_there_is_not_asks_nobody(receiver: Receiver, tools: HttpTools, name: str) -> None:
    with pytest.raises(PhoneAgentError, match=f"no secret {name}"):
        await tools.run(CALL, tool(receiver, secret_headers={"X-Key": name}), "tool_1", {"number": "1"})
    assert not receiver.received


def test_secrets_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("Bearer file\n")
    settings = ToolsSettings(secrets_folder=tmp_path)
    assert settings.secret("shop") == "Bearer file"
    with pytest.raises(ConfigurationError, match="no secret other"):
        settings.secret("other")
