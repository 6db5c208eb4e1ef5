"""An application says over HTTP who takes a call, and does the work of tools; or does not, in every way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from agent.domain.agent import Agent
from agent.domain.call import Call, CallStatus, Direction
from agent.domain.lookup import LookupOutcome, Refusal
from agent.domain.tools import Tool
from agent.errors import ConfigurationError, WebhookError
from agent.settings import WebhooksSettings
from agent.store import agents, phone_numbers
from agent.store.agents import API
from agent.store.engine import Store
from agent.store.registry import Registry
from agent.store.webhook_endpoints import new_secret
from agent.webhooks.agent_lookup import AgentLookup
from agent.webhooks.application_tools import ApplicationTools
from agent.webhooks.applications import check_configuration, check_tools
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Targets
from agent.webhooks.sync_call import SyncCalls
from tests.integration.webhooks.post_room import LOCAL, ManualTimeouts
from tests.integration.webhooks.receiver import Received, Receiver, Respond, answers

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECRET, OLD = new_secret(), new_secret()
DESK = Agent(name="desk", greeting="Good day.", instructions="Be brief.")
NIGHT = DESK.model_copy(update={"name": "night"})
CALL = Call("call_1", Direction.INBOUND, "+4930123", "1000", "desk", CallStatus.RINGING, NOW, agent_version=1)
FIND = Tool(name="find_order", description="Finds an order.")


class Shop:
    """Both ways of asking, to a receiver, with a registry in a real database."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        self.store = store
        self.limits = ManualTimeouts()
        self.client = WebhookClient(Targets(LOCAL), time_limit=self.limits)
        self.settings = WebhooksSettings(
            lookup_url=receiver.url("/lookup"),
            tool_url=receiver.url("/tool"),
            secret=SecretStr(SECRET),
            old_secret=SecretStr(OLD),
        )
        sync = SyncCalls(self.client, timeout_s=2)
        self.registry = Registry(store)
        self.lookup = AgentLookup(sync, self.settings, self.registry)
        self.tools = ApplicationTools(sync, self.settings)


@pytest_asyncio.fixture
async def shop(store: Store, receiver: Receiver) -> AsyncIterator[Shop]:
    shop = Shop(store, receiver)
    await shop.registry.adopt({"desk": DESK, "night": NIGHT}, {"1000": "desk"}, now=NOW)
    yield shop
    await shop.client.close()


def says(body: object) -> Respond:
    return answers(200, body=json.dumps(body).encode())


async def never(_request: web.Request, _received: Received) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def test_the_application_chooses_agent_variables_and_greeting(shop: Shop, receiver: Receiver) -> None:
    answer = {
        "agent": "night",
        "variables": {"name": "Ann", "vip": True, "orders": 3},
        "greeting": "Good evening, {{name}}.",
        "metadata": {"customer": {"id": 7, "note": "'; DROP TABLE calls; -- \u202e"}},
    }
    receiver.respond["/lookup"] = says(answer)
    call, lookup = await shop.lookup.ask(CALL)
    assert (call.agent, call.agent_version) == ("night", 1)
    assert (call.briefing.variables, call.briefing.greeting) == (answer["variables"], answer["greeting"])
    assert call.briefing.metadata == answer["metadata"]
    assert (lookup.outcome, lookup.code) == (LookupOutcome.ANSWERED, "")
    (asked,) = receiver.received
    assert asked.verified(SECRET)
    assert asked.verified(OLD)
    assert (asked.event["type"], asked.event["call_id"]) == ("agent.lookup", "call_1")
    told = asked.event["data"]["call"]
    assert {key: told[key] for key in ("id", "from", "to", "agent", "agent_version", "status")} == {
        "id": "call_1", "from": "+4930123", "to": "1000", "agent": "desk", "agent_version": 1, "status": "ringing",
    }  # fmt: skip


async def test_an_answer_without_words_leaves_all_as_it_is(shop: Shop, receiver: Receiver) -> None:
    for respond in (answers(204), says({}), answers(200, body=b"  ")):
        receiver.respond["/lookup"] = respond
        call, lookup = await shop.lookup.ask(CALL)
        assert (call, lookup.outcome) == (CALL, LookupOutcome.ANSWERED)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ({"action": "reject"}, Refusal.DECLINED),
        ({"action": "reject", "reason": "declined"}, Refusal.DECLINED),
        ({"action": "reject", "reason": "busy"}, Refusal.BUSY),
    ],
)
async def test_a_caller_may_be_rejected(
    shop: Shop, receiver: Receiver, answer: dict[str, str], refusal: Refusal
) -> None:
    receiver.respond["/lookup"] = says(answer)
    _, lookup = await shop.lookup.ask(CALL)
    assert (lookup.outcome, lookup.refusal) == (LookupOutcome.REJECTED, refusal)


@pytest.mark.parametrize(
    ("respond", "code"),
    [
        (answers(500), "webhook_refused"),
        (answers(200, body=b"<html>"), "webhook_bad_answer"),
        (answers(200, body=b"x" * (10 << 20)), "webhook_answer_too_long"),
        (says([]), "lookup_bad_answer"),
        (says({"agnet": "night"}), "lookup_bad_answer"),
        (says({"agent": 7}), "lookup_bad_answer"),
        (says({"agent": "../night"}), "lookup_bad_answer"),
        (says({"action": "transfer"}), "lookup_bad_answer"),
        (says({"variables": {"a b": 1}}), "lookup_bad_answer"),
        (says({"variables": {"a": {"deep": 1}}}), "lookup_bad_answer"),
        (says({"greeting": "x" * 2001}), "lookup_bad_answer"),
        (says({"agent": "nobody"}), "lookup_unknown_agent"),
        (says({"agent": "night", "version": 9}), "lookup_unknown_agent"),
        (says({"version": 2}), "lookup_unknown_agent"),
    ],
)
async def test_whatever_is_wrong_the_number_s_own_agent_takes_the_call(
    shop: Shop, receiver: Receiver, respond: Respond, code: str
) -> None:
    receiver.respond["/lookup"] = respond
    call, lookup = await shop.lookup.ask(CALL)
    assert call == CALL
    assert (lookup.outcome, lookup.code) == (LookupOutcome.FAILED, code)
    assert lookup.problem
    assert len(receiver.received) == 1


async def test_an_application_that_never_answers_is_waited_for_two_seconds(shop: Shop, receiver: Receiver) -> None:
    receiver.respond["/lookup"] = never
    asking = asyncio.create_task(shop.lookup.ask(CALL))
    await receiver.until_received(1)
    assert shop.limits.expire(2) == 1
    call, lookup = await asking
    assert (call, lookup.code) == (CALL, "webhook_timeout")


async def test_a_number_may_have_an_application_of_its_own(shop: Shop, receiver: Receiver) -> None:
    async with shop.store.write() as connection:
        night = await agents.get_by_name(connection, "night")
        assert night is not None
        own = receiver.url("/own?token=1")
        await phone_numbers.create(connection, "2000", night.id, source=API, now=NOW, lookup_url=own)
    await shop.registry.refresh()
    assert shop.lookup.url(CALL).endswith("/lookup")
    await shop.lookup.ask(Call("call_2", Direction.INBOUND, "", "2000", "night", CallStatus.RINGING, NOW))
    assert [received.path for received in receiver.received] == ["/own"]


async def test_an_agent_of_another_server_and_an_old_version_are_found_in_the_database(
    shop: Shop, receiver: Receiver
) -> None:
    async with shop.store.write() as connection:
        made = await agents.create(connection, DESK.model_copy(update={"name": "new"}), source=API, now=NOW)
        await agents.revise(connection, made.id, DESK.model_copy(update={"name": "new", "greeting": "Hi."}), now=NOW)
    for version, greeting in ((None, "Hi."), (1, "Good day.")):
        receiver.respond["/lookup"] = says({"agent": "new", "version": version})
        call, lookup = await shop.lookup.ask(CALL)
        assert lookup.outcome is LookupOutcome.ANSWERED
        found = await shop.registry.known(call.agent, call.agent_version)
        assert found is not None
        assert shop.registry.agent(found).greeting == greeting


async def test_a_tool_is_asked_for_with_an_id_to_deduplicate_by(shop: Shop, receiver: Receiver) -> None:
    receiver.respond["/tool"] = says({"result": {"status": "sent", "note": "naïve"}})
    answer = await shop.tools.run(CALL, FIND, "tool_1", {"number": "1234"})
    assert (answer.result, answer.error) == ({"status": "sent", "note": "naïve"}, "")
    (asked,) = receiver.received
    assert asked.verified(SECRET)
    assert (asked.id, asked.event["id"], asked.event["type"]) == ("tool_1", "tool_1", "tool.call")
    data = asked.event["data"]
    assert (data["name"], data["arguments"], data["call"]["id"]) == ("find_order", {"number": "1234"}, "call_1")


@pytest.mark.parametrize(
    ("respond", "result", "error"),
    [
        (says({"error": "No such order."}), None, "No such order."),
        (says({"result": None}), None, ""),
        (says({}), None, ""),
        (answers(204), None, ""),
        (says({"result": [1, "two"]}), [1, "two"], ""),
    ],
)
async def test_it_answers_a_result_or_why_not(
    shop: Shop, receiver: Receiver, respond: Respond, result: Any, error: str
) -> None:
    receiver.respond["/tool"] = respond
    answer = await shop.tools.run(CALL, FIND, "tool_1", {})
    assert (answer.result, answer.error) == (result, error)


@pytest.mark.parametrize(
    ("respond", "code"),
    [
        (answers(500), "webhook_refused"),
        (answers(200, body=b"<html>"), "webhook_bad_answer"),
        (answers(200, body=b"x" * (10 << 20)), "webhook_answer_too_long"),
        (says("sent"), "tool_bad_answer"),
        (says({"reslut": "sent"}), "tool_bad_answer"),
        (says({"error": 5}), "tool_bad_answer"),
    ],
)
async def test_a_bad_answer_has_a_code_and_nothing_is_asked_twice(
    shop: Shop, receiver: Receiver, respond: Respond, code: str
) -> None:
    receiver.respond["/tool"] = respond
    with pytest.raises(WebhookError) as failed:
        await shop.tools.run(CALL, FIND, "tool_1", {})
    assert failed.value.code == code
    assert len(receiver.received) == 1


async def test_a_tool_has_a_url_and_a_patience_of_its_own(shop: Shop, receiver: Receiver) -> None:
    receiver.respond["/slow"] = never
    tool = FIND.model_copy(update={"url": receiver.url("/slow"), "timeout_s": 9.0})
    asking = asyncio.create_task(shop.tools.run(CALL, tool, "tool_1", {}))
    await receiver.until_received(1)
    assert shop.limits.expire(2) == 0
    assert shop.limits.expire(9) == 1
    with pytest.raises(WebhookError, match="within 9 s"):
        await asking


async def test_tools_that_nobody_can_be_asked_for_are_refused(shop: Shop) -> None:
    agent = DESK.model_copy(update={"tools": (FIND,)})
    targets = shop.client.targets
    await check_tools(agent, shop.settings, targets)
    for settings, code in (
        (WebhooksSettings(secret=SecretStr(SECRET)), "tool_without_url"),
        (WebhooksSettings(tool_url="http://127.0.0.1/tool"), "no_signing_secret"),
        (WebhooksSettings(tool_url="http://10.0.0.1/tool", secret=SecretStr(SECRET)), "webhook_target_private"),
    ):
        with pytest.raises(WebhookError) as refused:
            await check_tools(agent, settings, targets)
        assert refused.value.code == code
    with pytest.raises(ConfigurationError, match="find_order of the agent desk has no url"):
        check_configuration(WebhooksSettings(), [agent])
    with pytest.raises(ConfigurationError, match=r"webhooks\.secret is needed for lookup_url"):
        check_configuration(WebhooksSettings(lookup_url="https://rails.example.com/lookup"), [])
    check_configuration(shop.settings, [agent])
    check_configuration(WebhooksSettings(), [DESK])
