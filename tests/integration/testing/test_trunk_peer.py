"""The other end of a trunk, called by a real Asterisk through its plain REST interface."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.errors import TelephonyError
from agent.testing.callees import Callee, answers, early_media, hangs_up_after, rejects, rings_on, says
from agent.testing.noise import SPEECH_DBFS, at_level
from agent.testing.softphone import EndKind, IncomingCall, PhoneCall, Softphone
from agent.testing.softphone.account import Account
from agent.testing.tone import tone
from agent.testing.trunk_peer import TrunkPeer

BEEP = at_level(tone(440, 0.3), SPEECH_DBFS)


class Caller:
    """Places calls at Asterisk by hand, and keeps the last event of each channel by its id and type."""

    def __init__(self, session: aiohttp.ClientSession, events: aiohttp.ClientWebSocketResponse, app: str) -> None:
        self._session = session
        self._events = events
        self._app = app

    async def call(self, endpoint: str, channel: str) -> int:
        """HTTP status of the request for a new channel."""
        query = {"endpoint": f"PJSIP/{endpoint}", "app": self._app, "channelId": channel, "callerId": "+49301"}
        async with self._session.post("/ari/channels", params=query) as response:
            return response.status

    async def act(self, method: str, path: str, **query: str) -> None:
        async with self._session.request(method, f"/ari/channels/{path}", params=query) as response:
            assert response.status < 300, await response.text()

    async def watch(self, source: str) -> None:
        path, query = f"/ari/applications/{self._app}/subscription", {"eventSource": source}
        async with self._session.post(path, params=query) as response:
            assert response.status == 200

    async def until(self, kind: str, holds: Callable[[Mapping[str, Any]], bool] = lambda _event: True) -> Any:
        while True:
            event = json.loads(await self._events.receive_str())
            if event["type"] == kind and holds(event):
                return event


def contact(event: Mapping[str, Any]) -> str:
    status: str = event["contact_info"]["contact_status"]
    return status


@asynccontextmanager
async def calling(folder: Path, *trunks: Trunk) -> AsyncIterator[tuple[Caller, AsteriskInstance]]:
    asterisk = AsteriskInstance(bundle("asterisk"), AsteriskConfig(trunks=trunks), folder / "asterisk")
    await asterisk.start()
    try:
        config = asterisk.config
        header = {"Authorization": aiohttp.encode_basic_auth(config.ari_user, config.ari_password)}
        async with (
            aiohttp.ClientSession(asterisk.ari_url, headers=header) as session,
            session.ws_connect("/ari/events", params={"app": config.app}) as events,
        ):
            yield Caller(session, events, config.app), asterisk
    finally:
        await asterisk.stop()


async def test_each_number_does_what_it_is_there_for(tmp_path: Path) -> None:
    refusals = {f"+49{code}": code for code in (486, 603, 404, 480, 503, 408)}

    async def replies(call: PhoneCall) -> None:
        await call.say(BEEP)
        assert await call.key() == "5"
        await call.press("#")

    others: dict[str, Callee] = {
        "+491": answers(replies),
        "+492": rings_on,
        "+493": early_media(BEEP, answers(hangs_up_after(says(BEEP)))),
    }
    async with TrunkPeer(
        lambda number: rejects(refusals[number]) if number in refusals else others[number], tmp_path
    ) as peer:
        host, port = peer.address
        line = Trunk("line", host, port, "me", registers=False, qualify_s=1)
        async with calling(tmp_path, line) as (caller, _asterisk):
            for number, code in refusals.items():
                assert await caller.call(f"{number}@line", f"c{code}") == 200
                ended = await caller.until("ChannelDestroyed")
                assert (ended["channel"]["id"], ended["tech_cause"]) == (f"c{code}", code)

            await caller.call("+491@line", "answered")
            await caller.until("StasisStart")
            incoming = await peer.came(7)
            assert (incoming.number, incoming.caller) == ("+491", "+49301")
            await caller.act("POST", "answered/dtmf", dtmf="5")
            assert (await caller.until("ChannelDtmfReceived"))["digit"] == "#"
            await caller.act("POST", "answered/hold")
            await caller.act("DELETE", "answered")
            assert (await incoming.over()).kind is EndKind.REMOTE_HUNG_UP

            await caller.call("+492@line", "rings")
            await caller.until("ChannelStateChange", lambda event: event["channel"]["state"] == "Ringing")
            await caller.act("DELETE", "rings")
            assert (await (await peer.came(8)).over()).kind is EndKind.REMOTE_CANCELED

            await caller.call("+493@line", "early")
            await caller.until("Dial", lambda event: event["dialstatus"] == "PROGRESS")
            ended = await caller.until("ChannelDestroyed")
            assert (ended["channel"]["id"], ended["channel"]["state"]) == ("early", "Up")
            assert (await (await peer.came(9)).over()).kind is EndKind.HUNG_UP


async def test_a_line_with_a_password_that_dies_and_comes_back(tmp_path: Path) -> None:
    async with TrunkPeer(lambda _number: answers(), tmp_path, account=Account("me", "its-password")) as peer:
        host, port = peer.address
        good = Trunk("good", host, port, "me", "its-password", qualify_s=1)
        bad = Trunk("bad", host, port, "me", "not-its-password", registers=False)
        async with calling(tmp_path, good, bad) as (caller, _asterisk):
            await caller.call("1@good", "c1")
            await caller.until("StasisStart")
            assert "INVITE" in peer.provider.proofs
            await caller.call("1@bad", "c2")
            ended = await caller.until("ChannelDestroyed")
            assert ended["channel"]["id"] == "c2"
            assert len(peer.calls) == 1
            await peer.provider.registered.wait()
            await caller.watch("endpoint:PJSIP/good")
            await peer.vanish()
            assert (await peer.calls[0].over()).kind is EndKind.NO_RESPONSE
            await caller.until("ContactStatusChange", lambda event: contact(event) == "Unreachable")
            await peer.come_back()
            await caller.until("ContactStatusChange", lambda event: contact(event) == "Reachable")
            await caller.call("1@good", "c3")
            await peer.came(2)


async def test_a_telephone_registers_and_is_called(tmp_path: Path) -> None:
    async with calling(tmp_path) as (caller, asterisk), Softphone() as phone:
        config = asterisk.config
        server = "127.0.0.1", config.sip_port
        assert await caller.call("phone", "c1") == 500
        await phone.listen(tmp_path)
        with pytest.raises(TelephonyError, match="401") as caught:
            await phone.register(*server, config.phone_user, "not-its-password")
        assert caught.value.code == "registration_refused"
        await phone.register(*server, config.phone_user, config.phone_password)
        assert await caller.call("phone", "c2") == 200
        incoming = await phone.incoming()
        incoming.ring()
        call = incoming.answer()
        await caller.until("StasisStart")
        await caller.act("DELETE", "c2")
        assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP
        await phone.close()
        assert await caller.call("phone", "c3") == 500, "it has taken its registration back"


async def test_a_callee_that_fails_is_told_at_the_end(tmp_path: Path) -> None:
    async def confused(_incoming: IncomingCall) -> None:
        raise ValueError("lost its part")

    async def called() -> None:
        async with TrunkPeer(lambda _number: confused, tmp_path) as peer, Softphone() as phone:
            call = await phone.call(*peer.address, "1", recording=tmp_path / "call.wav")
            assert (await call.ended).code == 480

    with pytest.raises(ExceptionGroup) as caught:
        await called()
    assert caught.group_contains(ValueError, match="lost its part")
