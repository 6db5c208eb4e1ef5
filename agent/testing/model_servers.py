"""Ears, mouth and mind that need no model: servers for a `serve` whose settings name them.

They outlive it, so that one which is killed and started again is there in a second. The real ones are in
`agent.workers`.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack

from aiohttp import web
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize

from agent.ops.site import Site
from agent.testing.tone import tone
from agent.workers.wyoming_server import Send, WyomingServer

SECONDS_PER_CHARACTER = 0.01
"""Spoken six times as fast as people speak: a call says much in little time."""
SHAPE = {"rate": 8000, "width": 2, "channels": 1}
MODEL = "no-model"


class ModelServers:
    """`async with ModelServers() as servers` has all three running inside the block, on free ports of loopback."""

    def __init__(self, *, heard: str = "What are your opening hours?", answer: str = "From eight to six.") -> None:
        """`heard`: what every utterance is taken for; `answer`: what the model says to everything."""
        self._answer = answer
        self._ears = WyomingServer("tcp://127.0.0.1:0", lambda: _Ears(heard))
        self._mouth = WyomingServer("tcp://127.0.0.1:0", _Mouth)
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self._mind = Site(app, key="llm.base_url", bind="127.0.0.1", port=0)
        self._stack = AsyncExitStack()
        self.settings: dict[str, dict[str, str]] = {}
        """Section → key → value that lead a server to them."""

    async def __aenter__(self) -> ModelServers:
        async with AsyncExitStack() as stack:
            stt = await self._ears.start()
            stack.push_async_callback(self._ears.close)
            tts = await self._mouth.start()
            stack.push_async_callback(self._mouth.close)
            await self._mind.start()
            stack.push_async_callback(self._mind.close)
            self._stack = stack.pop_all()
        base_url = f"http://127.0.0.1:{self._mind.port}/v1"
        self.settings = {"stt": {"uri": stt}, "tts": {"uri": tts}, "llm": {"base_url": base_url, "model": MODEL}}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        """OpenAI's chat completion, streamed: the answer in one piece."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta, reason in (({"role": "assistant", "content": self._answer}, None), ({}, "stop")):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": [choice]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


class _Ears:
    def __init__(self, heard: str) -> None:
        self._heard = heard

    async def handle(self, event: Event, send: Send) -> None:
        if AudioStop.is_type(event.type):
            await send(Transcript(text=self._heard).event())
        elif Ping.is_type(event.type):
            await send(Pong().event())


class _Mouth:
    async def handle(self, event: Event, send: Send) -> None:
        if Synthesize.is_type(event.type):
            sound = tone(400, SECONDS_PER_CHARACTER * len(Synthesize.from_event(event).text)).tobytes()
            await send(AudioStart(**SHAPE).event())
            await send(AudioChunk(audio=sound, **SHAPE).event())
            await send(AudioStop().event())
        elif Ping.is_type(event.type):
            await send(Pong().event())
