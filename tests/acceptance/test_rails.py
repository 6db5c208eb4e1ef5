"""A Rails application drives real calls, and misses nothing of them though it is killed in the middle of one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from agent.domain.event_types import ON_REQUEST
from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.testing.measure import Pcm
from agent.testing.softphone import PhoneCall, Softphone
from agent.testing.voice import CallerVoice
from tests.acceptance.rails_app import RailsApp
from tests.acceptance.theatre import APPLICATION_SECRET, Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUESTION = "What are your opening hours on Saturday?"
ERRAND = "Where is my order number four seven one one?"
NUMBER = "5000"
CUSTOMER = "3900"


@pytest_asyncio.fixture(loop_scope="session", name="key")
async def make_key(theatre: Theatre) -> str:
    store = Store.of(StoreSettings(file=theatre.folder / "record.db"))
    _, secret = await ApiKeys(store).create("rails", frozenset({Scope.ADMIN}), datetime.now(UTC))
    await store.close()
    return secret


@pytest_asyncio.fixture(loop_scope="session", name="phone_agent")
async def connect(theatre: Theatre, key: str) -> AsyncIterator[aiohttp.ClientSession]:
    root = f"http://127.0.0.1:{theatre.http_port}/v1/"
    async with aiohttp.ClientSession(
        root, headers={"Authorization": f"Bearer {key}"}, raise_for_status=True
    ) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="session", name="rails")
async def set_up_rails(
    theatre: Theatre, key: str, phone_agent: aiohttp.ClientSession, tmp_path: Path
) -> AsyncIterator[RailsApp]:
    api = f"http://127.0.0.1:{theatre.http_port}/v1/"
    app = RailsApp(tmp_path, api=api, key=key, secret=APPLICATION_SECRET)
    printed = await app.task("db:migrate", "db:seed", "phone_agent:connect", f"URL={app.url}")
    assert "sends to" in printed
    try:
        await app.start()
        yield app
    finally:
        await app.stop()
        for (endpoint,) in app.rows("SELECT endpoint_id FROM webhook_endpoints"):
            await phone_agent.delete(f"webhook_endpoints/{endpoint}")


class Told:
    """What the agent tells us beside Rails, to know when to go on."""

    def __init__(self) -> None:
        self.turns: list[Mapping[str, Any]] = []
        self._more = asyncio.Event()

    def __call__(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "turn.ended":
            self.turns.append(event["turn"])
            self._more.set()

    async def turn(self, speaker: str, says: str = "", *, after: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The first turn of that side that holds these words, behind another one."""
        first = 0 if after is None else self.turns.index(after) + 1
        async with asyncio.timeout(60):
            while True:
                self._more.clear()
                for turn in self.turns[first:]:
                    if turn["speaker"] == speaker and says in turn["text"]:
                        return turn
                await self._more.wait()


async def test_rails_serves_a_call_and_misses_nothing_though_it_is_killed(
    theatre: Theatre, rails: RailsApp, phone_agent: aiohttp.ClientSession, tmp_path: Path
) -> None:
    assert await send_forged(rails) == 401
    voice, told = CallerVoice(), Told()
    errand, question = await voice.speak(ERRAND), await voice.speak(QUESTION)
    async with Softphone() as phone:
        with theatre.stage.feed.listening(told):
            call = await phone.call(*theatre.stage.sip_address, NUMBER, recording=tmp_path / "call.wav", user=CUSTOMER)
            call_id = (await rails.logged("phone_agent.lookup")).split()[-1]
            await told.turn("agent", "Lakeside Store, good day Mrs. Ames.")
            await ask_until_looked_up(call, errand, rails, told)
            await rails.press_button(call_id, "say", {"text": "A colleague is free now."})
            said = await told.turn("agent", "A colleague is free now.")
            await rails.press_button(call_id, "dtmf", {"digits": "5#"})
            assert [await call.key(), await call.key()] == ["5", "#"]
            await rails.task("phone_agent:rotate_secret")
            await rails.logged(f"phone_agent.turn {call_id} {said['index']}")

            await rails.kill()
            await call.say(question)
            asked = await told.turn("caller", after=said)
            answered = await told.turn("agent", after=asked)
            await call.press("77#")
            keyed = await told.turn("caller", "7 7", after=answered)
            last = await told.turn("agent", after=keyed)
            await until_a_delivery_failed(phone_agent)
            killed = len(rails.log)
            await rails.start()
            await rails.logged("phone_agent.event call.dtmf.received", since=killed)
            await rails.logged(f"phone_agent.turn {call_id} {last['index']}", since=killed)

            page = await rails.press_button(call_id, "hangup", {"text": "We close now. Goodbye."})
            assert "A colleague is free now." in page
            await call.ended
            await rails.logged("phone_agent.event call.transcript.ready", call_id)
    await has_all_of(rails, phone_agent, call_id)


async def ask_until_looked_up(call: PhoneCall, errand: Pcm, rails: RailsApp, told: Told) -> None:
    """The small model of the tests does not always think of its tool: a caller asks again."""
    last = told.turns[-1]
    for _ in range(5):
        await call.say(errand)
        last = await told.turn("agent", after=await told.turn("caller", after=last))
        if any("phone_agent.tool find_order" in line for line in rails.log):
            return
    pytest.fail(f"the tool was never asked for: {told.turns}")


async def has_all_of(rails: RailsApp, phone_agent: aiohttp.ClientSession, call_id: str) -> None:
    """Rails knows of a call what we know, each thing once."""
    transcript = await got(phone_agent, f"calls/{call_id}/transcript")
    turns = [(turn["index"], turn["text"]) for turn in transcript["turns"]]
    await rails.logged(f"phone_agent.turn {call_id} {turns[-1][0]}")
    kept = await rails.get(f"/calls/{call_id}.json")
    ended = [kept[field] for field in ("status", "ended_reason", "digits", "from", "customer_id")]
    assert ended == ["completed", "api_hangup", "77", CUSTOMER, 1]
    assert [(turn["position"], turn["text"]) for turn in kept["turns"]] == turns
    assert turns[-1][1].endswith("We close now. Goodbye.")  # a filler may have come before
    done = [tool_call for tool_call in transcript["tool_calls"] if tool_call["status"] == "succeeded"]
    answers = rails.rows("SELECT webhook_id, answer FROM tool_calls ORDER BY id")
    assert [webhook_id for webhook_id, _ in answers] == [tool_call["id"] for tool_call in done]
    assert {json.loads(answer)["result"] for _, answer in answers} == {done[0]["result"]}
    assert done[0]["result"] == "The order was sent on Tuesday."
    await rails.logged("phone_agent.recording", call_id)
    async with phone_agent.get(f"calls/{call_id}/recording") as answer:
        assert (rails.folder / f"storage/{call_id}.wav").read_bytes() == await answer.read()
    events = (await got(phone_agent, f"calls/{call_id}/events?limit=1000"))["data"]
    sent = [(event["id"], event["type"]) for event in events if event["type"] not in ON_REQUEST]
    stored = rails.rows("SELECT webhook_id, event_type FROM webhook_events WHERE call_id = ? ORDER BY id", call_id)
    assert stored == sent


async def send_forged(rails: RailsApp) -> int:
    """What it answers to an event that we did not sign."""
    forged = {
        "webhook-id": "evt_forged",
        "webhook-timestamp": str(int(datetime.now(UTC).timestamp())),
        "webhook-signature": "v1,Zm9yZ2Vk",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{rails.url}/phone_agent/events", json={"type": "call.ended"}, headers=forged) as answer,
    ):
        return answer.status


async def got(api: aiohttp.ClientSession, path: str) -> Any:
    async with api.get(path) as answer:
        return await answer.json()


async def until_a_delivery_failed(api: aiohttp.ClientSession) -> None:
    """Returns when something was tried in vain to be sent to the latest endpoint."""
    endpoint = (await got(api, "webhook_endpoints?limit=1"))["data"][0]["id"]
    async with asyncio.timeout(60):
        while True:
            waiting = await got(api, f"webhook_endpoints/{endpoint}/deliveries?status=pending")
            if any(delivery["attempts"] for delivery in waiting["data"]):
                return
