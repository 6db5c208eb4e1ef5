"""Real calls, driven and followed through the API as a back end does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from agent.media.pcm import Samples
from agent.rehearsal.moments import MomentKind
from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from tests.acceptance.theatre import GOODBYE, LISTEN, Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUESTION = "What are your opening hours on Saturday?"


@pytest_asyncio.fixture(loop_scope="session")
async def api(theatre: Theatre) -> AsyncIterator[aiohttp.ClientSession]:
    store = Store.of(StoreSettings(file=theatre.folder / "record.db"))
    _, secret = await ApiKeys(store).create("tests", frozenset({Scope.ADMIN}), datetime.now(UTC))
    await store.close()
    async with aiohttp.ClientSession(root_of(theatre), headers={"Authorization": f"Bearer {secret}"}) as session:
        yield session


def root_of(theatre: Theatre) -> str:
    return f"http://127.0.0.1:{theatre.http_port}"


@asynccontextmanager
async def followed(
    api: aiohttp.ClientSession, until: str, timeout_s: float = 60
) -> AsyncIterator[list[dict[str, Any]]]:
    """Public events from here on; the block's end waits for one of the type `until`."""
    found: list[dict[str, Any]] = []
    last = asyncio.Event()
    async with api.get("/v1/events/stream", timeout=aiohttp.ClientTimeout(sock_read=timeout_s)) as stream:
        assert stream.status == 200

        async def read() -> None:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:]))
                    if found[-1]["type"] == until:
                        last.set()

        reading = asyncio.create_task(read())
        try:
            yield found
            await asyncio.wait_for(last.wait(), timeout_s)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def got(api: aiohttp.ClientSession, path: str) -> Any:
    async with api.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def _forget(api: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    """Remove what an earlier attempt of the same test left on the server that they share."""
    for left in (await got(api, f"{path}?limit=100"))["data"]:
        if any(left.get(key) == body[key] for key in ("name", "number") if key in body):
            numbers = (await got(api, "/v1/phone_numbers?limit=100"))["data"] if path == "/v1/agents" else []
            leading = [f"/v1/phone_numbers/{one['id']}" for one in numbers if one["agent_id"] == left["id"]]
            for gone in [*leading, f"{path}/{left['id']}"]:
                async with api.delete(gone) as answer:
                    assert answer.status == 204, await answer.text()


async def created(api: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
    await _forget(api, path, body)
    async with api.post(path, json=body) as answer:
        assert answer.status == 201, await answer.text()
        result: dict[str, Any] = await answer.json()
        return result


async def posted(api: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> int:
    async with api.post(path, json=body) as answer:
        return answer.status


async def test_a_call_can_be_followed_and_is_on_record_afterwards(theatre: Theatre, api: aiohttp.ClientSession) -> None:
    async with followed(api, until="call.transcript.ready") as events:
        played = await theatre.play(
            [LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE], {"turn": 1, "agent_says_any": ["nine"]}
        )
    played.check()
    call_id = played.call["id"]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    types = [event["type"] for event in events if event["type"] != "call.turn.completed"]
    assert types == ["call.created", "call.ringing", "call.answered", "call.ended", "call.transcript.ready"]
    call = await got(api, f"/v1/calls/{call_id}")
    assert events[-1]["data"]["call"] == call
    assert (call["status"], call["ended_reason"], call["agent"], call["agent_version"]) == (
        "completed",
        "agent_hangup",
        "receptionist",
        1,
    )
    assert call["latency"]["answers"] >= 1
    assert 0 < call["cpu_seconds"] < theatre.cpu_seconds_of_workers()
    transcript = await got(api, f"/v1/calls/{call_id}/transcript")
    assert transcript["complete"]
    assert [turn["text"] for turn in transcript["turns"]] == [turn["text"] for turn in played.turns]
    listed = await got(api, f"/v1/calls/{call_id}/events?after=2&limit=2")
    assert [event["sequence"] for event in listed["data"]] == [3, 4]
    assert listed["has_more"]
    assert (await got(api, "/v1/calls?limit=1"))["data"][0] == call


async def test_the_back_end_speaks_in_a_call_and_ends_it(theatre: Theatre, api: aiohttp.ClientSession) -> None:
    done: list[asyncio.Task[int]] = []

    async def intervene() -> int:
        while not (listed := (await got(api, "/v1/calls?status=in-progress"))["data"]):
            pass  # it is on record a moment after the caller sees it answered
        live = listed[0]["id"]
        assert await posted(api, f"/v1/calls/{live}/messages", {"text": "The caller is a regular."}) == 202
        assert await posted(api, f"/v1/calls/{live}/say", {"text": "The doctor is free now."}) == 202
        return await posted(api, f"/v1/calls/{live}/hangup", {"say": "We close now. Goodbye."})

    played = await theatre.play(
        [{"wait_for_end": {"timeout_s": 60}}],
        {"call": {"status": "completed", "ended_reason": "api_hangup"}},
        on={MomentKind.ANSWERED: lambda: done.append(asyncio.create_task(intervene()))},
    )
    played.check()
    assert await done[0] == 202
    assert played.turns[-1]["text"] == "We close now. Goodbye."
    call_id = played.call["id"]
    for action, body in (("say", {"text": "Hello?"}), ("hangup", {}), ("dtmf", {"digits": "1"})):
        assert await posted(api, f"/v1/calls/{call_id}/{action}", body) == 409
    assert await posted(api, "/v1/calls/call_nobody/say", {"text": "Hello?"}) == 404


async def listened(theatre: Theatre, api: aiohttp.ClientSession, *, by_token: bool) -> tuple[list[Any], bytes]:
    """What a supervisor of the next call that is answered is told, and hears, to its end."""
    while not (found := (await got(api, "/v1/calls?status=in-progress"))["data"]):
        pass  # it is on record a moment after the caller sees it answered
    path = f"/v1/calls/{found[0]['id']}/audio"
    if by_token:
        async with api.post(f"{path}_token") as made:
            protocols = (await made.json())["subprotocols"]
        async with (
            aiohttp.ClientSession(root_of(theatre)) as browser,
            browser.ws_connect(path, protocols=protocols) as socket,
        ):
            return await _to_the_end(socket)
    async with api.ws_connect(path) as socket:
        return await _to_the_end(socket)


async def _to_the_end(socket: aiohttp.ClientWebSocketResponse) -> tuple[list[Any], bytes]:
    told, sound = [], b""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY:
            sound += message.data
        else:
            told.append(message.json())
    return told, sound


async def test_supervisors_hear_what_both_sides_say(theatre: Theatre, api: aiohttp.ClientSession) -> None:
    listening: list[asyncio.Task[tuple[list[Any], bytes]]] = []

    def listen() -> None:
        listening.extend(asyncio.create_task(listened(theatre, api, by_token=by_token)) for by_token in (False, True))

    played = await theatre.play([LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE], on={MomentKind.ANSWERED: listen})
    phone = np.frombuffer((played.recording.read_bytes())[44:], "<i2").reshape(-1, 2)
    for told, sound in await asyncio.gather(*listening):
        assert [message["type"] for message in told] == ["format", "end"]
        heard = np.frombuffer(sound, "<i2").reshape(-1, 2)
        for side in (0, 1):
            assert best_match(heard[:, side], phone[:, side]) > 0.5
            assert best_match(heard[:, side], phone[:, 1 - side]) < 0.25
    listed = await got(api, f"/v1/calls/{played.call['id']}/events")
    types = [event["type"] for event in listed["data"]]
    assert (types.count("call.listener.joined"), types.count("call.listener.left")) == (2, 2)


def best_match(one: Samples, other: Samples) -> float:
    """Correlation of two recordings of the same, -1 to 1, at the shift where they fit best."""
    size = len(one) + len(other)
    first, second = (np.fft.rfft(pcm.astype(float), size) for pcm in (one, other))
    peak: float = np.fft.irfft(first * np.conj(second), size).max()
    return peak / float(np.linalg.norm(one.astype(float)) * np.linalg.norm(other.astype(float)))


class Rails:
    """A back end that takes webhooks."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.call_ended = asyncio.Event()
        self.answers = iter([500])  # the first attempt finds it broken

    async def take(self, request: web.Request) -> web.Response:
        status = next(self.answers, 200)
        if status == 200:
            self.got.append((await request.read(), dict(request.headers)))
            if json.loads(self.got[-1][0])["type"] == "call.transcript.ready":
                self.call_ended.set()
        return web.Response(status=status)


async def test_a_back_end_is_told_all_of_a_call_signed_and_in_order(
    theatre: Theatre, api: aiohttp.ClientSession
) -> None:
    rails = Rails()
    app = web.Application()
    app.router.add_post("/events", rails.take)
    async with TestServer(app) as server:
        async with api.post("/v1/webhook_endpoints", json={"url": str(server.make_url("/events"))}) as answer:
            assert answer.status == 201, await answer.text()
            endpoint = await answer.json()
        played = await theatre.play([LISTEN, {"hang_up": {}}])
        await asyncio.wait_for(rails.call_ended.wait(), 60)
        async with api.delete(f"/v1/webhook_endpoints/{endpoint['id']}") as answer:
            assert answer.status == 204
    signature = Webhook(endpoint["secret"])
    told = [signature.verify(body, headers) for body, headers in rails.got]
    assert [event["type"] for event in told] == [
        "call.created",
        "call.ringing",
        "call.answered",
        "call.ended",
        "call.transcript.ready",
    ]
    assert {event["call_id"] for event in told} == {played.call["id"]}
    sequences = [event["sequence"] for event in told]
    assert sequences == sorted(sequences)
    assert [headers["webhook-id"] for _, headers in rails.got] == [event["id"] for event in told]


async def test_an_agent_made_by_the_api_takes_the_next_call(theatre: Theatre, api: aiohttp.ClientSession) -> None:
    agent = {"name": "night-desk", "greeting": "Night desk.", "instructions": "Be brief."}
    made = await created(api, "/v1/agents", agent)
    await created(api, "/v1/phone_numbers", {"number": "4000", "agent_id": made["id"]})
    played = await theatre.play([LISTEN, {"hang_up": {}}], to="4000")
    assert played.turns[0]["text"] == "Night desk."
    assert played.call["agent"] == "night-desk"


async def test_an_agent_is_tried_out_in_writing(theatre: Theatre, api: aiohttp.ClientSession) -> None:
    del theatre
    agents = (await got(api, "/v1/agents?order=asc&limit=100"))["data"]
    receptionist = next(agent for agent in agents if agent["name"] == "receptionist")
    async with api.post(f"/v1/agents/{receptionist['id']}/turns", json={"text": QUESTION}) as answer:
        assert answer.status == 200, await answer.text()
        turn = await answer.json()
    assert "nine" in turn["spoken"].lower()
    assert turn["messages"][0]["text"] == receptionist["greeting"]
    assert turn["timings_ms"]["first_token"] > 0


async def test_it_describes_itself_and_says_that_it_is_ready(api: aiohttp.ClientSession) -> None:
    ready = await got(api, "/readyz")
    parts = ("asterisk", "store", "ears", "mind", "mouth", "accepting_calls")
    assert ready["checks"] == dict.fromkeys(parts, True)
    assert "/v1/calls/{id}/transcript" in (await got(api, "/openapi.json"))["paths"]
    async with api.get("/docs") as page:
        assert "Phone Agent" in await page.text()
