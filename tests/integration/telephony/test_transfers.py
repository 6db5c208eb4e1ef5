"""Callers who are handed over to real telephones, and what is left wherever somebody hangs up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.transfer import TransferDestination, TransferFailure, TransferKind, TransferStatus
from agent.testing.callees import answers, hangs_up_after, rejects, rings_on, says
from agent.testing.fakes import FakeEars
from agent.testing.measure import read_tracks
from agent.testing.noise import SPEECH_DBFS, at_level
from agent.testing.softphone import EndKind, IncomingCall, PhoneCall
from agent.testing.softphone.rtp import RATE
from agent.testing.tone import heard, tone
from tests.integration.telephony.exchange import Exchange, open_exchange
from tests.integration.telephony.operator_desk import Desk, operator_desk

VOICE = at_level(tone(440, 0.5), SPEECH_DBFS)
FAILED, COMPLETED = TransferStatus.FAILED, TransferStatus.COMPLETED


def outcome(call: Call) -> tuple[CallStatus, EndedReason | None]:
    return call.status, call.ended_reason


async def nothing_left_in(exchange: Exchange) -> None:
    """Return when Asterisk has neither channels nor bridges."""
    for _ in range(500):
        if not await exchange.ari.channels() and not await exchange.ari.bridges():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("something is left in Asterisk")


async def heard_by(phone: PhoneCall, speaker: PhoneCall) -> None:
    """What one says now, the other hears."""
    at = phone.position
    speaking = speaker.begin(VOICE)
    await phone.agent_started(after=at)
    await speaking.finished()


async def callee(desk: Desk, number: int = 1) -> PhoneCall:
    """Who answered the so manieth call."""
    incoming = await desk.peer.came(number)
    await desk.exchange.watch.until(lambda: incoming.call is not None)
    assert incoming.call is not None
    return incoming.call


async def connected(desk: Desk, number: int) -> tuple[PhoneCall, PhoneCall]:
    """A caller, and the so manieth callee, who talk to each other."""
    phone = await desk.caller()
    desk.transfer("d1")
    assert (await desk.outcome(number)).status is COMPLETED
    assert desk.room.taken == ["office"]
    other = await callee(desk, number)
    await heard_by(phone, other)
    await heard_by(other, phone)
    return phone, other


async def test_who_is_connected_talks_until_one_hangs_up(prefix: Path, tmp_path: Path) -> None:
    async with operator_desk(prefix, tmp_path, {"1": answers()}) as desk:
        phone, other = await connected(desk, 1)
        assert desk.said(desk.call_id) == ["Hi.", "Go."]
        assert desk.exchange.media.streams == 0, "the agent has left"
        await other.hang_up()
        assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP

        phone, other = await connected(desk, 2)
        await phone.hang_up()
        assert (await other.ended).kind is EndKind.REMOTE_HUNG_UP

        phone, other = await connected(desk, 3)
        desk.live.hang_up(desk.call_id, "Goodbye.")
        assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
        assert (await other.ended).kind is EndKind.REMOTE_HUNG_UP

        reasons = [EndedReason.TRANSFERRED, EndedReason.TRANSFERRED, EndedReason.API_HANGUP]
        assert [outcome(call) for call in await desk.exchange.ended(3)] == [
            (CallStatus.COMPLETED, reason) for reason in reasons
        ]
        await desk.check_nothing_left()


async def test_a_caller_whom_nobody_takes_is_back_with_the_agent(prefix: Path, tmp_path: Path) -> None:
    async def rings_and_hangs_up(incoming: IncomingCall) -> None:
        incoming.ring()
        await incoming.hang_up()

    callees = {
        "486": rejects(486),
        "603": rejects(603, after_s=0.2),
        "404": rejects(404),
        "503": rejects(503),
        "480": rings_and_hangs_up,
        "1": rings_on,
    }
    reasons = {
        "d486": TransferFailure.BUSY,
        "d603": TransferFailure.REJECTED,
        "d404": TransferFailure.UNREACHABLE,
        "d503": TransferFailure.UNREACHABLE,
        "d480": TransferFailure.NO_ANSWER,
        "d1": TransferFailure.NO_ANSWER,
    }
    async with operator_desk(prefix, tmp_path, callees, ring_timeout_s=1, music=False) as desk:
        phone = await desk.caller()
        call_id, said = desk.call_id, ["Hi."]
        for number, (name, reason) in enumerate(reasons.items(), start=1):
            desk.transfer(name)
            await desk.peer.came(number)
            called_at = phone.position
            failed = await desk.outcome(number)
            assert (failed.destination, failed.status, failed.reason) == (name, FAILED, reason)
            said.append("Go. Back.")
            await desk.exchange.watch.until(lambda: desk.said(call_id) == said)
            assert (desk.exchange.switchboard.legs.held, desk.room.taken) == ([], [])
        called = len(desk.peer.calls)
        desk.room.failure = TransferFailure.TRUNK_FULL
        desk.transfer("d1")
        assert (await desk.outcome(len(reasons) + 1)).reason is TransferFailure.TRUNK_FULL
        said.append("Go. Back.")
        await desk.exchange.watch.until(lambda: desk.said(call_id) == said)
        assert len(desk.peer.calls) == called
        await phone.say(VOICE)
        await desk.exchange.watch.until(lambda: desk.said(call_id)[-1] == "Yes.")
        assert any("d486" in message.text and "busy" in message.text for message in desk.mind.asked[-1])
        await phone.hang_up()
        (call,) = await desk.exchange.ended()
        assert outcome(call) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
        await desk.check_nothing_left()
    _, received = read_tracks(phone.recording)
    ringing = heard(received[called_at : called_at + RATE // 2])
    assert 400 < ringing.frequency_hz < 500, "without music a caller hears that it rings"
    assert ringing.level_dbfs > -40


async def test_whoever_is_briefed_takes_the_call_or_not(prefix: Path, tmp_path: Path) -> None:
    keys: asyncio.Queue[str] = asyncio.Queue()

    async def presses(call: PhoneCall) -> None:
        await call.agent_started()
        await call.press(await keys.get())
        await asyncio.shield(call.ended)

    callees = {"1": answers(presses), "2": answers(), "3": answers(hangs_up_after(says(VOICE)))}
    async with operator_desk(prefix, tmp_path, callees, kind="attended", accept_timeout_s=1) as desk:
        phone = await desk.caller()
        call_id = desk.call_id
        music_at = phone.position
        desk.transfer("d1")
        keys.put_nowait("2")
        declined = await desk.outcome(1)
        assert (declined.status, declined.reason) == (FAILED, TransferFailure.DECLINED)
        await phone.agent_started(after=music_at)
        assert "For you: a test" in desk.mouth.said

        desk.transfer("d2")
        assert (await desk.outcome(2)).reason is TransferFailure.NOT_ACCEPTED
        desk.transfer("d3")
        assert (await desk.outcome(3)).reason is TransferFailure.DESTINATION_HANGUP
        await desk.exchange.watch.until(lambda: desk.said(call_id) == ["Hi.", *["Go. Back."] * 3])

        desk.transfer("d1")
        keys.put_nowait("1")
        assert (await desk.outcome(4)).status is COMPLETED
        other = await callee(desk, 4)
        await heard_by(phone, other)
        await heard_by(other, phone)
        await phone.hang_up()
        assert (await other.ended).kind is EndKind.REMOTE_HUNG_UP
        (call,) = await desk.exchange.ended()
        assert outcome(call) == (CallStatus.COMPLETED, EndedReason.TRANSFERRED)
        await desk.check_nothing_left()


async def test_a_yes_by_voice_takes_the_call(prefix: Path, tmp_path: Path) -> None:
    async def says_yes(call: PhoneCall) -> None:
        await call.agent_started()
        await call.say(VOICE)
        await asyncio.shield(call.ended)

    ears = FakeEars(["Yes, please."])
    async with operator_desk(prefix, tmp_path, {"1": answers(says_yes)}, ears=ears, kind="attended") as desk:
        phone = await desk.caller()
        desk.transfer("d1")
        assert (await desk.outcome()).status is COMPLETED
        await phone.hang_up()
        assert outcome((await desk.exchange.ended())[0])[1] is EndedReason.TRANSFERRED
        await desk.check_nothing_left()


async def test_nothing_is_left_of_a_caller_who_hangs_up_on_the_way(prefix: Path, tmp_path: Path) -> None:
    async def hears_something(call: PhoneCall) -> None:
        await call.agent_started()
        briefed.set()
        await asyncio.shield(call.ended)

    async def rings(incoming: IncomingCall) -> None:
        incoming.ring()
        ringing.set()

    briefed, ringing = asyncio.Event(), asyncio.Event()
    callees = {"1": rings, "2": answers(hears_something)}
    async with operator_desk(prefix, tmp_path, callees) as desk:
        announced = await desk.caller()
        desk.transfer("d1")
        await announced.hang_up()
        await desk.exchange.ended(1)
        assert desk.peer.calls == [], "nobody is called for a caller who has gone"

        rung = await desk.caller()
        desk.transfer("d1")
        await desk.until(ringing, 2)
        await rung.hang_up()
        await desk.exchange.ended(2)
        assert (await desk.peer.calls[0].ended).kind is EndKind.REMOTE_CANCELED

        consulted = await desk.caller()
        desk.transfer("d2", TransferKind.ATTENDED)
        await desk.until(briefed, 3)
        await consulted.hang_up()
        calls = await desk.exchange.ended(3)

        assert [outcome(call) for call in calls] == [(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)] * 3
        failed = [await desk.outcome(number) for number in (1, 2, 3)]
        assert [transfer.reason for transfer in failed] == [TransferFailure.CALLER_HANGUP] * 3
        await desk.check_nothing_left()


async def test_what_ends_the_call_ends_a_transfer_and_is_heard(prefix: Path, tmp_path: Path) -> None:
    async def rings(incoming: IncomingCall) -> None:
        incoming.ring()
        ringing.set()

    ringing = asyncio.Event()
    async with operator_desk(prefix, tmp_path, {"1": rings}) as desk:
        phone = await desk.caller()
        call_id = desk.call_id
        desk.transfer("d1")
        await desk.until(ringing)
        desk.live.hang_up(call_id, "All the best to you.")
        assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
        (call,) = await desk.exchange.ended()
        assert outcome(call) == (CallStatus.COMPLETED, EndedReason.API_HANGUP)
        assert desk.said(call_id)[-1] == "All the best to you."
        assert (await desk.outcome()).reason is TransferFailure.CANCELED
        await desk.check_nothing_left()


async def test_a_caller_s_own_telephone_is_asked_to_call_elsewhere(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.telephony.connection_attempt.REFER_S", 2.0)
    async with operator_desk(prefix, tmp_path, {}) as desk:
        uri = "sip:sales@127.0.0.1:5999"
        desk.destinations.append(TransferDestination(name="away", description="x", uri=uri))
        phone = await desk.caller()
        call_id = desk.call_id
        desk.transfer("away")
        refused = await desk.outcome(1)
        assert (refused.mode, refused.status, refused.reason) == ("refer", FAILED, TransferFailure.UNREACHABLE)
        await desk.exchange.watch.until(lambda: desk.said(call_id) == ["Hi.", "Go. Back."])

        phone.takes_referrals = True
        desk.transfer("away")
        assert await phone.unless_ended(phone.referred.get()) == uri
        await phone.hang_up()
        assert (await desk.outcome(2)).status is COMPLETED
        (call,) = await desk.exchange.ended()
        assert outcome(call) == (CallStatus.COMPLETED, EndedReason.TRANSFERRED)
        await desk.check_nothing_left()


async def test_what_a_dead_process_had_begun_is_removed_by_the_next(prefix: Path, tmp_path: Path) -> None:
    """The first one knows nothing more of Asterisk, and Asterisk nothing of it, as if it had been killed."""

    async def rings(incoming: IncomingCall) -> None:
        incoming.ring()
        ringing.set()

    async def hears_something(call: PhoneCall) -> None:
        await call.agent_started()
        briefed.set()
        await asyncio.shield(call.ended)

    ringing, briefed = asyncio.Event(), asyncio.Event()
    callees = {"1": answers(), "2": rings, "3": answers(hears_something)}
    async with operator_desk(prefix, tmp_path, callees, ring_timeout_s=120) as desk:
        phones = []
        for name, far in (("d1", None), ("d2", ringing), ("d3", briefed)):
            before = {call.id for call in desk.exchange.switchboard.calls}
            phones.append(await desk.exchange.talking())
            (call_id,) = {call.id for call in desk.exchange.switchboard.calls} - before
            await desk.exchange.watch.until(lambda call_id=call_id: "Hi." in desk.said(call_id))  # type: ignore[misc]
            kind = TransferKind.ATTENDED if name == "d3" else TransferKind.BLIND
            destination = next(known for known in desk.destinations if known.name == name)
            desk.live.transfer(call_id, destination, kind=kind, briefing="a test")
            await (desk.outcome() if far is None else desk.until(far, 2))
        assert len(await desk.exchange.ari.channels()) >= 8
        async with open_exchange(desk.exchange.config, tmp_path / "callees") as successor:
            await successor.connected()
            for phone in phones:
                assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
            for incoming in desk.peer.calls:
                await incoming.over()
            await nothing_left_in(successor)


async def test_a_caller_on_hold_hears_music_and_is_not_heard(prefix: Path, tmp_path: Path) -> None:
    async with operator_desk(prefix, tmp_path, {}) as desk:
        phone = await desk.caller()
        call_id = desk.call_id
        desk.live.hold(call_id)
        at = phone.position
        await phone.agent_started(after=at)  # the music
        frames = desk.exchange.streams[0].frames.received
        await phone.say(VOICE)
        assert desk.exchange.streams[0].frames.received - frames < 5, "what was under way"
        desk.live.resume(call_id)
        await desk.exchange.watch.until(lambda: desk.said(call_id) == ["Hi.", "Thanks."])
        await phone.say(VOICE)
        await desk.exchange.watch.until(lambda: desk.said(call_id)[-1] == "Yes.")

        desk.live.hold(call_id)
        desk.live.hang_up(call_id, "All the best to you.")
        assert (await phone.ended).kind is EndKind.REMOTE_HUNG_UP
        (call,) = await desk.exchange.ended()
        assert outcome(call) == (CallStatus.COMPLETED, EndedReason.API_HANGUP)
        assert desk.said(call_id)[-1] == "All the best to you."
        await desk.check_nothing_left()
