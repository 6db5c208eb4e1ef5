"""A well-behaved Asterisk and the server, over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from uuid import uuid4

import pytest

from agent.errors import ConfigurationError, MediaError
from agent.media.audiosocket import HANGUP, Kind, encode
from agent.media.clock import ManualClock
from agent.media.ending import MediaEndKind
from agent.media.playout import FADE_SAMPLES
from agent.media.server import AudioSocketServer
from tests.integration.media.conftest import Line

SILENCE = bytes(320)


def pattern(first: int, samples: int) -> bytes:
    """Samples that count up, so that none can be lost, doubled or moved unseen."""
    return b"".join((first + n).to_bytes(2, "little") for n in range(samples))


async def test_silence_is_sent_from_accept_before_any_uuid_comes(line: Line) -> None:
    peer = await line.connect()
    assert await peer.sent(1) == [SILENCE]
    await line.tick(25, peer)
    assert peer.frames() == [SILENCE] * 26


async def test_one_frame_per_slot_whatever_is_played(line: Line) -> None:
    peer, stream = await line.call()
    await peer.sent(1)
    await line.tick(2, peer)
    clip = stream.playout.play(pattern(1, 400))
    await line.tick(5, peer)
    assert peer.frames()[:3] == [SILENCE] * 3
    sound = pattern(1, 400) + bytes(160)
    assert peer.frames()[3:6] == [sound[0:320], sound[320:640], sound[640:960]]
    assert peer.frames()[6:] == [SILENCE] * 2
    assert await clip.done is True
    assert clip.sent == 400
    assert await clip.started == pytest.approx(line.clock.time() - 4 * 0.02)
    assert stream.playout.frames_sent == len(peer.frames()) == 8
    assert stream.playout.frames_late == 0


async def test_stop_cuts_a_clip_at_exactly_what_was_sent(line: Line) -> None:
    peer, stream = await line.call()
    await peer.sent(1)
    playing, waiting = stream.playout.play(pattern(1, 1600)), stream.playout.play(pattern(1, 1600))
    await line.tick(3, peer)
    stream.playout.stop()
    await line.tick(2, peer)
    assert (await playing.done, playing.sent) == (False, 480)
    assert (await waiting.done, waiting.sent, await waiting.started) == (False, 0, None)
    *sent, faded, silence = peer.frames()[1:]
    assert b"".join(sent) == pattern(1, 480)
    assert faded[2 * FADE_SAMPLES :] == bytes(320 - 2 * FADE_SAMPLES)
    assert silence == SILENCE


async def test_the_callers_frames_are_read_in_order_and_end_with_the_stream(line: Line) -> None:
    peer, stream = await line.call()
    sent = [pattern(n, 160) for n in range(20)]
    peer.send(b"".join(encode(Kind.SLIN_8K, pcm) for pcm in sent))
    peer.send(encode(Kind.DTMF, b"5"))
    peer.transport.write_eof()
    assert [frame async for frame in stream.frames] == sent
    assert (await stream.closed).kind is MediaEndKind.PEER_CLOSED


async def test_close_sends_a_hangup_frame_and_then_closes(line: Line) -> None:
    peer, stream = await line.call()
    await peer.sent(1)
    await stream.close()
    await stream.close()
    assert (await peer.lost, peer.leftover()) == (None, HANGUP)
    assert (await stream.closed).kind is MediaEndKind.LOCAL
    late = stream.playout.play(pattern(1, 10))
    assert (await late.done, late.sent) == (False, 0)


async def test_close_does_not_wait_for_ever_for_a_peer_that_keeps_the_connection(line: Line) -> None:
    peer, stream = await line.call()
    await peer.sent(1)
    peer.transport.pause_reading()
    closing = asyncio.create_task(stream.close())
    assert (await stream.closed).kind is MediaEndKind.LOCAL
    assert not closing.done()
    line.clock.advance(0.5)
    await closing


async def test_closing_the_server_ends_streams_strangers_and_claims() -> None:
    server = AudioSocketServer("127.0.0.1", 0)
    await server.start()
    line = Line(server, ManualClock())
    peer, stream = await line.call()
    stranger = await line.connect()
    waiting = asyncio.create_task(server.expect(uuid4()).stream(60))
    await asyncio.gather(peer.sent(1), stranger.sent(1))
    await server.close()
    assert (await stream.closed).kind is MediaEndKind.LOCAL
    with pytest.raises(MediaError, match="shutting down"):
        await waiting
    await asyncio.gather(peer.lost, stranger.lost)
    with pytest.raises(MediaError, match="shutting down"):
        await server.expect(uuid4()).stream(60)


@pytest.mark.parametrize("turns", range(6))
async def test_closing_the_server_while_somebody_connects_leaves_nothing_open(turns: int) -> None:
    """However far asyncio has come with the connection: it is closed by the time the server is."""
    server = AudioSocketServer("127.0.0.1", 0)
    await server.start()
    with socket.create_connection(server.address) as raw:
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.close()
        raw.settimeout(0)
        with contextlib.suppress(ConnectionError):
            while raw.recv(1000):
                pass


async def test_a_port_that_is_taken_is_a_configuration_error(line: Line) -> None:
    with pytest.raises(ConfigurationError, match=r"media\.port"):
        await AudioSocketServer("127.0.0.1", line.server.address[1]).start()


async def test_the_server_counts_the_frames_of_all_streams_also_of_those_that_ended(line: Line) -> None:
    first, first_stream = await line.call()
    second, second_stream = await line.call()
    await line.tick(3, first, second)
    await first_stream.close()
    await line.tick(2, second)
    assert line.server.streams == 1
    sent = first_stream.playout.frames_sent + second_stream.playout.frames_sent
    assert line.server.frames_sent == sent >= 10
    assert line.server.frames_late == 0
    second_stream.playout.statistics.late = 3
    assert line.server.frames_late == 3
    await second_stream.close()
    assert (line.server.frames_sent, line.server.frames_late) == (sent, 3)
