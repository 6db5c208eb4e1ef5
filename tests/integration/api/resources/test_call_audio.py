"""Somebody listens to a call under way: over a real WebSocket, with sound that a test puts into the call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import numpy as np
import pytest

from agent.api.listeners import MAX_PER_CALL
from agent.domain.call import Call, CallStatus, transition
from agent.media.tap import Side, Sound, Tap
from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office
from tests.integration.api.resources.test_calls import changed, ringing

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PATH = "/v1/calls/call_1/audio"


async def live(office: Office) -> tuple[Call, Tap]:
    call = transition(ringing(), CallStatus.IN_PROGRESS, at=NOW)
    await office.happens(changed(ringing()), changed(call))
    return call, office.goes_on(call)


def connect(office: Office, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {office.secrets[Scope.CALLS]}"}
    return office.client.ws_connect(PATH, headers=headers, **more)


def pass_by(tap: Tap, slots: int) -> None:
    """Both sides, each sample with a value that names side and slot."""
    for slot in range(slots):
        for side, value in ((Side.CALLER, 1000 + slot), (Side.AGENT, -1000 - slot)):
            sound = Sound(side, 160 * slot, np.full(160, value, "<i2").tobytes())
            for reader in tap._readers:
                reader.put(sound)


async def refusal(office: Office, path: str = PATH, **more: Any) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await office.client.ws_connect(path, **more)
    return refused.value.status


async def test_both_sides_are_heard_beside_each_other_until_the_call_ends(office: Office) -> None:
    _, tap = await live(office)
    async with connect(office) as socket:
        form = await socket.receive_json()
        assert form == {
            "type": "format",
            "call_id": "call_1",
            "encoding": "pcm_s16le",
            "sample_rate": 8000,
            "channels": ["caller", "agent"],
            "samples_per_message": 800,
        }
        pass_by(tap, 50)
        tap.close()
        messages = [await socket.receive_bytes() for _ in range(10)]
        assert await socket.receive_json() == {"type": "end", "reason": "call_ended"}
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1000
    both = np.frombuffer(b"".join(messages), "<i2").reshape(-1, 2)
    slots = np.repeat(np.arange(50), 160)
    assert (both == np.stack([1000 + slots, -1000 - slots], axis=1)).all()


async def test_it_is_on_record_who_listens(office: Office) -> None:
    await live(office)
    async with connect(office) as socket:
        await socket.receive_json()
        assert len(office.house.listeners) == 1
    told = await office.told.until(2)
    assert [event.type for event in told] == ["listener.joined", "listener.left"]
    await office.happens(*told)
    _, listed = await office.send("GET", "/v1/calls/call_1/events?after=3")
    assert [event["type"] for event in listed["data"]] == ["call.listener.joined", "call.listener.left"]
    assert all(event["data"]["key_id"].startswith("key_") for event in listed["data"])
    assert len(office.house.listeners) == 0


async def test_a_browser_listens_once_by_a_token(office: Office) -> None:
    await live(office)
    status, made = await office.send("POST", "/v1/calls/call_1/audio_token", scope=Scope.CALLS)
    assert status == 201
    protocols = made["subprotocols"]
    assert protocols == ["phone-agent.audio", f"token.{made['token']}"]
    async with office.client.ws_connect(PATH, protocols=protocols) as socket:
        assert socket.protocol == "phone-agent.audio"
        assert (await socket.receive_json())["type"] == "format"
    assert await refusal(office, protocols=protocols) == 401


async def test_a_token_is_good_for_its_call_and_for_a_minute(office: Office) -> None:
    call, _ = await live(office)
    office.live["call_2"] = office.live[call.id]
    _, made = await office.send("POST", "/v1/calls/call_1/audio_token")
    assert await refusal(office, "/v1/calls/call_2/audio", protocols=made["subprotocols"]) == 401
    _, made = await office.send("POST", "/v1/calls/call_1/audio_token")
    office.clock.pass_(seconds=61)
    assert await refusal(office, protocols=made["subprotocols"]) == 401
    expires_at = datetime.fromisoformat(made["expires_at"])
    assert timedelta(0) < office.clock.now() - expires_at < timedelta(minutes=2)


async def test_what_cannot_be_listened_to_is_told_before_the_upgrade(office: Office) -> None:
    await office.happens(changed(ringing()))
    calls = {"Authorization": f"Bearer {office.secrets[Scope.CALLS]}"}
    reads = {"Authorization": f"Bearer {office.secrets[Scope.READ]}"}
    assert await refusal(office) == 401
    assert await refusal(office, headers=reads) == 403
    assert await refusal(office, "/v1/calls/call_9/audio", headers=calls) == 404
    assert await refusal(office, headers=calls) == 409
    status, problem = await office.send("POST", "/v1/calls/call_1/audio_token")
    assert (status, problem["code"]) == (409, "wrong_state")
    office.goes_on(transition(ringing(), CallStatus.IN_PROGRESS, at=NOW))
    status, problem = await office.send("GET", PATH)
    assert (status, problem["code"]) == (426, "upgrade_required")


async def test_only_so_many_may_listen(office: Office) -> None:
    await live(office)
    sockets = [await connect(office) for _ in range(MAX_PER_CALL)]
    for socket in sockets:
        await socket.receive_json()
    headers = {"Authorization": f"Bearer {office.secrets[Scope.CALLS]}"}
    assert await refusal(office, headers=headers) == 409
    for socket in sockets:
        await socket.close()
    await office.told.until(2 * MAX_PER_CALL)
    async with connect(office) as socket:
        assert (await socket.receive_json())["type"] == "format"


async def test_what_a_listener_sends_reaches_nobody(office: Office) -> None:
    _, tap = await live(office)
    async with connect(office) as socket:
        await socket.receive_json()
        await socket.send_str("hello")
        await socket.send_bytes(b"x" * 1000)
        pass_by(tap, 20)
        assert len(await socket.receive_bytes()) == 3200
        await socket.send_bytes(b"x" * 5000)
        while (message := await socket.receive()).type is aiohttp.WSMsgType.BINARY:
            pass
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, 1009)


async def test_listeners_are_let_go_when_the_server_stops(office: Office) -> None:
    await live(office)
    async with connect(office) as socket:
        await socket.receive_json()
        office.house.listeners.closing.set()
        assert await socket.receive_json() == {"type": "end", "reason": "server_shutdown"}
        await socket.receive()
        assert socket.close_code == 1001
