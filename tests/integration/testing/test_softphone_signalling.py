"""The softphone's signalling against a peer that misbehaves in every way that a network can."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.errors import TelephonyError
from agent.testing.softphone import CallEnd, CallEndedError, EndKind, PhoneCall, Softphone
from agent.testing.softphone.sip import parameter
from tests.integration.testing.peer import Peer


async def dial(phone: Softphone, peer: Peer, tmp_path: Path, *, no_media_s: float | None = None) -> PhoneCall:
    return await phone.call("127.0.0.1", peer.port, "1000", recording=tmp_path / "call.wav", no_media_s=no_media_s)


async def test_a_call_is_answered_and_hung_up(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        assert await call.answered
        assert call.provisional == [100, 180]
        assert call.answered_at is not None
        assert await call.hang_up() == CallEnd(EndKind.HUNG_UP, code=200, reason="OK")
        invite, ack, bye = [peer.heard.get_nowait() for _ in range(3)]
        assert [request.method for request in (invite, ack, bye)] == ["INVITE", "ACK", "BYE"]
        assert (ack.cseq[0], bye.cseq[0]) == (invite.cseq[0], invite.cseq[0] + 1)
        assert parameter(bye.get("To"), "tag") == "peer"
        assert bye.uri == f"sip:peer@127.0.0.1:{peer.port}"
        assert await call.hang_up() == call.ended.result()


async def test_the_peer_hangs_up_and_says_why(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await call.answered
        quiet = asyncio.create_task(call.agent_quiet(3_600_000))
        key = asyncio.create_task(call.key())
        await peer.until("ACK")
        peer.ask("BYE", headers=(("Reason", 'Q.850;cause=34;text="Circuit/channel congestion"'),))
        end = await call.ended
        assert (end.kind, end.cause, end.by_remote) == (EndKind.REMOTE_HUNG_UP, 34, True)
        assert (await peer.answers.get()).status == 200
        for waiting in (quiet, key):
            with pytest.raises(CallEndedError):
                await waiting


@pytest.mark.parametrize(("status", "reason"), [(404, "Not Found"), (486, "Busy Here"), (503, "No"), (603, "Decline")])
async def test_a_refusal_is_told_with_its_code(phone: Softphone, tmp_path: Path, status: int, reason: str) -> None:
    async with Peer(final=(status, reason)) as peer:
        peer.answer_headers = (("Reason", "Q.850;cause=17"),)
        call = await dial(phone, peer, tmp_path)
        assert await call.answered is False
        assert await call.ended == CallEnd(EndKind.REJECTED, code=status, reason=reason, cause=17)
        ack = await peer.until("ACK")
        assert peer.invite is not None
        assert ack.branch == peer.invite.branch


async def test_lost_requests_are_sent_again(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        peer.deaf_to.update(INVITE=2, BYE=2)
        call = await dial(phone, peer, tmp_path)
        assert await call.answered
        assert (await call.hang_up()).kind is EndKind.HUNG_UP
        methods = [peer.heard.get_nowait().method for _ in range(peer.heard.qsize())]
        assert methods == ["INVITE"] * 3 + ["ACK"] + ["BYE"] * 3


async def test_an_answer_that_is_repeated_is_acknowledged_again(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        first = await peer.until("ACK")
        peer.answer(200, "OK")
        again = await peer.until("ACK")
        assert again == first
        await call.hang_up()


async def test_nobody_answers_the_invite(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        peer.deaf_to.update(INVITE=100)
        call = await dial(phone, peer, tmp_path)
        assert await call.ended == CallEnd(EndKind.NO_RESPONSE)
        assert await call.answered is False
        assert peer.heard.qsize() > 3  # seven times on an idle machine: the unit tests count them


async def test_nobody_answers_the_bye(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        peer.deaf_to.update(BYE=100)
        call = await dial(phone, peer, tmp_path)
        await call.answered
        assert await call.hang_up() == CallEnd(EndKind.NO_RESPONSE)


async def test_a_call_is_canceled_while_it_rings(phone: Softphone, tmp_path: Path) -> None:
    async with Peer(final=None) as peer:
        call = await dial(phone, peer, tmp_path)
        await peer.until("INVITE")
        hanging_up = asyncio.create_task(call.hang_up())
        await peer.until("CANCEL")
        peer.answer(487, "Request Terminated")
        assert await hanging_up == CallEnd(EndKind.CANCELED, code=487, reason="Request Terminated")
        assert (await peer.until("ACK")).cseq[0] == 1
        assert await call.answered is False


async def test_nothing_is_canceled_before_the_peer_has_said_a_word(phone: Softphone, tmp_path: Path) -> None:
    """RFC 3261 9.1: a CANCEL could overtake its INVITE."""
    async with Peer(final=None) as peer:
        peer.provisional = []
        call = await dial(phone, peer, tmp_path)
        hanging_up = asyncio.create_task(call.hang_up())
        for _ in range(3):
            assert (await peer.heard.get()).method == "INVITE"
        peer.provisional = [(180, "Ringing")]
        await peer.until("CANCEL")
        peer.answer(487, "Request Terminated")
        assert (await hanging_up).kind is EndKind.CANCELED


async def test_answer_and_cancel_cross(phone: Softphone, tmp_path: Path) -> None:
    async with Peer(final=None) as peer:
        call = await dial(phone, peer, tmp_path)
        await peer.until("INVITE")
        hanging_up = asyncio.create_task(call.hang_up())
        await peer.until("CANCEL")
        peer.answer(200, "OK")
        await peer.until("ACK")
        await peer.until("BYE")
        assert (await hanging_up).kind is EndKind.CANCELED
        assert await call.answered is False


async def test_a_cancel_that_is_never_confirmed_ends_the_call_all_the_same(phone: Softphone, tmp_path: Path) -> None:
    async with Peer(final=None) as peer:
        call = await dial(phone, peer, tmp_path)
        await peer.until("INVITE")
        assert (await call.hang_up()).kind is EndKind.NO_RESPONSE


async def test_a_peer_that_vanishes_is_noticed_by_its_silence(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path, no_media_s=0.3)
        await call.answered
        peer.deaf_to.update(BYE=100)
        peer.delay_packets = 1 << 30
        assert await call.ended == CallEnd(EndKind.NO_MEDIA)


async def test_a_peer_that_sends_is_not_given_up(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path, no_media_s=0.3)
        await call.answered
        await call.reached(8000)
        assert (await call.hang_up()).kind is EndKind.HUNG_UP


@pytest.mark.parametrize("body", [b"", b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n"])
async def test_an_answer_without_our_kind_of_sound_ends_the_call(phone: Softphone, tmp_path: Path, body: bytes) -> None:
    async with Peer() as peer:
        peer.sdp = body
        call = await dial(phone, peer, tmp_path)
        assert (await call.ended).kind is EndKind.BAD_MEDIA
        assert await call.answered is False
        await peer.until("BYE")


async def test_other_requests_get_proper_answers(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await peer.until("ACK")
        peer.send_raw(b"\r\n\r\n")
        peer.send_raw(b"nonsense")
        for method, call_id, status in [
            ("OPTIONS", "", 200),
            ("MESSAGE", "", 405),
            ("BYE", "another", 481),
            ("INVITE", "another", 480),
            ("OPTIONS", "another", 200),
        ]:
            peer.ask(method, call_id=call_id)
            assert (await peer.answers.get()).status == status
        assert not call.ended.done()
        await call.hang_up()


async def test_a_repeated_request_gets_the_same_answer(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await peer.until("ACK")
        peer.ask("BYE")
        first = await peer.answers.get()
        await call.ended
        peer._cseq -= 1
        peer.ask("BYE")
        assert await peer.answers.get() == first


async def test_closing_the_softphone_hangs_up_every_call(tmp_path: Path) -> None:
    async with Peer() as peer, Softphone() as phone:
        calls = [
            await phone.call("127.0.0.1", peer.port, "1000", recording=tmp_path / f"{name}.wav") for name in range(3)
        ]
        assert all([await call.answered for call in calls])
    assert [call.ended.result().kind for call in calls] == [EndKind.HUNG_UP] * 3


async def test_a_telephone_that_vanishes_says_nothing(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await call.answered
        await peer.until("ACK")
        await call.abandon()
        assert peer.heard.empty()


async def test_a_recording_that_cannot_be_written_is_told(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        with pytest.raises(FileNotFoundError):
            await phone.call("127.0.0.1", peer.port, "1", recording=tmp_path / "no" / "folder.wav")


async def test_a_full_disk_ends_the_call(phone: Softphone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await call.answered

        def full(_position: int, _pcm: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(call._media.tape, "put_sent", full)
        end = await call.ended
        assert end.kind is EndKind.SOFTPHONE_FAILED
        assert "No space left" in end.reason
        await peer.until("BYE")


async def test_keys_need_a_peer_that_takes_them(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        peer.sdp = f"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {peer.rtp_port} RTP/AVP 0\r\n".encode()
        call = await dial(phone, peer, tmp_path)
        await call.answered
        with pytest.raises(TelephonyError) as caught:
            await call.press("1")
        assert caught.value.code == "no_telephone_events"
        await call.hang_up()
