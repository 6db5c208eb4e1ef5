"""A live call's sound over a WebSocket."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from aiohttp import WSCloseCode, web

from agent.media.schedule import SAMPLE_RATE
from agent.media.stereo import BLOCK_SAMPLES, Interleaver
from agent.media.tap import Tap, TapReader

SUBPROTOCOL: Final = "phone-agent.audio"
HEARTBEAT_S: Final = 20.0
SEND_LIMIT_S: Final = 10.0
"""A listener who took nothing for so long has gone, or will not catch up."""
MAX_MESSAGE_BYTES: Final = 1024
"""Listeners have nothing to say."""
PIECES_AT_ONCE: Final = 10  # one block of both sides


class Over(StrEnum):
    """Why it ended."""

    CALL_ENDED = "call_ended"
    SERVER_SHUTDOWN = "server_shutdown"
    LISTENER_LEFT = "listener_left"
    TOO_SLOW = "too_slow"


_CLOSE_CODES: Final = {Over.CALL_ENDED: WSCloseCode.OK, Over.SERVER_SHUTDOWN: WSCloseCode.GOING_AWAY}


def audio_socket() -> web.WebSocketResponse:
    """To be prepared and given to `relay`. Not compressed: sound does not shrink, and to try costs the event loop."""
    return web.WebSocketResponse(
        protocols=(SUBPROTOCOL,), heartbeat=HEARTBEAT_S, compress=False, max_msg_size=MAX_MESSAGE_BYTES
    )


async def relay(socket: web.WebSocketResponse, call_id: str, tap: Tap, closing: asyncio.Event) -> Over:
    """Send what passes the tap until the call ends, the listener leaves or is too slow, or `closing` is set."""
    reader = tap.read()
    tasks = {
        asyncio.create_task(_send_all(socket, call_id, reader), name="listener-sends"): Over.CALL_ENDED,
        asyncio.create_task(_until_left(socket), name="listener-present"): Over.LISTENER_LEFT,
        asyncio.create_task(_until_set(closing), name="listener-closing"): Over.SERVER_SHUTDOWN,
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        over = next(_outcome(task, otherwise) for task, otherwise in tasks.items() if task in done)
    finally:
        tap.leave(reader)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await _say_goodbye(socket, over)
    return over


def _outcome(task: asyncio.Task[None], otherwise: Over) -> Over:
    match task.exception():
        case None:
            return otherwise
        case TimeoutError():
            return Over.TOO_SLOW
        case ConnectionError():
            return Over.LISTENER_LEFT
        case error:
            raise error


async def _send_all(socket: web.WebSocketResponse, call_id: str, reader: TapReader) -> None:
    both, expected = Interleaver(), None
    form = {
        "type": "format",
        "call_id": call_id,
        "encoding": "pcm_s16le",
        "sample_rate": SAMPLE_RATE,
        "channels": ["caller", "agent"],
        "samples_per_message": BLOCK_SAMPLES,
    }
    async with asyncio.timeout(SEND_LIMIT_S):
        await socket.send_json(form)
    while sounds := await reader.read(PIECES_AT_ONCE):
        for block in both.feed(sounds):
            async with asyncio.timeout(SEND_LIMIT_S):
                if expected is not None and block.at > expected:
                    milliseconds = (block.at - expected) * 1000 // SAMPLE_RATE
                    await socket.send_json({"type": "skipped", "milliseconds": milliseconds})
                await socket.send_bytes(block.pcm)
            expected = block.at + BLOCK_SAMPLES
    for block in both.flush():
        async with asyncio.timeout(SEND_LIMIT_S):
            await socket.send_bytes(block.pcm)


async def _until_left(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _until_set(closing: asyncio.Event) -> None:
    await closing.wait()


async def _say_goodbye(socket: web.WebSocketResponse, over: Over) -> None:
    code = _CLOSE_CODES.get(over)
    if code is None or socket.closed:
        return
    try:
        async with asyncio.timeout(SEND_LIMIT_S):
            await socket.send_json({"type": "end", "reason": over})
            await socket.close(code=code)
    except (TimeoutError, ConnectionError):
        return
