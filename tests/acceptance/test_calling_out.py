"""Calls that a back end orders, over two real SIP lines, to people and machines that softphones play."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.asterisk.config import Trunk
from agent.testing.callees import Callee, answers, rejects, rings_on
from agent.testing.model_servers import ModelServers
from agent.testing.softphone import EndKind, PhoneCall
from agent.testing.trunk_peer import TrunkPeer
from agent.testing.voice import CallerVoice
from tests.acceptance.station import PATIENCE_S, Station, station
from tests.acceptance.test_after_a_crash import left_in_asterisk

pytestmark = pytest.mark.asyncio(loop_scope="session")
ANN, NOBODY, BUSY, DENIED = "+493012345671", "+493012345672", "+493012345673", "+493099123456"
DESK = "77"
RINGS, TALKS = "205", "206"
"""Extensions to which callers of the desk are handed over."""
README = Path(__file__).parents[2] / "README.md"
WISH = "Please do not call me again."
TRUNKS = {
    "first": {"endpoint": "first", "calls_per_second": 10, "caller_id": "+493011111111"},
    "second": {"endpoint": "second", "calls_per_second": 10, "priority": 20, "caller_id": "+493022222222"},
}
OUTBOUND = {"allow": "+4930", "deny": "+493099", "max_calls": "3", "trunks": json.dumps(TRUNKS)}


class BackEnd:
    """Orders calls, and takes webhooks."""

    def __init__(self, api: aiohttp.ClientSession, told: list[dict[str, Any]], more: asyncio.Condition) -> None:
        self._api = api
        self._told = told
        self._more = more

    async def order(self, to: str, **more: Any) -> tuple[int, dict[str, Any]]:
        async with self._api.post("/v1/calls", json={"to": to, "agent": "receptionist", **more}) as answer:
            return answer.status, await answer.json()

    async def hang_up(self, call_id: str) -> int:
        async with self._api.post(f"/v1/calls/{call_id}/hangup", json={}) as answer:
            return answer.status

    async def until(self, call_id: str, kind: str) -> dict[str, Any]:
        """The call, as the webhook of that type shows it."""

        def found() -> list[dict[str, Any]]:
            return [one["data"] for one in self._told if one["call_id"] == call_id and one["type"] == kind]

        async with asyncio.timeout(PATIENCE_S), self._more:
            await self._more.wait_for(found)
        call: dict[str, Any] = found()[0].get("call", {})
        return call

    async def make(self, path: str, body: dict[str, Any]) -> str:
        """The id of what was made there."""
        async with self._api.post(path, json=body) as answer:
            made = await answer.json()
            assert answer.status in {201, 202}, made
            return str(made["id"])

    def first(self) -> dict[str, Any]:
        """The first call that was ordered."""
        call: dict[str, Any] = self._told[0]["data"]["call"]
        return call

    def kinds(self, call_id: str) -> list[str]:
        return [one["type"] for one in self._told if one["call_id"] == call_id]


@asynccontextmanager
async def back_end(opened: Station) -> AsyncIterator[BackEnd]:
    told: list[dict[str, Any]] = []
    more = asyncio.Condition()

    async def take(request: web.Request) -> web.Response:
        async with more:
            told.append(json.loads(await request.read()))
            more.notify_all()
        return web.Response()

    app = web.Application()
    app.router.add_post("/events", take)
    async with TestServer(app) as server, opened.api() as api:
        async with api.post("/v1/webhook_endpoints", json={"url": str(server.make_url("/events"))}) as answer:
            assert answer.status == 201, await answer.text()
        yield BackEnd(api, told, more)


async def in_a_shell(opened: Station, to: str) -> tuple[int, str]:
    """Exit status of `phone-agent call`, and what it prints."""
    server = f"http://127.0.0.1:{opened.ports['http']}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "call", to, "--agent", "receptionist", "--server", server,
        stdout=PIPE, stderr=STDOUT, env={**os.environ, "PHONE_AGENT_KEY": opened.secret},
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode or 0, output.decode().strip()


async def in_ruby(opened: Station, to: str) -> str:
    """What the lines of the README print that call out."""
    first, call_out = (part.split("```")[0] for part in README.read_text("utf-8").split("```ruby\n")[1:3])
    program = f"require 'faraday'\nrequire 'json'\n{first.split('# 2.')[0]}\n{call_out}"
    for written, here in (
        ("http://127.0.0.1:8080", f"http://127.0.0.1:{opened.ports['http']}"),
        ("+493087654321", to),
        ('"desk"', '"receptionist"'),
    ):
        assert written in program
        program = program.replace(written, here)
    process = await asyncio.create_subprocess_exec(
        "ruby", "-e", program, stdout=PIPE, stderr=STDOUT, env={**os.environ, "PHONE_AGENT_KEY": opened.secret}
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return output.decode().strip()


async def handed_over(opened: Station, rails: BackEnd, name: str) -> tuple[PhoneCall, str]:
    """A caller of the desk who has heard the greeting, and is to go to somebody else; with the call's id."""

    def calls() -> set[str]:
        return {event["call"]["id"] for event in opened.events if event["type"] == "call.changed"}

    before = calls()
    phone = await opened.dial(DESK)
    await opened.until(lambda: calls() > before)
    (call_id,) = calls() - before
    await opened.until(lambda: any(one["type"] == "turn.ended" and one["call_id"] == call_id for one in opened.events))
    await rails.make(f"/v1/calls/{call_id}/transfer", {"destination": name})
    return phone, call_id


async def make_desk(rails: BackEnd) -> None:
    destinations = [
        {"name": name, "description": "x", "extension": extension, "trunk": "second"}
        for name, extension in (("rings", RINGS), ("talks", TALKS))
    ]
    desk = {"name": "desk", "greeting": "Hello.", "instructions": "x", "call_control": {"destinations": destinations}}
    await rails.make("/v1/phone_numbers", {"number": DESK, "agent_id": await rails.make("/v1/agents", desk)})


async def test_a_back_end_calls_out_over_two_lines(tmp_path: Path) -> None:
    """The models are stand-ins that outlive the server; test_scripts calls out with real ones."""
    voice = CallerVoice()
    await voice.prepare([WISH])
    wish = await voice.speak(WISH)

    async def ann(call: PhoneCall) -> None:
        await call.agent_quiet(1000, after=await call.agent_started())
        await call.say(wish)
        await call.ended

    callees: dict[str, Callee] = {
        ANN: answers(ann), BUSY: rejects(486), NOBODY: rings_on, RINGS: rings_on, TALKS: answers(),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        models = await stack.enter_async_context(ModelServers(heard=WISH))
        congested = await stack.enter_async_context(TrunkPeer(lambda _number: rejects(503), tmp_path))
        line = await stack.enter_async_context(TrunkPeer(lambda number: callees[number], tmp_path))
        lines = tuple(
            Trunk(name, *peer.address, username=name, registers=False)
            for name, peer in (("first", congested), ("second", line))
        )
        opened = await stack.enter_async_context(
            station(tmp_path, {**models.settings, "outbound": OUTBOUND}, trunks=lines)
        )
        rails = await stack.enter_async_context(back_end(opened))

        status, problem = await rails.order(DENIED)
        assert (status, problem["code"]) == (422, "destination_denied")

        assert await in_a_shell(opened, DENIED) == (1, f"phone-agent: {problem['detail']} (destination_denied)")
        status, shown = await in_a_shell(opened, ANN)
        assert status == 0, shown
        for text in ("ringing", "answered", "agent  Lakeside Dental", "callee  ", "completed: agent_hangup"):
            assert text in shown
        call = rails.first()
        ended = await rails.until(call["id"], "call.ended")
        assert (ended["status"], ended["ended_reason"]) == ("completed", "agent_hangup")
        assert ended["outbound"]["trunk"] == "second"
        assert (ended["outbound"]["attempts"], ended["outbound"]["opted_out"]) == (2, True)
        await rails.until(call["id"], "call.opted_out")
        usual = ["call.created", "call.ringing", "call.answered", "call.opted_out", "call.ended"]
        assert [kind for kind in rails.kinds(call["id"]) if kind in usual] == usual
        answered = line.calls[0]
        assert (answered.number, answered.caller) == (ANN, "+493022222222")
        status, problem = await rails.order(ANN)
        assert (status, problem["code"]) == (422, "do_not_call")
        assert [one.number for one in (*congested.calls, *line.calls)] == [ANN, ANN], "a refused number sent a packet"

        assert await in_ruby(opened, BUSY) == "busy\nbusy"

        _, rings = await rails.order(NOBODY)
        await rails.until(rings["id"], "call.ringing")
        unanswered = await line.came(3)
        assert await rails.hang_up(rings["id"]) == 202
        assert (await rails.until(rings["id"], "call.ended"))["status"] == "canceled"
        assert (await unanswered.over()).kind is EndKind.REMOTE_CANCELED

        await make_desk(rails)
        connected, connected_id = await handed_over(opened, rails, "talks")
        await rails.until(connected_id, "call.transfer.completed")
        on_the_way, on_the_way_id = await handed_over(opened, rails, "rings")
        await line.came(5)
        _, rings = await rails.order(NOBODY)
        await rails.until(rings["id"], "call.ringing")
        await line.came(6)
        _, waits = await rails.order(NOBODY)
        opened.signal(signal.SIGKILL)
        await opened.ended()
        await opened.start()
        async with asyncio.timeout(PATIENCE_S):
            for phone in (connected, on_the_way):
                assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
            for incoming in line.calls[:6]:
                await incoming.over()
            killed = await rails.until(rings["id"], "call.ended")
            assert (killed["status"], killed["ended_reason"]) == ("failed", "internal_error")
            cut = [await rails.until(call_id, "call.ended") for call_id in (connected_id, on_the_way_id)]
            assert [(call["status"], call["ended_reason"]) for call in cut] == [("completed", "internal_error")] * 2
            transfers = [(one["status"], one["reason"]) for call in cut for one in call["transfers"]]
            assert transfers == [("completed", None), ("failed", "internal_error")]
            await rails.until(on_the_way_id, "call.transfer.failed")
            await rails.until(waits["id"], "call.ringing")
        async with opened.api() as api, api.post(f"/v1/calls/{waits['id']}/hangup", json={}) as answer:
            assert answer.status == 202
        assert (await rails.until(waits["id"], "call.ended"))["status"] == "canceled"
        assert [one.number for one in line.calls].count(NOBODY) == 3, "somebody was called twice"
        await opened.until_quiet(left_in_asterisk)
