"""Telephones and trunks, watched at a real Asterisk, and manager interfaces that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.errors import ConfigurationError, TelephonyError
from agent.settings import AsteriskSettings, TrunkSettings
from agent.telephony.ami import AmiMonitor
from agent.telephony.ami_link import AmiLink
from agent.telephony.ami_state import Reach, Registration
from agent.telephony.backoff import Backoff
from agent.telephony.trunk_states import TrunkStates
from agent.testing.callees import rings_on
from agent.testing.softphone.account import Account
from agent.testing.trunk_peer import TrunkPeer
from tests.integration.telephony.exchange import Watch, asterisk_settings

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Watched:
    def __init__(self, settings: AsteriskSettings) -> None:
        self.watch = Watch()
        self.monitor = AmiMonitor(settings, on_change=self.watch.change, backoff=Backoff(0.01, 0.1))

    async def until(self, holds: Callable[[AmiMonitor], bool]) -> None:
        await self.watch.until(lambda: holds(self.monitor))


@asynccontextmanager
async def watched(settings: AsteriskSettings) -> AsyncIterator[Watched]:
    opened = Watched(settings)
    await opened.monitor.start()
    try:
        yield opened
    finally:
        await opened.monitor.close()


def states(monitor: AmiMonitor) -> dict[str, Registration]:
    return {trunk.name: trunk.registration for trunk in monitor.trunks()}


def problem(monitor: AmiMonitor) -> str:
    return monitor.problem or ""


async def test_telephones_and_trunks_over_a_restart(
    prefix: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with TrunkPeer(lambda _number: rings_on, tmp_path) as peer:
        line = Trunk("line", *peer.address, "me")
        asterisk = AsteriskInstance(prefix, AsteriskConfig(trunks=(line,)), tmp_path / "asterisk")
        await asterisk.start()
        try:
            async with watched(asterisk_settings(asterisk.config)) as at:
                await at.until(lambda m: states(m) == {"line": Registration.REGISTERED})
                with capture_logs() as logs:
                    endpoints = {endpoint.name: endpoint.available for endpoint in at.monitor.endpoints()}
                    assert endpoints == {"line": True, "phone": False}
                    assert problem(at.monitor) == ""
                    await asterisk.kill()
                    await at.until(lambda m: not m.connected)
                    assert at.monitor.trunks() == ()
                    assert at.monitor.endpoints() == ()
                    assert "manager interface" in problem(at.monitor)
                    await asterisk.start()
                    await at.until(lambda m: states(m) == {"line": Registration.REGISTERED})
        finally:
            await asterisk.stop()
    said = [entry["event"] for entry in logs if entry["event"].startswith("telephony.ami")]
    assert said == ["telephony.ami_lost", "telephony.ami_connected"], "each is said once"
    assert line.password not in caplog.text + str(logs), "AMI tells passwords of trunks; nobody may log them"
    assert "panoramisk" not in caplog.text


async def test_a_trunk_that_dies_and_comes_back(prefix: Path, tmp_path: Path) -> None:
    account = Account("me", "provider-password")
    async with TrunkPeer(lambda _number: rings_on, tmp_path, account=account) as peer:
        line = Trunk("line", *peer.address, account.user, account.password, qualify_s=1, outside=True)
        asterisk = AsteriskInstance(prefix, AsteriskConfig(trunks=(line,)), tmp_path / "asterisk")
        await asterisk.start()
        try:
            async with watched(asterisk_settings(asterisk.config)) as at:
                trunks = TrunkStates({"one": TrunkSettings(endpoint="line")}, at.monitor)

                def stands(registration: Registration, reach: Reach) -> bool:
                    return [(one.registration, one.reach) for one in trunks.all()] == [(registration, reach)]

                await at.until(lambda _: stands(Registration.REGISTERED, Reach.REACHABLE))
                assert peer.provider.proofs[0] == "REGISTER"
                assert (trunks.all()[0].roundtrip_ms or 0) > 0
                assert trunks.is_reachable("one")
                await peer.vanish()
                await at.until(lambda _: trunks.all()[0].reach is Reach.UNREACHABLE)
                assert not trunks.is_reachable("one")
                assert "does not answer" in trunks.problems()[0]
                await peer.come_back()
                await at.until(lambda _: trunks.is_reachable("one"))
        finally:
            await asterisk.stop()


async def test_a_provider_that_refuses(prefix: Path, tmp_path: Path) -> None:
    async with TrunkPeer(lambda _number: rings_on, tmp_path) as peer:
        peer.provider.refuses_registration = 403
        line = Trunk("line", *peer.address, "me")
        asterisk = AsteriskInstance(prefix, AsteriskConfig(trunks=(line,)), tmp_path / "asterisk")
        await asterisk.start()
        try:
            async with watched(asterisk_settings(asterisk.config)) as at:
                await at.until(lambda m: states(m) == {"line": Registration.REJECTED})
                assert not at.monitor.trunks()[0].usable
        finally:
            await asterisk.stop()


async def test_a_wrong_password_is_one_clear_sentence(asterisk: AsteriskInstance) -> None:
    settings = asterisk_settings(asterisk.config, password="not-the-password")
    with pytest.raises(ConfigurationError, match=r"refuses the user 'phone-agent'.*asterisk\.ami_password"):
        async with watched(settings):
            pass


async def test_absent_at_the_start_is_said_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening
        settings = AsteriskSettings(ami_port=taken.getsockname()[1])
        with capture_logs() as logs:
            async with watched(settings) as at:
                assert not at.monitor.connected
                assert "asterisk.ami_port" in problem(at.monitor)
    assert [entry["event"] for entry in logs] == ["telephony.ami_lost"]


async def test_a_password_that_would_be_two_lines_is_refused() -> None:
    settings = AsteriskSettings(ami_password=SecretStr("x\r\nAction: Originate"))
    with pytest.raises(ConfigurationError, match="line breaks"):
        await AmiMonitor(settings).start()


@asynccontextmanager
async def served(handler: Server) -> AsyncIterator[int]:
    connections: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*connections)


async def request(reader: asyncio.StreamReader) -> dict[str, str]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    return dict(line.split(": ", 1) for line in lines if ": " in line)


async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"Asterisk Call Manager/11.0.0\r\n")
    login = await request(reader)
    assert login["Secret"] == "secret"
    answer(writer, login, "Response: Success\r\nMessage: Authentication accepted")
    writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")


def answer(writer: asyncio.StreamWriter, asked: dict[str, str], text: str) -> None:
    writer.write(f"{text}\r\nActionID: {asked['ActionID']}\r\n\r\n".encode())


def link_to(port: int, *, timeout_s: float = 5) -> AmiLink:
    return AmiLink("127.0.0.1", port, "phone-agent", "secret", timeout_s=timeout_s)


async def test_a_manager_that_never_answers() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with served(silent) as port:
        with pytest.raises(TelephonyError) as caught:
            await link_to(port, timeout_s=0.05).open()
        assert caught.value.code == "ami_timeout"


async def test_an_action_that_is_never_answered() -> None:
    async def forgetful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        await reader.read()

    async with served(forgetful) as port:
        link = link_to(port, timeout_s=0.3)
        await link.open()
        with pytest.raises(TelephonyError) as caught:
            await link.ask("PJSIPShowEndpoints")
        assert caught.value.code == "ami_timeout"
        link.close()


async def test_a_connection_that_breaks_in_the_middle_of_an_answer() -> None:
    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        asked = await request(reader)
        answer(writer, asked, "Response: Success\r\nEventList: start\r\nMessage: A listing follows")
        answer(writer, asked, "Event: EndpointList\r\nObjectName: one")

    async with served(breaking) as port:
        link = link_to(port)
        await link.open()
        with pytest.raises(TelephonyError) as caught:
            await link.ask("PJSIPShowEndpoints")
        assert caught.value.code == "ami_lost"
        assert link.lost.is_set()
        with pytest.raises(TelephonyError):
            await link.ask("PJSIPShowEndpoints")
        link.close()


async def test_a_user_who_may_not_look_is_told_what_to_change() -> None:
    async def strict(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        while True:
            answer(writer, await request(reader), "Response: Error\r\nMessage: Permission denied")

    async with served(strict) as port:
        settings = AsteriskSettings(ami_port=port, ami_password=SecretStr("secret"))
        with capture_logs() as logs:
            async with watched(settings) as at:
                await at.until(lambda m: m.connected)
                assert "write = system,reporting" in problem(at.monitor)
                assert at.monitor.trunks() == ()
        assert [entry["event"] for entry in logs] == ["telephony.ami_connected", "telephony.ami_incomplete"]
