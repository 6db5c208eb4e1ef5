"""Ears, mouth and mind of others, as servers that do what a test tells them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import Synthesize

from agent.doctor.speech import ENGLISH
from agent.testing.tone import tone
from agent.workers.wyoming_server import Send, WyomingServer

VOICE_HZ = 600.0


@dataclass
class Parts:
    """How they behave, and what they were given."""

    understands: str = ENGLISH
    speaks: bytes = field(default_factory=lambda: tone(VOICE_HZ, 1.0).tobytes())
    answers: str = "Yes, I can."
    heard: bytearray = field(default_factory=bytearray)
    """What the ears were given, 16 kHz."""
    said: list[str] = field(default_factory=list)
    """What the mouth was given."""
    stt_uri: str = ""
    tts_uri: str = ""
    llm_url: str = ""


class _Ears:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def handle(self, event: Event, send: Send) -> None:
        if AudioChunk.is_type(event.type):
            self._parts.heard += AudioChunk.from_event(event).audio
        elif AudioStop.is_type(event.type):
            await send(Transcript(text=self._parts.understands).event())


class _Mouth:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def handle(self, event: Event, send: Send) -> None:
        if not Synthesize.is_type(event.type):
            return
        self._parts.said.append(Synthesize.from_event(event).text)
        await send(AudioStart(rate=8000, width=2, channels=1).event())
        await send(AudioChunk(audio=self._parts.speaks, rate=8000, width=2, channels=1).event())
        await send(AudioStop().event())


@asynccontextmanager
async def parts_of_others() -> AsyncIterator[Parts]:
    """All three, on free ports of loopback."""
    parts = Parts()
    ears = WyomingServer("tcp://127.0.0.1:0", lambda: _Ears(parts))
    mouth = WyomingServer("tcp://127.0.0.1:0", lambda: _Mouth(parts))

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta in ({"role": "assistant"}, *([{"content": parts.answers}] if parts.answers else [])):
            choices = [{"index": 0, "delta": delta, "finish_reason": None}]
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    mind = web.AppRunner(app, access_log=None)
    await mind.setup()
    site = web.TCPSite(mind, "127.0.0.1", 0)
    await site.start()
    parts.stt_uri, parts.tts_uri = await ears.start(), await mouth.start()
    parts.llm_url = f"http://127.0.0.1:{mind.addresses[0][1]}/v1"
    try:
        yield parts
    finally:
        await ears.close()
        await mouth.close()
        await mind.cleanup()
