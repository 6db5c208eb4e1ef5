"""How a server comes to its end while people talk: in order, in a hurry, and killed."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.testing.softphone import EndKind
from tests.acceptance.station import Station, station

pytestmark = pytest.mark.asyncio(loop_scope="session")
FAREWELL = "I have to end this call now"


def outcome(call: dict[str, Any]) -> tuple[str, str]:
    return call["status"], call["ended_reason"]


class Manager(asyncio.DatagramProtocol):
    """systemd, as far as a service sees it."""

    def __init__(self, folder: Path) -> None:
        self.texts: list[str] = []
        self._path = folder / "notify"
        self._changed = asyncio.Event()

    @property
    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": "1500000"}

    async def __aenter__(self) -> Manager:
        loop = asyncio.get_running_loop()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(str(self._path))
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=listening)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, _address: object) -> None:
        self.texts.append(data.decode())
        self._changed.set()

    async def told(self, line: str) -> None:
        async with asyncio.timeout(60):
            while not any(line in text for text in self.texts):
                self._changed.clear()
                await self._changed.wait()


async def ready(api: aiohttp.ClientSession) -> tuple[int, dict[str, Any]]:
    async with api.get("/readyz") as answer:
        return answer.status, await answer.json()


def farewells(open_station: Station) -> list[str]:
    turns = [event["turn"] for event in open_station.events if event["type"] == "turn.ended"]
    return [turn["text"] for turn in turns if FAREWELL in turn["text"]]


async def test_sigterm_lets_calls_finish_and_sends_others_to_the_fallback(tmp_path: Path) -> None:
    async with (
        Manager(tmp_path) as manager,
        station(tmp_path, {"drain": {"timeout_s": "600"}}, manager.environment) as opened,
        opened.api() as api,
    ):
        await manager.told("READY=1")
        await manager.told("WATCHDOG=1")
        talking = await opened.talking()
        assert (await ready(api))[0] == 200
        opened.signal(signal.SIGTERM)
        await opened.told("server.stopping")
        status, readiness = await ready(api)
        assert status == 503
        assert [name for name, good in readiness["checks"].items() if not good] == ["accepting_calls"]
        assert any("draining" in problem for problem in readiness["problems"])
        async with api.get("/v1/system") as answer:
            drain = (await answer.json())["drain"]
        assert (drain["calls"], drain["stopping"]) == (1, True)
        async with api.delete("/v1/system/drain") as answer:
            assert (answer.status, (await answer.json())["code"]) == (409, "wrong_state")
        late = await opened.dial()
        assert await late.answered, "by the dialplan"
        await late.hang_up()
        await manager.told("STOPPING=1")
        await manager.told("EXTEND_TIMEOUT_USEC")
        assert any("accepting_calls" in text for text in manager.texts)
        await talking.hang_up()
        assert await opened.ended() == 0
        assert [outcome(call) for call in await opened.calls()] == [
            ("completed", "caller_hangup"),
            ("failed", "server_shutdown"),
        ]
        assert not farewells(opened)


async def test_when_the_time_is_up_callers_hear_goodbye(tmp_path: Path) -> None:
    async with station(tmp_path, {"drain": {"timeout_s": "0.5"}}) as opened:
        call = await opened.talking()
        opened.signal(signal.SIGTERM)
        assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP
        assert await opened.ended() == 0
        assert [outcome(call) for call in await opened.calls()] == [("completed", "server_shutdown")]
        assert farewells(opened)


async def test_a_second_signal_ends_at_once_and_all_is_on_record(tmp_path: Path) -> None:
    async with station(tmp_path, {"drain": {"timeout_s": "600"}}) as opened:
        call = await opened.talking()
        opened.signal(signal.SIGTERM)
        await opened.told("server.stopping")
        opened.signal(signal.SIGTERM)
        assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP
        assert await opened.ended() == 0
        assert [outcome(call) for call in await opened.calls()] == [("completed", "server_shutdown")]
        assert not farewells(opened)


async def test_ctrl_c_does_not_wait_for_the_end_of_calls(tmp_path: Path) -> None:
    async with station(tmp_path, {"drain": {"timeout_s": "600"}}) as opened:
        call = await opened.talking()
        opened.signal(signal.SIGINT)
        assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP
        assert await opened.ended() == 0
        assert farewells(opened)


async def test_a_drain_by_the_api_is_taken_back(tmp_path: Path) -> None:
    async with station(tmp_path) as opened, opened.api() as api:
        talking = await opened.talking()
        for _ in range(2):
            async with api.post("/v1/system/drain", json={}) as answer:
                assert answer.status == 200, await answer.text()
                drain = await answer.json()
        assert (drain["calls"], drain["stopping"]) == (1, False)
        assert (await ready(api))[0] == 503
        for _ in range(2):
            async with api.delete("/v1/system/drain") as answer:
                assert answer.status == 204
        assert (await ready(api))[0] == 200
        another = await opened.talking()
        for phone in (talking, another):
            await phone.hang_up()
        await opened.until(lambda: len(ended(opened)) == 2)
        opened.signal(signal.SIGINT)
        await opened.ended()  # all is on record now
        assert [outcome(call) for call in await opened.calls()] == [("completed", "caller_hangup")] * 2


def ended(opened: Station) -> list[Any]:
    return [e for e in opened.events if e["type"] == "call.changed" and e["call"]["ended_at"]]
