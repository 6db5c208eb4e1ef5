"""Real calls through a real Asterisk, and what becomes of them when something dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import wave
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from structlog.testing import capture_logs

from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.domain.call import Call, CallStatus, EndedReason
from agent.errors import ConfigurationError
from agent.media.stream import MediaStream
from agent.settings import DrainSettings
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import AriEvents, LinkState
from agent.telephony.inbound_session import REASON_VARIABLE
from agent.telephony.inputs import ChannelInputs
from agent.testing.softphone import CallEndedError, EndKind
from tests.integration.telephony.exchange import Exchange, asterisk_settings, open_exchange

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)).astype(np.int16)
"""Half a second."""


def outcome(call: Call) -> tuple[CallStatus, EndedReason | None]:
    return call.status, call.ended_reason


async def test_a_caller_is_answered_hears_the_echo_and_hangs_up(exchange: Exchange) -> None:
    phone = await exchange.talking()
    await phone.say(TONE)
    await phone.agent_started()
    assert (await phone.hang_up()).kind is EndKind.HUNG_UP
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
    assert call.hangup_cause == 16
    assert (call.callee, call.caller, call.agent) == ("1000", "caller", "receptionist")
    await exchange.check_nothing_left()


async def test_the_first_frames_after_the_answer_are_heard(exchange: Exchange) -> None:
    async def greet(_call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
        await stream.playout.play(TONE.tobytes()).done
        return EndedReason.AGENT_HANGUP

    exchange.handler = greet
    phone = await exchange.dial()
    assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP)
    heard = loud_samples(phone.recording)
    assert heard >= len(TONE) - 320, "at most a frame at each end may be lost"
    await exchange.check_nothing_left()


def loud_samples(recording: Path) -> int:
    with wave.open(str(recording)) as wav:
        right = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)[1::2]
    (loud,) = np.nonzero(np.abs(right.astype(np.int32)) > 1000)
    return int(loud[-1] - loud[0] + 1) if len(loud) else 0


async def test_two_at_once_and_keys(exchange: Exchange) -> None:
    first, second = await exchange.talking(), await exchange.talking()
    await first.press("12#")
    await exchange.watch.until(lambda: exchange.keys == "12#")
    await first.hang_up()
    (ended,) = await exchange.ended()
    assert [call.status for call in exchange.switchboard.calls] == [CallStatus.IN_PROGRESS]
    await second.say(TONE)
    await second.agent_started()
    await second.hang_up()
    calls = await exchange.ended(2)
    assert calls[0] == ended
    assert [outcome(call) for call in calls] == [(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)] * 2
    await exchange.check_nothing_left()


async def test_an_unknown_number_gets_not_found(exchange: Exchange) -> None:
    phone = await exchange.dial("4711")
    end = await phone.ended
    assert (end.kind, end.code) == (EndKind.REJECTED, 404)
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.FAILED, EndedReason.INVALID_DESTINATION)
    assert call.hangup_cause == 1
    await exchange.check_nothing_left()


async def test_a_conversation_that_fails_ends_its_call_alone(exchange: Exchange) -> None:
    async def fail_on_key(_call: Call, _stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        await inputs.digits.get()
        raise ValueError("a fault of ours")

    exchange.handler = fail_on_key
    first, second = await exchange.talking(), await exchange.talking()
    with contextlib.suppress(CallEndedError):  # the call may end before the key is let go
        await first.press("1")
    assert (await first.ended).kind is EndKind.REMOTE_HUNG_UP
    (failed,) = await exchange.ended()
    assert outcome(failed) == (CallStatus.COMPLETED, EndedReason.INTERNAL_ERROR)
    assert not second.ended.done()
    await second.hang_up()
    await exchange.ended(2)
    await exchange.check_nothing_left()


async def test_the_end_of_the_sound_ends_the_call(exchange: Exchange) -> None:
    phone = await exchange.talking()
    (media,) = [channel for channel in await exchange.ari.channels() if channel.name.startswith("AudioSocket/")]
    await exchange.ari.hang_up(media.id)
    assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.MEDIA_ERROR)
    await exchange.check_nothing_left()


@pytest.mark.parametrize("end", ["kill", "stop", "core stop now"])
async def test_asterisk_goes_in_mid_call_and_comes_back(
    asterisk: AsteriskInstance, exchange: Exchange, end: str
) -> None:
    phones = [await exchange.talking(), await exchange.talking()]
    with capture_logs() as logs:
        if end in {"kill", "stop"}:
            await getattr(asterisk, end)()
        else:
            await asterisk.rx(end)
        calls = await exchange.ended(2)
        assert [outcome(call) for call in calls] == [(CallStatus.COMPLETED, EndedReason.TELEPHONY_ERROR)] * 2
        await exchange.link(LinkState.LOST)
        await asyncio.shield(asterisk.exited)
        await asterisk.start()
        await exchange.connected()
    said = [entry["event"] for entry in logs if entry["event"].startswith("telephony.ari")]
    assert said == ["telephony.ari_lost", "telephony.ari_connected"]
    for phone in phones:
        await phone.abandon()
    again = await exchange.talking()
    await again.hang_up()
    assert outcome((await exchange.ended(3))[-1]) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
    await exchange.check_nothing_left()


async def test_events_are_lost_and_found_while_a_call_goes_on(exchange: Exchange) -> None:
    phone = await exchange.talking()
    exchange.lose_events()
    await exchange.link(LinkState.LOST)
    await exchange.connected()
    assert [call.status for call in exchange.switchboard.calls] == [CallStatus.IN_PROGRESS]
    await phone.press("5")
    await exchange.watch.until(lambda: exchange.keys == "5")
    await phone.hang_up()
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
    assert call.hangup_cause == 16
    await exchange.check_nothing_left()


async def test_a_caller_leaves_while_asterisk_is_frozen(asterisk: AsteriskInstance, exchange: Exchange) -> None:
    """What we missed is learnt when the link is back."""
    phone = await exchange.talking()
    os.kill(asterisk.pid, signal.SIGSTOP)
    try:
        exchange.lose_events()
        await exchange.link(LinkState.LOST)
        phone_left = asyncio.create_task(phone.hang_up())
        await asyncio.sleep(0)  # the BYE is on its way
    finally:
        os.kill(asterisk.pid, signal.SIGCONT)
    await phone_left
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
    await exchange.connected()
    await exchange.check_nothing_left()


async def test_what_an_earlier_life_left_is_removed(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    """A program that was killed leaves a caller in Stasis with a bridge; the next one hangs up on both."""
    settings = asterisk_settings(asterisk.config)
    async with AriClient(settings) as ari, open_exchange(asterisk.config, tmp_path) as phones:
        await phones.switchboard.close()  # only its softphone is needed now
        arrived: asyncio.Queue[str] = asyncio.Queue()

        def note(event: dict[str, object]) -> None:
            channel = event.get("channel")
            if event["type"] == "StasisStart" and isinstance(channel, dict):
                arrived.put_nowait(str(channel["id"]))

        earlier = AriEvents(ari, on_event=note, on_link=lambda _state: None)
        await earlier.start()
        phone = await phones.dial()
        channel_id = await arrived.get()
        await ari.answer(channel_id)
        await ari.create_bridge("phone-agent.bridge.left")
        await ari.create_bridge("somebody-elses")
        await ari.add_channels("phone-agent.bridge.left", channel_id)
        await earlier.close()
        async with open_exchange(asterisk.config, tmp_path) as exchange:
            assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
            while [bridge.id for bridge in await exchange.ari.bridges()] != ["somebody-elses"]:
                pass  # each look is a request
            assert exchange.events == []
        await ari.destroy_bridge("somebody-elses")


async def test_asterisk_absent_at_the_start_then_appears(prefix: Path, tmp_path: Path) -> None:
    late = AsteriskInstance(prefix, AsteriskConfig(insecure_callers=True), tmp_path / "asterisk")
    await late.start()  # to know its ports
    await late.stop()
    try:
        async with open_exchange(late.config, tmp_path) as exchange:
            assert exchange.switchboard.events.state is LinkState.LOST
            assert "asterisk.ari_url" in (exchange.switchboard.events.problem or "")
            await late.start()
            await exchange.connected()
            phone = await exchange.talking()
            await phone.hang_up()
            (call,) = await exchange.ended()
            assert outcome(call) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
    finally:
        await late.stop()


async def test_a_wrong_password_is_one_clear_sentence(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    exchange = Exchange(asterisk.config, tmp_path)
    wrong = AriClient(asterisk_settings(asterisk.config, password="not-the-password"))
    events = AriEvents(wrong, on_event=lambda _event: None, on_link=lambda _state: None)
    try:
        with pytest.raises(ConfigurationError, match=r"refuses the user 'phone-agent'.*asterisk\.ari_password"):
            await events.start()
    finally:
        await wrong.close()
        await exchange.ari.close()


async def test_another_program_takes_the_place_of_ours(exchange: Exchange, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with open_exchange(exchange.config, tmp_path / "other") as other:
        await exchange.link(LinkState.REPLACED)
        assert "another asterisk.app" in (exchange.switchboard.events.problem or "")
        phone = await other.talking()
        await phone.hang_up()
        await other.ended()
        assert exchange.events == []


async def test_shutdown_says_goodbye_and_leaves_nothing(exchange: Exchange) -> None:
    async def polite(_call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        await inputs.closing.wait()
        await stream.playout.play(TONE.tobytes()).done
        return EndedReason.SERVER_SHUTDOWN

    exchange.handler = polite
    phone = await exchange.talking()
    await exchange.switchboard.drain.finish(0)
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.COMPLETED, EndedReason.SERVER_SHUTDOWN)
    assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
    assert loud_samples(phone.recording) >= len(TONE) - 320
    late = await exchange.dial()
    assert await late.answered, "by the dialplan's fallback"
    (channel,) = await exchange.ari.channels()
    assert await exchange.ari.variable(channel.id, REASON_VARIABLE) == "server_shutdown"
    await late.hang_up()
    calls = await exchange.ended(2)
    assert outcome(calls[-1]) == (CallStatus.FAILED, EndedReason.SERVER_SHUTDOWN)
    await exchange.check_nothing_left()


@pytest.mark.parametrize(("rule", "code"), [("busy", 486), ("unavailable", 503)])
async def test_a_drain_refuses_new_callers_lets_others_talk_and_is_taken_back(
    asterisk: AsteriskInstance, tmp_path: Path, rule: Literal["busy", "unavailable"], code: int
) -> None:
    async with open_exchange(asterisk.config, tmp_path, drain=DrainSettings(rule=rule)) as exchange:
        await exchange.connected()
        phone = await exchange.talking()
        exchange.switchboard.drain.begin()
        refused = await (await exchange.dial()).ended
        assert (refused.kind, refused.code) == (EndKind.REJECTED, code)
        said = await phone.say(TONE)
        await phone.agent_started(after=said.start)
        assert exchange.switchboard.drain.resume()
        welcome = await exchange.talking()
        await phone.hang_up()
        await welcome.hang_up()
        calls = await exchange.ended(3)
        assert [call.ended_reason for call in calls[1:]] == [EndedReason.CALLER_HANGUP] * 2
        await exchange.check_nothing_left()
