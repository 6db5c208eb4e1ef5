"""The REST client against a server of our own: what it sends, and what it makes of every kind of answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from agent.errors import TelephonyError
from agent.settings import AsteriskSettings
from agent.telephony.ari import AriClient, GoneError, WrongPasswordError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def settings(port: int, *, timeout_s: float = 5) -> AsteriskSettings:
    return AsteriskSettings(
        ari_url=f"http://127.0.0.1:{port}", ari_password=SecretStr("pass:wörd"), request_timeout_s=timeout_s
    )


@asynccontextmanager
async def served(handler: Handler, *, timeout_s: float = 5) -> AsyncIterator[AriClient]:
    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        async with AriClient(settings(port, timeout_s=timeout_s)) as ari:
            yield ari
    finally:
        await runner.cleanup()


@asynccontextmanager
async def answering(status: int, body: str) -> AsyncIterator[AriClient]:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body)

    async with served(handler) as ari:
        yield ari


async def test_ids_are_quoted_and_we_say_who_we_are() -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.Response(status=204)

    async with served(handler) as ari:
        await ari.hang_up("../applications/x?y=1#z %2f", cause=1)
        await ari.add_channels("a/b", "c&d", "e")
    assert seen[0].raw_path == "/ari/channels/..%2Fapplications%2Fx%3Fy%3D1%23z%20%252f?reason_code=1"
    assert seen[0].headers["Authorization"] == aiohttp.encode_basic_auth("phone-agent", "pass:wörd")
    assert seen[1].path == "/ari/bridges/a/b/addChannel"
    assert "a%2Fb" in seen[1].raw_path
    assert dict(seen[1].query) == {"channel": "c&d,e"}


async def test_what_is_asked_for_a_call_of_ours() -> None:
    seen: list[tuple[str, str, dict[str, str], object]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.body_exists else None
        seen.append((request.method, request.path, dict(request.query), body))
        return web.Response(status=204)

    async with served(handler) as ari:
        await ari.create_channel("phone-agent.leg_1", "PJSIP/+4930@trunk", {"CONNECTEDLINE(num)": "+4989"})
        await ari.dial("phone-agent.leg_1", timeout_s=20.2)
        await ari.hold("1")
        await ari.unhold("1")
        await ari.start_music("1")
        await ari.stop_music("1")
        await ari.redirect("1", "PJSIP/+4930@trunk")
        await ari.remove_channels("b", "1", "2")
    channel = "/ari/channels/1"
    created = {"endpoint": "PJSIP/+4930@trunk", "app": "phone-agent", "channelId": "phone-agent.leg_1"}
    assert seen == [
        ("POST", "/ari/channels/create", created, {"variables": {"CONNECTEDLINE(num)": "+4989"}}),
        ("POST", "/ari/channels/phone-agent.leg_1/dial", {"timeout": "21"}, None),
        ("POST", f"{channel}/hold", {}, None),
        ("DELETE", f"{channel}/hold", {}, None),
        ("POST", f"{channel}/moh", {"mohClass": "default"}, None),
        ("DELETE", f"{channel}/moh", {}, None),
        ("POST", f"{channel}/redirect", {"endpoint": "PJSIP/+4930@trunk"}, None),
        ("POST", "/ari/bridges/b/removeChannel", {"channel": "1,2"}, None),
    ]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "words"),
    [
        (401, '{"message":"Authentication required"}', WrongPasswordError, "ari_unauthorized", "asterisk.ari_password"),
        (403, '{"message":"Forbidden"}', TelephonyError, "ari_forbidden", "read_only"),
        (404, '{"message":"Channel not found"}', GoneError, "ari_not_found", "Channel not found"),
        (409, '{"message":"Channel not in Stasis"}', TelephonyError, "ari_refused", "Channel not in Stasis"),
        (500, '{"message":"Allocation failed"}', TelephonyError, "ari_refused", "Allocation failed"),
        (503, "<!DOCTYPE HTML><html>stopping</html>", TelephonyError, "ari_refused", "503"),
        (404, "<html>nothing here</html>", GoneError, "ari_not_found", "404"),
        (200, "<html>hello</html>", TelephonyError, "ari_refused", "200"),
        (200, "[1, 2]", TelephonyError, "ari_refused", "not Asterisk"),
        (200, "", TelephonyError, "ari_refused", "not Asterisk"),
        (200, '"text"', TelephonyError, "ari_refused", "not Asterisk"),
        (200, "{}", TelephonyError, "ari_refused", "not Asterisk"),
        (200, '{"id": {}, "dialplan": 7}', TelephonyError, "ari_refused", "not Asterisk"),
    ],
)
async def test_what_is_made_of_an_answer(status: int, body: str, kind: type[Any], code: str, words: str) -> None:
    async with answering(status, body) as ari:
        with pytest.raises(TelephonyError, match=words) as caught:
            await ari.channel("1.1")
    assert type(caught.value) is kind
    assert caught.value.code == code


async def test_lists_that_are_none() -> None:
    async with answering(200, '{"no": "list"}') as ari:
        with pytest.raises(TelephonyError, match="not Asterisk"):
            await ari.channels()
    async with answering(200, "[7]") as ari:
        with pytest.raises(TelephonyError, match="not Asterisk"):
            await ari.bridges()


async def test_channels_are_read() -> None:
    body = (
        '[{"id": "1.1", "name": "PJSIP/a", "state": "Ring", "caller": {"number": "%s"},'
        ' "dialplan": {"exten": "1000", "app_name": "Stasis", "app_data": "phone-agent,inbound"}},'
        ' {"id": "1.2", "dialplan": {"exten": "s", "app_name": "Dial", "app_data": "phone-agent"}}]'
    ) % ("+1\\n" + "5" * 100)
    async with answering(200, body) as ari:
        first, second = await ari.channels()
    assert (first.dialled, first.state, first.stasis_app) == ("1000", "Ring", "phone-agent")
    assert first.caller == "+1" + "5" * 62, "bounded, and nothing that breaks a line"
    assert (second.caller, second.stasis_app) == ("", "")


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening
        async with AriClient(settings(taken.getsockname()[1])) as ari:
            for request in (ari.ping(), ari.open_events()):
                with pytest.raises(TelephonyError, match=r"asterisk\.ari_url") as caught:
                    await request
                assert caught.value.code == "ari_unreachable"


async def test_somebody_listens_and_never_answers() -> None:
    release = asyncio.Event()

    async def handler(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.Response()

    async with served(handler, timeout_s=0.05) as ari:
        for request in (ari.ping(), ari.open_events()):
            with pytest.raises(TelephonyError, match=r"within 0\.05 s") as caught:
                await request
            assert caught.value.code == "ari_timeout"
        release.set()


async def test_the_events_outlive_the_timeout_of_requests() -> None:
    """A stream of events lasts for weeks; the timeout of single requests must not cut it."""
    late = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.path == "/ari/events"
        assert dict(request.query) == {"app": "phone-agent"}
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await late.wait()
        await websocket.send_json({"type": "Late"})
        await websocket.close()
        return websocket

    async with served(handler, timeout_s=0.05) as ari:
        websocket = await ari.open_events()
        asyncio.get_running_loop().call_later(0.3, late.set)
        event = await websocket.receive_json()
        assert event == {"type": "Late"}
        await websocket.close()


async def test_a_hundred_and_fifty_requests_at_once() -> None:
    """aiohttp's default of 100 connections would make calls wait for each other."""
    waiting = 0
    all_here = asyncio.Event()

    async def handler(_request: web.Request) -> web.StreamResponse:
        nonlocal waiting
        waiting += 1
        if waiting == 150:
            all_here.set()
        await all_here.wait()
        return web.Response(text="{}")

    async with served(handler) as ari:
        await asyncio.gather(*(ari.ping() for _ in range(150)))
