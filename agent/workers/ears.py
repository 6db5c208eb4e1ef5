"""Ears: a process that turns speech into text with faster-whisper, as a server of the Wyoming protocol.

One thread computes, all its cores on one utterance: that is how a single answer comes soonest. Requests wait in the
order in which their last sound arrived; one that is no longer wanted, because its client has gone, is not computed.
"""

from __future__ import annotations

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.ping import Ping

from agent.errors import SpeechToTextError
from agent.speech.resampling import resample, to_mono_16_bit
from agent.speech.stt import FINALITY
from agent.workers.life import Life, live
from agent.workers.whisper import SAMPLE_HZ, Understood, Whisper
from agent.workers.wyoming_server import Send, WyomingServer, pong

LONGEST_S = 120
"""Sound of one utterance; a client that never stops must not fill the memory."""


class EarsSession:
    """One client: collects the sound of an utterance and answers with its text."""

    def __init__(self, whisper: Whisper, thread: ThreadPoolExecutor, info: Event) -> None:
        self._whisper = whisper
        self._thread = thread
        self._info = info
        self._language: str | None = None
        self._terms: tuple[str, ...] = ()
        self._rate = SAMPLE_HZ
        self._sound = bytearray()

    async def handle(self, event: Event, send: Send) -> None:
        """Answer `describe`; gather `transcribe` and sound; answer `audio-stop` with `transcript`."""
        if Describe.is_type(event.type):
            await send(self._info)
        elif Ping.is_type(event.type):
            await pong(event, self._thread, send)
        elif Transcribe.is_type(event.type):
            request = Transcribe.from_event(event)
            self._language = request.language
            self._terms = tuple(request.transcript_names or ()) + tuple(request.transcript_terms or ())
        elif AudioStart.is_type(event.type):
            self._sound.clear()
        elif AudioChunk.is_type(event.type):
            self._gather(AudioChunk.from_event(event))
        elif AudioStop.is_type(event.type):
            understood = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._hear, bytes(self._sound), self._rate, self._language, self._terms
            )
            self._sound.clear()
            transcript = Transcript(text=understood.text, language=understood.language).event()
            transcript.data[FINALITY] = understood.finality
            await send(transcript)

    def _gather(self, chunk: AudioChunk) -> None:
        self._rate = chunk.rate
        try:
            self._sound += to_mono_16_bit(chunk.audio, width=chunk.width, channels=chunk.channels)
        except ValueError as error:
            raise SpeechToTextError(f"This sound cannot be read: {error}.") from error
        if len(self._sound) > LONGEST_S * self._rate * 2:
            self._sound.clear()
            raise SpeechToTextError(f"An utterance may last {LONGEST_S} s at most.")

    def _hear(self, sound: bytes, rate: int, language: str | None, terms: tuple[str, ...]) -> Understood:
        samples = np.frombuffer(resample(sound, rate, SAMPLE_HZ), dtype="<i2").astype(np.float32) / np.float32(32768)
        return self._whisper.transcribe(samples, language, terms)


def describe(name: str, languages: tuple[str, ...]) -> Event:
    """What these ears are, for any Wyoming client."""
    source = Attribution(name="Systran, OpenAI", url="")
    model = AsrModel(
        name=name, attribution=source, installed=True, description=name, version=None, languages=list(languages)
    )
    program = AsrProgram(
        name="phone-agent-ears",
        attribution=source,
        installed=True,
        description="faster-whisper for telephone speech",
        version=None,
        models=[model],
    )
    return Info(asr=[program]).event()


async def serve(life: Life, options: argparse.Namespace) -> None:
    """Load, warm up, listen, say so, and work until told to stop. Raises ModelError, ConfigurationError."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="ears")
    whisper = await loop.run_in_executor(thread, lambda: Whisper(options.model, threads=options.threads))
    await loop.run_in_executor(thread, whisper.warm_up)
    info = describe(options.name or options.model.name, whisper.languages)
    server = WyomingServer(options.uri, lambda: EarsSession(whisper, thread, info))
    life.ready(await server.start())
    await life.stopping.wait()
    await server.close()


def main() -> None:
    """Start the process: see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m agent.workers.ears", description="Speech to text, Wyoming.")
    parser.add_argument("--uri", required=True, help="where to listen: unix:///PATH or tcp://HOST:PORT")
    parser.add_argument("--model", required=True, type=Path, help="folder of CTranslate2 Whisper files")
    parser.add_argument("--name", default="", help="name of the model in the description")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    live(lambda life: serve(life, options), nice=2)


if __name__ == "__main__":
    main()
