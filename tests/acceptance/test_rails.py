"""A Rails application drives real calls, and misses nothing of them though it is killed in the middle of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.testing.softphone import Softphone
from agent.testing.voice import CallerVoice
from tests.acceptance.rails_app import RailsApp
from tests.acceptance.theatre import Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUESTION = "What are your opening hours on Saturday?"


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
    app = RailsApp(tmp_path, api=f"http://127.0.0.1:{theatre.http_port}/v1/", key=key)
    printed = await app.task("db:migrate", "phone_agent:connect", f"URL={app.url}/phone_agent/events")
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
        self.events: list[Mapping[str, Any]] = []
        self._more = asyncio.Event()

    def __call__(self, event: Mapping[str, Any]) -> None:
        self.events.append(event)
        self._more.set()

    async def until(self, kind: str, count: int = 1) -> Mapping[str, Any]:
        """Event number `count` of that type."""
        async with asyncio.timeout(60):
            while len(found := [event for event in self.events if event["type"] == kind]) < count:
                self._more.clear()
                await self._more.wait()
        return found[count - 1]


async def test_rails_drives_a_call_and_misses_nothing_though_it_is_killed(
    theatre: Theatre, rails: RailsApp, phone_agent: aiohttp.ClientSession, tmp_path: Path
) -> None:
    assert await send_forged(rails) == 401
    question = await CallerVoice().speak(QUESTION)
    told = Told()
    async with Softphone() as phone:
        with theatre.stage.feed.listening(told):
            call = await phone.call(*theatre.stage.sip_address, "1000", recording=tmp_path / "call.wav", user="3900")
            call_id = (await rails.logged("phone_agent.event call.answered")).split()[-1]
            await rails.logged(f"phone_agent.turn {call_id} 0")
            await rails.press_button(call_id, "say", {"text": "The doctor is free now."})
            await rails.logged(f"phone_agent.turn {call_id} 1")
            await rails.press_button(call_id, "dtmf", {"digits": "5#"})
            assert [await call.key(), await call.key()] == ["5", "#"]
            await rails.task("phone_agent:rotate_secret")

            await rails.kill()
            await call.say(question)
            await told.until("turn.ended", 4)
            await call.press("77#")
            await told.until("turn.ended", 6)
            await until_a_delivery_failed(phone_agent)
            restarted = len(rails.log)
            await rails.start()
            await rails.logged("phone_agent.event call.dtmf.received", since=restarted)
            await rails.logged(f"phone_agent.turn {call_id} 5")

            page = await rails.press_button(call_id, "hangup", {"text": "We close now. Goodbye."})
            assert "The doctor is free now." in page
            await call.ended
            await rails.logged("phone_agent.event call.transcript.ready")
    turns = (await got(phone_agent, f"calls/{call_id}/transcript"))["turns"]
    await rails.logged(f"phone_agent.turn {call_id} {len(turns) - 1}")
    kept = await rails.get(f"/calls/{call_id}.json")
    assert (kept["status"], kept["ended_reason"], kept["digits"], kept["from"]) == (
        "completed",
        "api_hangup",
        "77",
        "3900",
    )
    assert [turn["text"] for turn in kept["turns"]] == [turn["text"] for turn in turns]
    assert turns[1]["text"] == "The doctor is free now."
    assert turns[-1]["text"] == "We close now. Goodbye."
    events = [
        event
        for event in (await got(phone_agent, f"calls/{call_id}/events?limit=1000"))["data"]
        if event["type"] != "call.turn.completed"
    ]
    stored = rails.rows("SELECT webhook_id, event_type FROM webhook_events WHERE call_id = ? ORDER BY id", call_id)
    assert stored == [(event["id"], event["type"]) for event in events]


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
