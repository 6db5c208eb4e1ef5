"""Who is let in, and who is not."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from uuid import uuid4

import pytest
import structlog

from agent.errors import MediaError
from agent.media.audiosocket import HANGUP, Kind, encode
from agent.media.ending import MediaEndKind
from agent.media.playout import SILENCE
from agent.media.server import MAX_STRANGERS
from tests.integration.media.conftest import Line
from tests.integration.media.peer import Peer


async def test_a_uuid_that_no_call_waits_for_is_sent_away(line: Line) -> None:
    other, stream = await line.call()
    peer = await Peer.call(line.server.address, uuid4())
    line.peers.append(peer)
    assert await peer.lost is None
    assert peer.leftover() == HANGUP
    assert line.server.streams == 1
    await line.tick(5, other)
    assert stream.playout.frames_sent == len(other.frames()) == 6


async def test_a_second_connection_with_the_same_uuid_is_sent_away(line: Line) -> None:
    uuid = uuid4()
    first, stream = await line.call(uuid)
    second = await Peer.call(line.server.address, uuid)
    line.peers.append(second)
    assert await second.lost is None
    await line.tick(5, first)
    assert stream.playout.frames_sent == len(first.frames()) == 6
    assert not stream.closed.done()


async def test_a_uuid_is_used_up_when_its_call_is_over(line: Line) -> None:
    uuid = uuid4()
    peer, stream = await line.call(uuid)
    with pytest.raises(ValueError, match="already in use"):
        line.server.expect(uuid)
    await stream.close()
    await peer.lost
    again = await Peer.call(line.server.address, uuid)
    line.peers.append(again)
    assert await again.lost is None
    assert line.server.streams == 0


async def test_a_uuid_is_expected_once(line: Line) -> None:
    admission = line.server.expect(uuid4())
    with pytest.raises(ValueError, match="already in use"):
        line.server.expect(admission.uuid)
    admission.cancel()
    line.server.expect(admission.uuid).cancel()


async def test_who_says_nothing_is_sent_away_in_time_and_gets_silence_until_then(line: Line) -> None:
    peer = await line.connect()
    await peer.sent(1)
    await line.tick(249, peer)
    assert not peer.lost.done()
    line.clock.advance(0.02)
    assert await peer.lost is None
    assert peer.leftover() == HANGUP
    assert 250 <= len(peer.frames()) <= 251


async def test_a_uuid_that_comes_after_the_deadline_is_too_late(line: Line) -> None:
    peer = await line.connect()
    await peer.sent(1)
    await line.tick(249, peer)
    line.clock.advance(0.02)
    admission = line.server.expect(uuid4())
    peer.send(encode(Kind.UUID, admission.uuid.bytes))
    assert await peer.lost is None
    assert line.server.streams == 0
    on_time = await Peer.call(line.server.address, admission.uuid)
    line.peers.append(on_time)
    assert not (await admission.stream(5)).closed.done()


async def test_a_uuid_in_pieces_that_never_ends_does_not_put_the_deadline_off(line: Line) -> None:
    peer = await line.connect()
    await peer.sent(1)
    for byte in b"\x01\x00\x10" + bytes(12):
        peer.send(bytes([byte]))
        await line.tick(10, peer)
    line.clock.advance(2.0)
    assert await peer.lost is None
    assert line.server.streams == 0


async def test_asterisk_that_does_not_come_in_time(line: Line) -> None:
    admission = line.server.expect(uuid4())
    waiting = asyncio.create_task(admission.stream(5))
    await asyncio.sleep(0)
    line.clock.advance(5)
    with pytest.raises(MediaError, match=r"media\.advertise") as caught:
        await waiting
    assert caught.value.code == "media_timeout"
    late = await Peer.call(line.server.address, admission.uuid)
    line.peers.append(late)
    assert await late.lost is None


async def test_a_claim_given_up_lets_nobody_in(line: Line) -> None:
    admission = line.server.expect(uuid4())
    waiting = asyncio.create_task(admission.stream(5))
    await asyncio.sleep(0)
    admission.cancel()
    admission.cancel()
    with pytest.raises(MediaError, match="no longer waits"):
        await waiting
    peer = await Peer.call(line.server.address, admission.uuid)
    line.peers.append(peer)
    assert await peer.lost is None


async def test_a_cancelled_wait_gives_the_claim_up(line: Line) -> None:
    admission = line.server.expect(uuid4())
    waiting = asyncio.create_task(admission.stream(5))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    line.server.expect(admission.uuid).cancel()


async def test_a_stream_that_nobody_takes_is_closed_with_its_claim(line: Line) -> None:
    admission = line.server.expect(uuid4())
    peer = await Peer.call(line.server.address, admission.uuid)
    line.peers.append(peer)
    await line.call()  # connected later, so the one before has been let in by now
    assert line.server.streams == 2
    admission.cancel()
    assert await peer.lost is None
    assert peer.leftover() == HANGUP


async def test_a_stream_that_ended_before_it_was_taken_says_so(line: Line) -> None:
    admission = line.server.expect(uuid4())
    peer = await Peer.call(line.server.address, admission.uuid)
    line.peers.append(peer)
    peer.transport.write_eof()
    await peer.lost
    stream = await admission.stream(5)
    assert (await stream.closed).kind is MediaEndKind.PEER_CLOSED


async def test_when_no_socket_can_be_had_the_connection_waits(line: Line) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as raw, structlog.testing.capture_logs() as logs:
        raw.settimeout(0)
        next_free = os.dup(raw.fileno())
        os.close(next_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
        try:
            await asyncio.get_running_loop().sock_connect(raw, line.server.address)
            for _ in range(10):
                await asyncio.sleep(0)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert [entry["event"] for entry in logs] == ["media.accept_failed"]
        line.clock.advance(1)
        assert await asyncio.get_running_loop().sock_recv(raw, 1000) == SILENCE


async def test_strangers_are_bounded_and_leave_room_when_they_go(line: Line) -> None:
    strangers = [await line.connect() for _ in range(MAX_STRANGERS)]
    await asyncio.gather(*(stranger.sent(1) for stranger in strangers))
    refused = await line.connect()
    await refused.lost
    assert refused.received == HANGUP
    strangers[0].transport.write_eof()
    await strangers[0].lost
    peer, stream = await line.call()
    await peer.sent(1)
    assert not stream.closed.done()
