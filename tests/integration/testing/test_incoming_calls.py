"""Calls that come in: one softphone calls another, and a peer that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from agent.errors import TelephonyError
from agent.testing.measure import read_tracks
from agent.testing.noise import SPEECH_DBFS, at_level
from agent.testing.softphone import CallEnd, CallEndedError, EndKind, IncomingCall, PhoneCall, Softphone, sdp
from agent.testing.softphone.sip import BRANCH_PREFIX, Request, parameter
from agent.testing.softphone.transactions import cancel
from agent.testing.tone import tone
from tests.integration.testing.conftest import QUICK_T1_S
from tests.integration.testing.peer import Peer

BEEP = at_level(tone(440, 0.3), SPEECH_DBFS)


@pytest_asyncio.fixture
async def callee(tmp_path: Path) -> AsyncIterator[Softphone]:
    async with Softphone(t1_s=QUICK_T1_S) as callee:
        yield callee


async def ring_up(phone: Softphone, callee: Softphone, tmp_path: Path) -> tuple[PhoneCall, IncomingCall]:
    host, port = await callee.listen(tmp_path)
    call = await phone.call(host, port, "+4930123456", recording=tmp_path / "caller.wav", user="alice")
    return call, await callee.incoming()


async def test_a_call_rings_is_answered_and_both_speak(phone: Softphone, callee: Softphone, tmp_path: Path) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    assert (incoming.number, incoming.caller, incoming.waiting) == ("+4930123456", "alice", True)
    incoming.ring()
    answered = incoming.answer()
    assert await call.answered
    assert await answered.answered
    assert call.provisional == [100, 180]
    assert not incoming.waiting
    for speaker, listener in ((call, answered), (answered, call)):
        since = listener.position
        await speaker.say(BEEP)
        assert await listener.agent_started(after=since) >= since
        await speaker.press("1#")
        assert [await listener.key(), await listener.key()] == ["1", "#"]
    with pytest.raises(TelephonyError, match="final answer"):
        incoming.reject()
    assert (await answered.hang_up()).kind is EndKind.HUNG_UP
    assert (await call.ended).kind is EndKind.REMOTE_HUNG_UP
    assert (await incoming.over()).kind is EndKind.HUNG_UP
    with pytest.raises(CallEndedError):
        incoming.ring()
    sent, received = read_tracks(tmp_path / "001.wav")
    assert sent.any()
    assert received.any()


async def test_the_caller_hangs_up(phone: Softphone, callee: Softphone, tmp_path: Path) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    incoming.answer()
    await call.answered
    await call.hang_up()
    assert (await incoming.over()).kind is EndKind.REMOTE_HUNG_UP


@pytest.mark.parametrize("code", [404, 408, 480, 486, 503, 603])
async def test_a_call_is_refused(phone: Softphone, callee: Softphone, tmp_path: Path, code: int) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    incoming.reject(code, headers=(("Reason", "Q.850;cause=17"),))
    end = await call.ended
    assert (end.kind, end.code, end.cause) == (EndKind.REJECTED, code, 17)
    assert await incoming.over() == CallEnd(EndKind.REFUSED, code=code, reason=end.reason)
    assert not (tmp_path / "001.wav").exists(), "a call without sound leaves no recording"


async def test_only_a_refusal_refuses(phone: Softphone, callee: Softphone, tmp_path: Path) -> None:
    _, incoming = await ring_up(phone, callee, tmp_path)
    with pytest.raises(ValueError, match="200 is no refusal"):
        incoming.reject(200)


async def test_early_media_is_heard_before_the_answer(phone: Softphone, callee: Softphone, tmp_path: Path) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    early = incoming.progress(background=BEEP)
    assert await call.agent_started() > 0
    assert call.provisional == [100, 183]
    assert not call.answered.done()
    assert not early.answered.done()
    assert incoming.answer() is early
    assert await call.answered
    _, received = read_tracks(await recorded(call))
    assert np.abs(received).max() > 1000


async def recorded(call: PhoneCall) -> Path:
    await call.hang_up()
    return call.recording


@pytest.mark.parametrize("early", [False, True])
async def test_the_caller_gives_up(phone: Softphone, callee: Softphone, tmp_path: Path, *, early: bool) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    if early:
        waiting = asyncio.create_task(incoming.progress().agent_started())
    else:
        incoming.ring()
    assert await call.hang_up() == CallEnd(EndKind.CANCELED, code=487, reason="Request Terminated")
    assert (await incoming.over()).kind is EndKind.REMOTE_CANCELED
    if early:
        with pytest.raises(CallEndedError):
            await waiting
    with pytest.raises(CallEndedError):
        incoming.answer()


async def test_an_early_call_that_hangs_up_is_refused(phone: Softphone, callee: Softphone, tmp_path: Path) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    early = incoming.progress()
    assert (await early.hang_up()).kind is EndKind.REFUSED
    assert await early.answered is False
    assert (await call.ended).code == 480


async def test_a_telephone_that_does_not_listen_is_unavailable(
    phone: Softphone, callee: Softphone, tmp_path: Path
) -> None:
    host, port = await callee.listen(tmp_path)
    other = await phone.call(host, port, "1", recording=tmp_path / "1.wav")
    await callee.incoming()
    async with Softphone() as deaf, Peer() as peer:
        out = await deaf.call("127.0.0.1", peer.port, "1", recording=tmp_path / "2.wav")
        await peer.until("ACK")
        peer.ask("INVITE", call_id="another")
        assert (await peer.answers.get()).status == 480
        await out.hang_up()
    assert not other.ended.done()


async def test_a_telephone_that_vanishes_leaves_its_callers_alone(
    phone: Softphone, callee: Softphone, tmp_path: Path
) -> None:
    call, incoming = await ring_up(phone, callee, tmp_path)
    incoming.answer()
    await call.answered
    await callee.vanish()
    assert (await incoming.over()).kind is EndKind.NO_RESPONSE
    assert not call.ended.done()
    assert await call.hang_up() == CallEnd(EndKind.NO_RESPONSE)


class Invited:
    """A call from a peer whose messages the test writes itself."""

    def __init__(self, peer: Peer, callee: tuple[str, int]) -> None:
        self.peer = peer
        peer.phone = callee
        headers = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{peer.port};branch={BRANCH_PREFIX}invited"),
            ("Max-Forwards", "70"),
            ("From", "<sip:bob@127.0.0.1>;tag=bob"),
            ("To", "<sip:1@127.0.0.1>"),
            ("Call-ID", "invited"),
            ("CSeq", "1 INVITE"),
            ("Contact", f"<sip:bob@127.0.0.1:{peer.port}>"),
        )
        body = sdp.build(host="127.0.0.1", port=peer.rtp_port, session=1)
        self.invite = Request(headers=headers, body=body, method="INVITE", uri="sip:1@127.0.0.1")

    async def until(self, status: int) -> str:
        """To-tag of the next answer of this status."""
        while (response := await self.peer.answers.get()).status != status:
            pass
        return parameter(response.get("To"), "tag")


async def test_answers_are_repeated_until_they_are_acknowledged(callee: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = Invited(peer, await callee.listen(tmp_path))
        peer.send(call.invite)
        incoming = await callee.incoming()
        first = await call.until(100)
        peer.send(call.invite)
        assert await call.until(100) == first, "the same call, not another one"
        incoming.reject(486)
        assert {await call.until(486) for _ in range(3)} == {first}
        peer.send(respond_with_ack(call.invite))
        assert (await incoming.over()).kind is EndKind.REFUSED


def respond_with_ack(invite: Request) -> Request:
    ack = cancel(invite)
    headers = tuple((name, "1 ACK" if name == "CSeq" else value) for name, value in ack.headers)
    return Request(headers=headers, body=b"", method="ACK", uri=invite.uri)


async def test_an_answer_that_nobody_acknowledges_ends_the_call(callee: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = Invited(peer, await callee.listen(tmp_path))
        peer.send(call.invite)
        answered = (await callee.incoming()).answer()
        assert (await peer.until("BYE")).get("To") == "<sip:bob@127.0.0.1>;tag=bob"
        assert (await answered.ended).kind is EndKind.NO_RESPONSE


async def test_a_caller_without_our_kind_of_sound_is_told(callee: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = Invited(peer, await callee.listen(tmp_path))
        for body in (b"", call.invite.body.replace(b"RTP/AVP 0 101", b"RTP/AVP 8")):
            headers = tuple((n, f"{v}{len(body)}" if n in {"Via", "Call-ID"} else v) for n, v in call.invite.headers)
            peer.send(Request(headers=headers, body=body, method="INVITE", uri="sip:1@127.0.0.1"))
            await call.until(488)


async def test_a_cancel_after_the_answer_changes_nothing(callee: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = Invited(peer, await callee.listen(tmp_path))
        peer.send(call.invite)
        incoming = await callee.incoming()
        answered = incoming.answer()
        tag = await call.until(200)
        peer.send(cancel(call.invite))
        while (response := await peer.answers.get()).cseq[1] != "CANCEL":
            pass
        assert (response.status, parameter(response.get("To"), "tag")) == (200, tag)
        peer.send(respond_with_ack(call.invite))
        assert not answered.ended.done()
        assert (await incoming.hang_up()).kind is EndKind.HUNG_UP
