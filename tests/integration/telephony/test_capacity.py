"""The caller for whom there is no place, at a real Asterisk: each rule, and the calls that were there before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from agent.asterisk.instance import AsteriskInstance
from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.events import CallQueued, CallRefused
from agent.settings import CapacitySettings
from agent.telephony.capacity import Capacity
from agent.telephony.doorway import Doorway
from agent.telephony.inbound_session import REASON_VARIABLE
from agent.telephony.places import Places
from agent.telephony.waiting_room import Announcements
from agent.testing.softphone import CallEnd, EndKind
from tests.integration.telephony.exchange import Exchange, open_exchange

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(2400) / 8000)).astype(np.int16)
HOLD = (8000 * np.sin(2 * np.pi * 330 * np.arange(1600) / 8000)).astype("<i2").tobytes()
GOODBYE = (8000 * np.sin(2 * np.pi * 550 * np.arange(1600) / 8000)).astype("<i2").tobytes()


@asynccontextmanager
async def two_places(asterisk: AsteriskInstance, folder: Path, settings: CapacitySettings) -> AsyncIterator[Exchange]:
    settings = settings.model_copy(update={"max_calls": 2})
    doorway = Doorway(Places(Capacity(settings)), settings, announcements=lambda _agent: Announcements(HOLD, GOODBYE))
    async with open_exchange(asterisk.config, folder, doorway=doorway) as exchange:
        await exchange.connected()
        yield exchange


def outcome(call: Call) -> tuple[CallStatus, EndedReason | None]:
    return call.status, call.ended_reason


async def the_third_is_refused(exchange: Exchange, rule: str) -> CallEnd:
    """What the third caller's telephone saw. The two before are still served, and a place that gets free is given."""
    first, second = await exchange.talking(), await exchange.talking()
    third = await exchange.dial()
    (call,) = await exchange.ended()
    assert outcome(call) == (CallStatus.FAILED, EndedReason.LIMIT_EXCEEDED)
    (refused,) = [event for event in exchange.events if isinstance(event, CallRefused)]
    assert (refused.call_id, refused.rule, refused.calls, refused.capacity) == (call.id, rule, 2, 2)
    if rule == "fallback" and await third.answered:
        ours = {channel.id for channel in await exchange.ari.channels() if channel.stasis_app}
        (other,) = {channel.id for channel in await exchange.ari.channels()} - ours
        assert await exchange.ari.variable(other, REASON_VARIABLE) == "limit_exceeded"
        await third.agent_started()
        await third.hang_up()
    end = await third.ended
    for phone in (first, second):
        await phone.say(TONE)
        await phone.agent_started()
    await first.hang_up()
    await exchange.ended(2)
    fourth = await exchange.talking()
    for phone in (second, fourth):
        await phone.hang_up()
    await exchange.ended(4)
    await exchange.check_nothing_left()
    return end


async def test_busy(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    async with two_places(asterisk, tmp_path, CapacitySettings(rule="busy")) as exchange:
        end = await the_third_is_refused(exchange, "busy")
    assert (end.kind, end.code, end.cause) == (EndKind.REJECTED, 486, 17)


async def test_fallback(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    async with two_places(asterisk, tmp_path, CapacitySettings(rule="fallback")) as exchange:
        end = await the_third_is_refused(exchange, "fallback")
    assert end.kind is EndKind.HUNG_UP, "it was answered by the dialplan, and heard something"


async def test_a_fallback_that_the_dialplan_does_not_have(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    settings = CapacitySettings(rule="fallback", fallback_context="nowhere")
    async with two_places(asterisk, tmp_path, settings) as exchange:
        end = await the_third_is_refused(exchange, "fallback")
    assert (end.kind, end.code) == (EndKind.REJECTED, 603), "Asterisk's own answer; nobody is left hanging"


async def test_announce_until_a_place_is_free(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    async with two_places(asterisk, tmp_path, CapacitySettings(rule="announce")) as exchange:
        first, second = await exchange.talking(), await exchange.talking()
        third = await exchange.dial()
        assert await third.answered
        await third.agent_started()
        assert [event.position for event in exchange.events if isinstance(event, CallQueued)] == [1]
        assert len(exchange.streams) == 2, "in no conversation yet"
        await third.say(TONE)
        await first.hang_up()
        await exchange.watch.until(lambda: len(exchange.streams) == 3)
        said = await third.say(TONE)
        await third.agent_started(after=said.start)
        for phone in (second, third):
            await phone.hang_up()
        calls = await exchange.ended(3)
        assert [outcome(call) for call in calls] == [(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)] * 3
        await exchange.check_nothing_left()


async def test_announce_and_nobody_leaves(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    settings = CapacitySettings(rule="announce", queue_timeout_s=0.3)
    async with two_places(asterisk, tmp_path, settings) as exchange:
        phones = [await exchange.talking(), await exchange.talking()]
        third = await exchange.dial()
        assert (await third.ended).kind is EndKind.REMOTE_HUNG_UP
        (call,) = await exchange.ended()
        assert outcome(call) == (CallStatus.COMPLETED, EndedReason.LIMIT_EXCEEDED)
        assert [event.rule for event in exchange.events if isinstance(event, CallRefused)] == ["announce"]
        for phone in phones:
            await phone.hang_up()
        await exchange.ended(3)
        await exchange.check_nothing_left()
