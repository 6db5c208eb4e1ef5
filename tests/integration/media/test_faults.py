"""What a broken, hostile or dying peer does, and that nobody else notices."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from agent.media.audiosocket import HANGUP, Kind, encode
from agent.media.connection import NOT_READING_SLOTS
from agent.media.ending import MediaEnd, MediaEndKind
from agent.media.stream import MediaStream
from tests.integration.media.conftest import Line
from tests.integration.media.peer import Peer

FIXTURES = Path(__file__).parents[2] / "fixtures" / "audiosocket"
UUID_IN_FIXTURES_BYTES = 19
VOICE = encode(Kind.SLIN_8K, bytes(range(160)) * 2)


@asynccontextmanager
async def neighbour(line: Line) -> AsyncIterator[Peer]:
    """A call beside the one under test: each slot brings it the next frame of what it plays, and it is heard."""
    peer, stream = await line.call()
    await peer.sent(1)
    sound = b"".join((1 + n % 0x7FFF).to_bytes(2, "little") for n in range(160 * 2000))
    clip = stream.playout.play(sound)
    yield peer
    before = len(peer.frames())
    await line.tick(3, peer)
    heard = b"".join(peer.frames()[1:])
    assert len(peer.frames()) == before + 3 == stream.playout.frames_sent
    assert heard == sound[: len(heard)]
    assert (clip.sent * 2, stream.playout.frames_late) == (len(heard), 0)
    peer.say(b"\1\2" * 160)
    while await anext(stream.frames) != b"\1\2" * 160:
        pass
    assert not stream.closed.done()


async def ended(line: Line, stream: MediaStream) -> MediaEnd:
    """How it ended, once nothing of it is left in the server."""
    end = await stream.closed
    async for _ in stream.frames:
        pass
    clip = stream.playout.play(bytes(320))
    assert (await clip.done, clip.sent) == (False, 0)
    await stream.close()
    assert await stream.closed is end
    return end


async def test_headers_and_payloads_in_pieces_are_no_fault(line: Line) -> None:
    async with neighbour(line) as other:
        peer, stream = await line.call()
        await peer.sent(1)
        for cut in (1, 2, 3, 4, 100, 322):
            peer.send(VOICE[:cut])
            await line.tick(1, peer, other)
            peer.send(VOICE[cut:])
            assert await anext(stream.frames) == VOICE[3:]
        assert not stream.closed.done()


async def test_byte_by_byte_is_no_fault(line: Line) -> None:
    uuid = uuid4()
    admission = line.server.expect(uuid)
    peer = await line.connect()
    peer.raw().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in encode(Kind.UUID, uuid.bytes) + VOICE:
        peer.send(bytes([byte]))
        await asyncio.sleep(0)
    stream = await admission.stream(5)
    assert await anext(stream.frames) == VOICE[3:]


@pytest.mark.parametrize("name", sorted(p.name for p in FIXTURES.glob("malformed-*.bin")))
async def test_malformed_bytes_end_their_stream_alone(line: Line, name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    async with neighbour(line) as other:
        if data.startswith(b"\x01\x00\x10"):
            peer, stream = await line.call()
            peer.send(data[UUID_IN_FIXTURES_BYTES:])
            end = await ended(line, stream)
            assert (end.kind, bool(end.detail)) == (MediaEndKind.MALFORMED, True)
        else:
            peer = await line.connect()
            peer.send(data)
        await peer.lost
        assert peer.leftover() == HANGUP
        assert line.server.streams == 1
        await line.tick(5, other)


async def test_a_flood_of_garbage_is_dropped(line: Line) -> None:
    async with neighbour(line) as other:
        peer, stream = await line.call()
        await peer.sent(1)
        peer.send(b"\x55" * 5_000_000)
        assert (await stream.closed).kind is MediaEndKind.MALFORMED
        await line.tick(5, other)
        await line.tick(25, other)
        await stream.close()


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 200, 322])
async def test_an_end_inside_a_frame(line: Line, cut: int) -> None:
    async with neighbour(line) as other:
        peer, stream = await line.call()
        peer.send(VOICE + VOICE[:cut])
        peer.transport.write_eof()
        end = await ended(line, stream)
        assert (end.kind, end.detail) == (MediaEndKind.MALFORMED, "the connection ended inside a frame")
        await line.tick(2, other)


async def test_an_end_between_frames_keeps_what_was_said(line: Line) -> None:
    peer, stream = await line.call()
    peer.send(VOICE * 3)
    peer.transport.write_eof()
    assert (await stream.closed).kind is MediaEndKind.PEER_CLOSED
    assert [frame async for frame in stream.frames] == [VOICE[3:]] * 3


async def test_a_hangup_frame_and_an_error_frame(line: Line) -> None:
    for sent, kind in ((HANGUP, MediaEndKind.PEER_HANGUP), (encode(Kind.ERROR, b"\4"), MediaEndKind.PEER_ERROR)):
        async with neighbour(line):
            peer, stream = await line.call()
            peer.send(VOICE + sent + VOICE)
            end = await ended(line, stream)
            assert end.kind is kind
            assert stream.frames.received == 1
            await peer.lost


async def test_a_peer_that_vanishes(line: Line) -> None:
    async with neighbour(line) as other:
        peer, stream = await line.call()
        clip = stream.playout.play(bytes(32000))
        await peer.sent(1)
        await line.tick(2, peer, other)
        peer.vanish()
        assert (await ended(line, stream)).kind is MediaEndKind.RESET
        assert (await clip.done, clip.sent) == (False, 320)


async def test_a_peer_that_vanishes_before_it_said_who_it_is(line: Line) -> None:
    async with neighbour(line) as other:
        peer = await line.connect()
        await peer.sent(1)
        peer.vanish()
        await peer.lost
        await line.tick(3, other)


async def test_a_half_open_connection_is_ended_when_nothing_came_for_too_long(line: Line) -> None:
    async with neighbour(line) as other:
        peer, stream = await line.call()
        await peer.sent(1)
        peer.say()
        assert await anext(stream.frames) == bytes(320)
        for _ in range(9):
            other.say()
            await line.tick(50, peer, other)
        assert not stream.closed.done()
        other.say()
        await line.tick(49, peer, other)
        line.clock.advance(0.02)
        end = await ended(line, stream)
        assert (end.kind, end.detail) == (MediaEndKind.STALLED, "no frame came for 10 s")
        await peer.lost
        assert peer.leftover() == HANGUP


async def test_a_pause_is_not_a_stall(line: Line) -> None:
    peer, stream = await line.call()
    await peer.sent(1)
    for _ in range(3):
        await line.tick(450, peer)
        peer.say()
        await anext(stream.frames)
    await line.tick(450, peer)
    assert not stream.closed.done()
    assert stream.playout.frames_sent == len(peer.frames()) == 1 + 4 * 450


async def test_a_caller_who_is_elsewhere_is_no_stall(line: Line) -> None:
    peer, stream = await line.call()
    await peer.sent(1)
    stream.pause()
    for _ in range(3):
        await line.tick(450, peer)
    stream.resume()
    await line.tick(450, peer)
    assert not stream.closed.done()
    await line.tick(49, peer)
    line.clock.advance(0.02)
    assert (await ended(line, stream)).kind is MediaEndKind.STALLED


async def test_a_peer_that_never_reads_is_given_up_without_a_backlog(line: Line) -> None:
    async with neighbour(line) as other:
        uuid = uuid4()
        admission = line.server.expect(uuid)
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(line.server.address)
        raw.sendall(encode(Kind.UUID, uuid.bytes))
        with raw:
            stream = await admission.stream(5)
            clip = stream.playout.play(bytes(320_000))
            while not stream.closed.done():
                raw.sendall(VOICE)
                await line.tick(1, other)
            end = await stream.closed
            assert end.kind is MediaEndKind.NOT_READING
            sent = stream.playout.frames_sent
            assert sent < 200, "the buffers between us hold less than four seconds"
            assert stream.playout.frames_late == NOT_READING_SLOTS
            assert (await clip.done, clip.sent) == (False, (sent - 1) * 160)
        await stream.close()


async def test_a_peer_that_reads_again_in_time_goes_on(line: Line) -> None:
    async with neighbour(line) as other:
        uuid = uuid4()
        admission = line.server.expect(uuid)
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(line.server.address)
        raw.settimeout(0)
        loop = asyncio.get_running_loop()
        received = b""
        with raw:
            await loop.sock_sendall(raw, encode(Kind.UUID, uuid.bytes))
            stream = await admission.stream(60)
            sound = b"".join((1 + n % 0x7FFF).to_bytes(2, "little") for n in range(160 * 1000))
            stream.playout.play(sound)
            for _ in range(3):
                late = stream.playout.frames_late
                while stream.playout.frames_late == late:
                    await line.tick(1, other)
                await line.tick(NOT_READING_SLOTS * 2 // 3, other)
                while len(received) < stream.playout.frames_sent * 323:
                    received += await loop.sock_recv(raw, 65536)
                await loop.sock_sendall(raw, VOICE)
            await line.tick(5, other)
            while len(received) < stream.playout.frames_sent * 323:
                received += await loop.sock_recv(raw, 65536)
            heard = b"".join(received[i + 3 : i + 323] for i in range(323, len(received), 323))
            assert heard == sound[: len(heard)]
            assert not stream.closed.done()
        await ended(line, stream)


async def test_nobody_reads_the_frames_and_the_socket_is_still_emptied(line: Line) -> None:
    peer, stream = await line.call()
    for n in range(1000):
        peer.say(n.to_bytes(2, "little") * 160)
    peer.transport.write_eof()
    assert (await stream.closed).kind is MediaEndKind.PEER_CLOSED
    assert (stream.frames.received, stream.frames.dropped) == (1000, 750)
    kept = [frame[:2] async for frame in stream.frames]
    assert kept == [n.to_bytes(2, "little") for n in range(750, 1000)]


async def test_many_calls_of_which_every_other_one_breaks(line: Line) -> None:
    calls = [await line.call() for _ in range(20)]
    await asyncio.gather(*(peer.sent(1) for peer, _ in calls))
    good, bad = calls[::2], calls[1::2]
    for n, (peer, _) in enumerate(bad):
        (peer.vanish, peer.transport.write_eof, lambda peer=peer: peer.send(b"\x99\0\0"))[n % 3]()
        await line.tick(1, *(peer for peer, _ in good))
    kinds = [(await stream.closed).kind for _, stream in bad]
    expected = [MediaEndKind.RESET, MediaEndKind.PEER_CLOSED, MediaEndKind.MALFORMED]
    assert kinds == (expected * 4)[:10]
    for peer, stream in good:
        assert stream.playout.frames_sent == len(peer.frames()) == 11
        assert stream.playout.frames_late == 0
    await asyncio.gather(*(stream.close() for _, stream in bad))
    assert line.server.streams == 10
