"""Who gets in through ARI, AMI and SIP, and what callers hear when the agent is away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import psutil

from agent.asterisk.instance import AsteriskInstance
from agent.testing.softphone import EndKind, Softphone
from tests.integration.asterisk.raw_caller import RawCaller

NO_NUMBERS = ("reception", "1000&PJSIP", "+", "1" * 16, "1000%3BStasis", "s", "FAILED")


def session(instance: AsteriskInstance, password: str) -> aiohttp.ClientSession:
    login = aiohttp.encode_basic_auth(instance.config.ari_user, password)
    return aiohttp.ClientSession(instance.ari_url, headers={"Authorization": login})


async def ami(instance: AsteriskInstance, password: str, *actions: str) -> list[str]:
    """The answers to a login and to actions without parameters; only the first where the login is refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", instance.config.ami_port)
    answers: list[str] = []
    try:
        await reader.readline()
        for number, action in enumerate(
            (f"Login\r\nUsername: {instance.config.ami_user}\r\nSecret: {password}", *actions)
        ):
            writer.write(f"Action: {action}\r\nActionID: {number}\r\n\r\n".encode())
            block = ""
            while not (block.startswith("Response:") and f"\r\nActionID: {number}\r\n" in block):
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
            answers.append(block)
            if "Authentication failed" in block:
                break
    finally:
        writer.close()
        await writer.wait_closed()
    return answers


async def test_ari_takes_its_password_and_no_other(asterisk: AsteriskInstance) -> None:
    async with session(asterisk, asterisk.config.ari_password) as good, good.get("/ari/asterisk/info") as answer:
        assert answer.status == 200
        assert (await answer.json())["system"]["version"].startswith("22.")
    async with session(asterisk, "wrong-password") as bad, bad.get("/ari/asterisk/info") as answer:
        assert answer.status == 401


async def test_ami_takes_its_password_and_no_other(asterisk: AsteriskInstance) -> None:
    assert "Success" in (await ami(asterisk, asterisk.config.ami_password))[0]
    assert "Authentication failed" in (await ami(asterisk, "wrong-password"))[0]


async def test_ami_tells_the_state_of_telephones_and_trunks(asterisk: AsteriskInstance) -> None:
    _, *told = await ami(asterisk, asterisk.config.ami_password, "PJSIPShowRegistrationsOutbound", "PJSIPShowEndpoints")
    assert ["Success" in answer for answer in told] == [True, True]


async def test_ami_places_no_call_and_changes_no_configuration_file(asterisk: AsteriskInstance) -> None:
    actions = ("Originate", "Command", "UpdateConfig", "Redirect", "Setvar")
    _, *answers = await ami(asterisk, asterisk.config.ami_password, *actions)
    assert [action for action, answer in zip(actions, answers, strict=True) if "Permission denied" not in answer] == []


async def answer_to(instance: AsteriskInstance, number: str, user: str) -> int:
    async with RawCaller(instance.config.sip_port, user) as caller:
        return await caller.invite(number)


async def test_a_caller_without_a_password_is_refused(asterisk: AsteriskInstance) -> None:
    users = ("stranger", "phone", "rehearsal")
    assert {user: await answer_to(asterisk, "1000", user) for user in users} == dict.fromkeys(users, 401)


def open_to_others(instance: AsteriskInstance) -> set[tuple[str, int]]:
    """Addresses beyond loopback; connections and PJSIP's own sockets for DNS answers are there from the start."""
    return {c.laddr for c in psutil.Process(instance.pid).net_connections() if c.laddr.ip != "127.0.0.1"}


async def test_an_asterisk_on_loopback_takes_sound_on_loopback_alone(open_asterisk: AsteriskInstance) -> None:
    before = open_to_others(open_asterisk)
    async with RawCaller(open_asterisk.config.sip_port) as caller:
        assert await caller.invite("1000") == 200
        assert open_to_others(open_asterisk) == before


async def test_the_softphone_gets_in_with_its_password_alone(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    config, before = asterisk.config, open_to_others(asterisk)
    async with Softphone() as phone:
        for name, password, kind in (
            ("good", config.phone_password, EndKind.REMOTE_HUNG_UP),
            ("bad", "wrong-password", EndKind.REJECTED),
        ):
            call = await phone.call(
                "127.0.0.1", config.sip_port, "1000",
                user=config.phone_user, password=password, recording=tmp_path / f"{name}.wav",
            )  # fmt: skip
            if kind is EndKind.REMOTE_HUNG_UP:
                await call.agent_started()
                assert open_to_others(asterisk) == before
            assert (await call.ended).kind is kind
    await asterisk.stop()  # the log is complete
    assert 'SecurityEvent="ChallengeResponseFailed"' in (asterisk.log_path.parent / "security.log").read_text()


async def test_what_is_no_number_is_refused(open_asterisk: AsteriskInstance) -> None:
    answers = {number: await answer_to(open_asterisk, number, "caller") for number in NO_NUMBERS}
    assert answers == dict.fromkeys(NO_NUMBERS, 404) | {"+": 484}  # the beginning of a number


async def heard_apology(instance: AsteriskInstance, number: str) -> None:
    async with RawCaller(instance.config.sip_port) as caller:
        assert await caller.invite(number) == 200
        await caller.hung_up()
        packets = [caller.rtp.messages.get_nowait() for _ in range(caller.rtp.messages.qsize())]
    loud = [packet for packet in packets if len({*packet[12:]}) > 30]  # µ-law speech has many values, silence few
    assert len(loud) > 50, f"{len(loud)} of {len(packets)} packets of 20 ms held speech"


async def test_callers_hear_an_apology_when_the_agent_never_came(open_asterisk: AsteriskInstance) -> None:
    await heard_apology(open_asterisk, "1000")


async def test_callers_hear_an_apology_when_the_agent_has_gone(open_asterisk: AsteriskInstance) -> None:
    async with (
        session(open_asterisk, open_asterisk.config.ari_password) as agent,
        agent.ws_connect("/ari/events", params={"app": "phone-agent"}) as events,
        RawCaller(open_asterisk.config.sip_port) as caller,
    ):
        inviting = asyncio.create_task(caller.invite("1000"))
        started = await events.receive_json()
        assert (started["type"], started["channel"]["dialplan"]["exten"]) == ("StasisStart", "1000")
        async with agent.delete(f"/ari/channels/{started['channel']['id']}") as deleted:
            assert deleted.status == 204
        assert await inviting >= 400
    await heard_apology(open_asterisk, "+15551234567")
