"""An application is asked and answers at once, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from agent.errors import WebhookError
from agent.store.webhook_endpoints import new_secret
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Targets
from agent.webhooks.sync_call import SyncCalls
from agent.webhooks.targets import TargetPolicy
from tests.integration.webhooks.post_room import LOCAL, START, ManualTimeouts
from tests.integration.webhooks.receiver import Received, Receiver, Respond, answers

SECRET = new_secret()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[WebhookClient]:
    client = WebhookClient(Targets(LOCAL), time_limit=ManualTimeouts())
    yield client
    await client.close()


@pytest.fixture
def sync_calls(client: WebhookClient) -> SyncCalls:
    return SyncCalls(client, timeout_s=2, clock=lambda: START)


async def test_a_signed_question_gets_its_answer(sync_calls: SyncCalls, receiver: Receiver) -> None:
    receiver.respond["/lookup"] = answers(200, body=b'{"agent": "na\xc3\xafve"}')
    url = receiver.url("/lookup")
    answer = await sync_calls.ask(url, [SECRET], "agent.lookup", {"from": "+1"}, call_id="call_1")
    assert answer == {"agent": "naïve"}
    (asked,) = receiver.received
    assert asked.verified(SECRET)
    assert asked.event == {
        "object": "request",
        "id": asked.id,
        "type": "agent.lookup",
        "timestamp": "2026-03-01T12:00:00Z",
        "call_id": "call_1",
        "data": {"from": "+1"},
    }
    receiver.respond["/lookup"] = answers(204)
    assert await sync_calls.ask(url, [SECRET], "agent.lookup", {}) is None


@pytest.mark.parametrize(
    ("respond", "code"),
    [
        (answers(500), "webhook_refused"),
        (answers(302, {"Location": "/elsewhere"}), "webhook_refused"),
        (answers(200, body=b"<html>"), "webhook_bad_answer"),
        (answers(200, body=b"\xff\xfe{"), "webhook_bad_answer"),
        (answers(200, body=b"[" * 60_000), "webhook_bad_answer"),
        (answers(200, body=b" " * (64 * 1024 + 1)), "webhook_answer_too_long"),
        (answers(200, body=b"x" * (10 << 20)), "webhook_answer_too_long"),
    ],
)
async def test_a_bad_answer_has_a_code(sync_calls: SyncCalls, receiver: Receiver, respond: Respond, code: str) -> None:
    receiver.respond["/tool"] = respond
    with pytest.raises(WebhookError) as failed:
        await sync_calls.ask(receiver.url("/tool"), [SECRET], "tool.call", {})
    assert failed.value.code == code
    assert len(receiver.received) == 1


@pytest.mark.parametrize("begins", [False, True])
async def test_nobody_waits_longer_than_the_limit(receiver: Receiver, begins: bool) -> None:
    async def hang(request: web.Request, _received: Received) -> web.StreamResponse:
        if begins:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"{")
        await asyncio.Event().wait()
        return web.Response()

    receiver.respond["/tool"] = hang
    limits = ManualTimeouts()
    client = WebhookClient(Targets(LOCAL), time_limit=limits)
    ask = SyncCalls(client, timeout_s=2).ask(receiver.url("/tool"), [SECRET], "tool.call", {}, timeout_s=0.7)
    asking = asyncio.create_task(ask)
    await receiver.until_received(1)
    limits.expire(0.7)
    with pytest.raises(WebhookError, match=r"within 0\.7 s") as failed:
        await asking
    assert failed.value.code == "webhook_timeout"
    await client.close()


async def test_the_target_is_checked(receiver: Receiver) -> None:
    client = WebhookClient(Targets(TargetPolicy()))
    with pytest.raises(WebhookError) as refused:
        await SyncCalls(client, timeout_s=2).ask(receiver.url(), [SECRET], "tool.call", {})
    assert refused.value.code == "webhook_target_loopback"
    await client.close()
