"""Mouth: a process that speaks with Piper, as a server of the Wyoming protocol.

Piper (`piper-tts`) is free software under the GPL-3.0-or-later. It is imported here and nowhere else: this file runs as
a program of its own, and the rest of phone-agent talks to it over a socket by a public protocol.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import onnxruntime
from piper import PiperVoice
from piper.config import PiperConfig
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.ping import Ping
from wyoming.tts import Synthesize

from agent.errors import ModelError, TextToSpeechError
from agent.workers.life import Life, live
from agent.workers.wyoming_server import Send, WyomingServer, pong

LONGEST_TEXT = 4000
"""Characters in one request; more would keep other calls waiting."""


class Voice:
    """A loaded voice. `say` computes: never call it on an event loop."""

    def __init__(self, model: Path, *, threads: int) -> None:
        """Load NAME.onnx and NAME.onnx.json with a session of `threads` threads; raises ModelError."""
        description = model.with_name(model.name + ".json")
        if not model.is_file() or not description.is_file():
            raise ModelError(f"{model} holds no Piper voice; run `phone-agent models pull`.", code="model_missing")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self.config = PiperConfig.from_dict(json.loads(description.read_text(encoding="utf-8")))
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no class
            raise ModelError(
                f"The voice {model} cannot be loaded ({type(error).__name__}); run `phone-agent models verify`.",
                code="model_corrupt",
            ) from error
        self.name = model.name.removesuffix(".onnx")
        self._piper = PiperVoice(session=session, config=self.config)

    @property
    def rate(self) -> int:
        """Samples per second, 22,050 for most voices."""
        return int(self.config.sample_rate)

    def say(self, text: str) -> Iterator[bytes]:
        """Signed 16-bit mono, sentence by sentence."""
        for chunk in self._piper.synthesize(text):
            yield chunk.audio_int16_bytes


class MouthSession:
    """One client."""

    def __init__(self, voices: dict[str, Voice], thread: ThreadPoolExecutor) -> None:
        self._voices = voices
        self._thread = thread

    async def handle(self, event: Event, send: Send) -> None:
        """Answer `describe`, and `synthesize` with sound: one chunk per sentence, as soon as there is one."""
        if Describe.is_type(event.type):
            await send(describe(self._voices))
        elif Ping.is_type(event.type):
            await pong(event, self._thread, send)
        elif Synthesize.is_type(event.type):
            await self._speak(Synthesize.from_event(event), send)

    async def _speak(self, request: Synthesize, send: Send) -> None:
        voice = self._choose(request.voice.name if request.voice else None)
        if len(request.text) > LONGEST_TEXT:
            raise TextToSpeechError(f"A text may have {LONGEST_TEXT} characters at most.")
        shape = {"rate": voice.rate, "width": 2, "channels": 1}
        loop = asyncio.get_running_loop()
        sentences = voice.say(request.text)
        await send(AudioStart(**shape).event())
        while (sound := await loop.run_in_executor(self._thread, next, sentences, None)) is not None:
            await send(AudioChunk(audio=sound, **shape).event())
        await send(AudioStop().event())

    def _choose(self, name: str | None) -> Voice:
        if name is None:
            return next(iter(self._voices.values()))
        if name not in self._voices:
            raise TextToSpeechError(f"The voice {name!r} is not loaded; there is {', '.join(self._voices)}.")
        return self._voices[name]


def describe(voices: dict[str, Voice]) -> Event:
    """What this mouth is, for any Wyoming client."""
    source = Attribution(name="Piper (GPL-3.0-or-later)", url="")
    known = [
        TtsVoice(
            name=name,
            attribution=source,
            installed=True,
            description=name,
            version=None,
            languages=[str(voice.config.espeak_voice)],
        )
        for name, voice in voices.items()
    ]
    program = TtsProgram(
        name="phone-agent-mouth",
        attribution=source,
        installed=True,
        description="Piper for the telephone",
        version=None,
        voices=known,
    )
    return Info(tts=[program]).event()


async def serve(life: Life, options: argparse.Namespace) -> None:
    """Load, warm up, listen, say so, and work until told to stop. Raises ModelError, ConfigurationError."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="mouth")
    voices: dict[str, Voice] = {}
    for path in options.voice:
        voice = await loop.run_in_executor(thread, lambda model: Voice(model, threads=options.threads), path)
        await loop.run_in_executor(thread, lambda warm: list(warm.say("One moment, please.")), voice)
        voices[voice.name] = voice
    server = WyomingServer(options.uri, lambda: MouthSession(voices, thread))
    life.ready(await server.start())
    await life.stopping.wait()
    await server.close()


def main() -> None:
    """Start the process: see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m agent.workers.mouth", description="Text to speech, Wyoming.")
    parser.add_argument("--uri", required=True, help="where to listen: unix:///PATH or tcp://HOST:PORT")
    parser.add_argument(
        "--voice", required=True, type=Path, action="append", help="NAME.onnx; the first is the default"
    )
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    live(lambda life: serve(life, options), nice=2)


if __name__ == "__main__":
    main()
