"""A listener who takes nothing costs nothing, and never holds up the call. In virtual time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiohttp import web

from agent.api.audio_socket import Over, relay
from agent.media.tap import Tap
from tests.unit.dialog.virtual_time import run

FRAME_S = 0.02
SPEECH = b"\x00\x20" * 160


class Socket:
    """A WebSocket whose other end reads when it is told to."""

    closed = False

    def __init__(self, *, reads: bool = True) -> None:
        self.sent: list[Any] = []
        self.close_code: int | None = None
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()

    async def send_json(self, document: Any) -> None:
        await self.reads.wait()
        self.sent.append(document)

    async def send_bytes(self, data: bytes) -> None:
        await self.reads.wait()
        self.sent.append(data)

    async def close(self, *, code: int) -> None:
        self.close_code = code

    def __aiter__(self) -> Socket:
        return self

    async def __anext__(self) -> None:
        await asyncio.get_running_loop().create_future()


def tapped() -> Tap:
    tap = Tap(asyncio.get_running_loop())
    tap.start()
    return tap


async def talk(tap: Tap, first: int, count: int) -> None:
    for slot in range(first, first + count):
        tap.played(SPEECH, slot)
        tap.heard(SPEECH)
        await asyncio.sleep(FRAME_S)


def test_who_takes_nothing_for_long_is_let_go() -> None:
    async def main() -> None:
        tap, socket = tapped(), Socket()
        relaying = asyncio.create_task(relay(cast(web.WebSocketResponse, socket), "call_1", tap, asyncio.Event()))
        await talk(tap, 0, 50)
        socket.reads.clear()
        await talk(tap, 50, 1000)
        assert await relaying is Over.TOO_SLOW
        assert socket.close_code is None
        assert not tap._readers

    run(main())


def test_who_was_too_slow_is_told_what_was_left_out() -> None:
    async def main() -> None:
        tap, socket = tapped(), Socket()
        relaying = asyncio.create_task(relay(cast(web.WebSocketResponse, socket), "call_1", tap, asyncio.Event()))
        await talk(tap, 0, 50)
        socket.reads.clear()
        await talk(tap, 50, 400)
        socket.reads.set()
        await talk(tap, 450, 50)
        tap.close()
        assert await relaying is Over.CALL_ENDED
        skipped = [message for message in socket.sent if isinstance(message, dict) and message["type"] == "skipped"]
        sound = [message for message in socket.sent if isinstance(message, bytes)]
        assert len(skipped) == 1
        heard_s = len(sound) * 0.1 + skipped[0]["milliseconds"] / 1000
        assert abs(heard_s - 500 * FRAME_S) < 0.2
        assert skipped[0]["milliseconds"] > 4000
        assert socket.sent[-1] == {"type": "end", "reason": "call_ended"}

    run(main())
