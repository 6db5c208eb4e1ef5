"""What is said, heard and recorded: against a peer that echoes with a known delay.

The peer lives in the event loop of the test, so on a starved machine its echo really is late now and then. It is never
early: the shortest of several round trips is the truth.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from agent.testing.measure import Span, answers, holes, read_tracks, speech_spans
from agent.testing.noise import SPEECH_DBFS, at_level, background
from agent.testing.softphone import CallEndedError, PhoneCall, Softphone, sdp
from agent.testing.softphone.rtp import FRAME, key_press
from agent.testing.tone import tone
from tests.integration.testing.peer import Peer

BEEP = at_level(tone(440, 0.3), SPEECH_DBFS)
WITHIN = 160  # samples: the 20 ms that a measured delay may be off


async def dial(phone: Softphone, peer: Peer, tmp_path: Path, name: str = "call") -> PhoneCall:
    call = await phone.call("127.0.0.1", peer.port, "1000", recording=tmp_path / f"{name}.wav")
    assert await call.answered
    return call


async def beeps(call: PhoneCall, count: int = 5) -> list[tuple[Span, int, int]]:
    """Say it and wait for its echo, again and again; when it was sent, and when its echo began and ended."""
    found = []
    for _ in range(count):
        span = await call.say(BEEP)
        heard = await call.agent_started(after=span.start)
        quiet = await call.agent_quiet(400, after=span.end)
        found.append((span, heard, quiet))
    return found


@pytest.mark.parametrize("packets", [1, 5, 20])
async def test_a_known_delay_is_found_live_and_on_the_recording(phone: Softphone, tmp_path: Path, packets: int) -> None:
    async with Peer(delay_packets=packets) as peer:
        call = await dial(phone, peer, tmp_path)
        live = await beeps(call)
        await call.hang_up()
    assert abs(min(heard - span.start for span, heard, _ in live) - packets * FRAME) <= WITHIN
    assert abs(min(quiet - span.end for span, _, quiet in live) - packets * FRAME) <= WITHIN
    sent, received = (speech_spans(track) for track in read_tracks(call.recording))
    assert [abs(span.start - said.start) <= 40 for span, (said, _, _) in zip(sent, live, strict=True)] == [True] * 5
    delays = [min(after.start for after in received if after.start >= before.start) - before.start for before in sent]
    assert abs(min(delays) - packets * FRAME) <= WITHIN


async def test_an_echo_is_not_taken_for_an_answer(phone: Softphone, tmp_path: Path) -> None:
    """A negative control: with an echo in place of an agent there is no voice-to-voice latency to tell."""
    async with Peer(delay_packets=5) as peer:
        call = await dial(phone, peer, tmp_path)
        await beeps(call)
        await call.hang_up()
    sent, received = (speech_spans(track) for track in read_tracks(call.recording))
    assert [answer.overlapped for answer in answers(sent, received)] == [True] * 5


async def test_two_calls_at_once_keep_their_own_clocks(phone: Softphone, tmp_path: Path) -> None:
    async with Peer(delay_packets=2) as near, Peer(delay_packets=12) as far:
        calls = [await dial(phone, near, tmp_path, "near"), await dial(phone, far, tmp_path, "far")]
        found = await asyncio.gather(*(beeps(call) for call in calls))
        await asyncio.gather(*(call.hang_up() for call in calls))
    for live, packets in zip(found, (2, 12), strict=True):
        assert abs(min(heard - span.start for span, heard, _ in live) - packets * FRAME) <= WITHIN
    assert len({call.call_id for call in calls}) == 2


async def test_sound_is_sent_without_a_gap_from_the_answer_on(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await beeps(call, 1)
        await call.hang_up()
        packets = [peer.packets.get_nowait() for _ in range(peer.packets.qsize())]
    assert {(b.sequence - a.sequence) % 2**16 for a, b in pairwise(packets)} == {1}
    assert {b.timestamp - a.timestamp for a, b in pairwise(packets)} == {FRAME}
    assert call.report().clock.frames == len(packets)


async def test_something_is_said_at_an_exact_position_and_can_be_cut(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        at = call.position + 1001
        pcm = np.full(8000, 8000, np.int16)
        saying = call.begin(pcm, at=at)
        assert saying.span == Span(at, at + 8000)
        await call.reached(at + 1000)
        cut = saying.cut()
        assert await saying.finished() == cut
        assert cut.start == at
        assert 1000 <= cut.length < 8000
        await call.hang_up()
    (sent,) = speech_spans(read_tracks(call.recording)[0])
    assert sent == cut


async def test_cancelling_breaks_the_speech_off(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        saying = asyncio.create_task(call.say(np.full(80_000, 8000, np.int16)))
        await call.agent_started()
        saying.cancel()
        await call.agent_quiet(200, after=call.position)
        await call.hang_up()
        assert saying.cancelled()
    (sent,) = speech_spans(read_tracks(call.recording)[0])
    assert sent.length < 80_000


async def test_background_is_sent_under_the_voice_and_in_its_pauses(phone: Softphone, tmp_path: Path) -> None:
    noise = background(np.random.default_rng(0).normal(0, 1000, 8000).astype(np.int16), snr_db=20)
    async with Peer() as peer:
        call = await phone.call("127.0.0.1", peer.port, "1000", recording=tmp_path / "call.wav", background=noise)
        await call.answered
        span = await call.say(BEEP, at=call.position + 4000)
        await call.reached(span.end + 1600)
        await call.hang_up()
    sent, _ = read_tracks(call.recording)
    inside, outside = sent[span.start : span.end].astype(float), sent[span.end + 160 : span.end + 1440].astype(float)
    ratio_db = 10 * np.log10((np.mean(inside**2) - np.mean(outside**2)) / np.mean(outside**2))
    assert ratio_db == pytest.approx(20, abs=1)


async def test_keys_go_both_ways(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await call.press("12#")
        for sequence, key in enumerate("*7"):
            for payload, _ in key_press(key, frames=5):
                peer.send_rtp(sdp.EVENT_PAYLOAD, 5000 + 800 * sequence, payload)
        assert [await call.key(), await call.key()] == ["*", "7"]
        assert call.keys.empty()
        with pytest.raises(ValueError, match="no such key"):
            await call.press("x")
        await call.hang_up()
        packets = [peer.packets.get_nowait() for _ in range(peer.packets.qsize())]
    events = [packet for packet in packets if packet.payload_type == sdp.EVENT_PAYLOAD]
    assert len({event.timestamp for event in events}) == 3
    assert [event.marker for event in events].count(True) == 3
    assert [event.payload[0] for event in events if event.payload[1] & 0x80] == [1] * 3 + [2] * 3 + [11] * 3
    assert call.report().reception.lost == 0


async def test_lost_packets_are_counted_and_leave_a_hole(phone: Softphone, tmp_path: Path) -> None:
    async with Peer(delay_packets=5) as peer:
        call = await dial(phone, peer, tmp_path)
        start = (call.position // FRAME + 25) * FRAME
        first = start // FRAME - (call.answered_at or 0) // FRAME
        peer.lose_packets = set(range(first + 20, first + 24))
        span = await call.say(np.tile(BEEP, 4), at=start)
        await call.agent_quiet(300, after=span.end)
        await call.hang_up()
        assert call.report().reception.lost == 4
    found = holes(read_tracks(call.recording)[1], call.report().missing)
    assert [hole for hole in found if abs(hole.length - 4 * FRAME) <= WITHIN]


async def test_on_hold_nothing_is_sent_until_it_is_over(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await call.agent_quiet(100)
        for direction, mirrored, held in [("sendonly", "recvonly", True), ("sendrecv", "sendrecv", False)]:
            body = sdp.build(host="127.0.0.1", port=peer.rtp_port, session=1, version=2, direction=direction)
            peer.ask("INVITE", body=body, headers=(("Content-Type", "application/sdp"),))
            answer = await peer.answered()
            assert answer.status == 200
            assert sdp.parse(answer.body).direction == mirrored
            assert await peer.answered() == answer  # it is not acknowledged yet
            peer.ask("ACK")
            assert call.held is held
            position = call.position
            frames = call.report().clock.frames
            await call.reached(position + 1600)
            assert (call.report().clock.frames - frames <= 1) is held
        await call.hang_up()


async def test_a_reinvite_that_nobody_can_take_is_refused_and_changes_nothing(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        peer.ask("INVITE", body=b"v=0\r\n", headers=(("Content-Type", "application/sdp"),))
        assert (await peer.answers.get()).status == 488
        assert await beeps(call, 1)
        await call.hang_up()


async def test_what_comes_from_elsewhere_is_ignored(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer, Peer() as stranger:
        call = await dial(phone, peer, tmp_path)
        await call.agent_quiet(100)
        stranger.phone_rtp = (sdp.parse(peer.invite.body).host, sdp.parse(peer.invite.body).port)  # type: ignore[union-attr]  # it was answered
        for index in range(50):
            stranger.send_rtp(sdp.PCMU, index * FRAME, b"\x00" * FRAME)
        await call.agent_quiet(100, after=call.position)
        assert call.report().reception.ignored == 50
        await call.hang_up()
    assert speech_spans(read_tracks(call.recording)[1]) == []


async def test_nobody_waits_for_a_voice_after_the_end(phone: Softphone, tmp_path: Path) -> None:
    async with Peer() as peer:
        call = await dial(phone, peer, tmp_path)
        await call.hang_up()
        for waiting in (call.agent_started(), call.agent_quiet(10), call.say(BEEP), call.key(), call.reached(1 << 40)):
            with pytest.raises(CallEndedError):
                await waiting
