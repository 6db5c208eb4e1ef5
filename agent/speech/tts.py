"""Text to speech: the interface, and the client for any server of the Wyoming protocol."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Protocol

from wyoming.audio import AudioChunk, AudioStop
from wyoming.error import Error
from wyoming.tts import Synthesize, SynthesizeVoice

from agent.errors import TextToSpeechError
from agent.speech.gate import Gate
from agent.speech.resampling import TELEPHONE_HZ, resample, to_mono_16_bit
from agent.speech.urgency import Escalation, Urgency
from agent.speech.wyoming import Connection, check_uri, connect

LONGEST_S = 120
"""A sentence that lasts longer is a fault of the server, and must not fill our memory."""


class TextToSpeech(Protocol):
    """Turns one sentence or clause into sound."""

    async def synthesize(self, text: str, *, voice: str, urgency: Urgency | Escalation = Urgency.CALLER_WAITS) -> bytes:
        """The whole sentence as 8 kHz signed 16-bit little-endian mono; empty `voice`: the server's own.

        Raises TextToSpeechError (`tts_error`, `tts_timeout`). Cancelling ends the work.
        """
        ...


class WyomingTextToSpeech:
    """Mouth behind a URI. Safe for many calls at once; each request has a connection of its own."""

    def __init__(self, uri: str, deadline_s: float, default_voice: str = "", gate: Gate | None = None) -> None:
        """`gate`: where requests wait for their turn; None: all are sent at once."""
        self._uri = check_uri(uri)
        self._deadline_s = deadline_s
        self._default_voice = default_voice
        self._gate = gate

    async def synthesize(self, text: str, *, voice: str, urgency: Urgency | Escalation = Urgency.CALLER_WAITS) -> bytes:
        """As `TextToSpeech.synthesize`; the deadline counts from here, waiting for other calls included.

        Text in which nothing can be spoken gives no sound, which is no error.
        """
        if not any(character.isalnum() for character in text):
            return b""
        name = voice or self._default_voice
        request = Synthesize(text=text, voice=SynthesizeVoice(name=name) if name else None)
        passage = self._gate.passage(urgency) if self._gate else nullcontext()
        try:
            async with asyncio.timeout(self._deadline_s), passage, connect(self._uri) as server:
                await server.send([request.event()])
                rate, sound = await _collect(server)
        except TimeoutError as error:
            raise TextToSpeechError(
                f"Text to speech at {self._uri} was not done within {self._deadline_s:g} s.", code="tts_timeout"
            ) from error
        except OSError as error:
            raise TextToSpeechError(f"Text to speech at {self._uri} cannot be reached: {error}.") from error
        return resample(sound, rate, TELEPHONE_HZ)


async def _collect(server: Connection) -> tuple[int, bytes]:
    """The sampling rate in hertz and the sound, signed 16-bit mono, from the first chunk to the server's stop."""
    rate, sound = TELEPHONE_HZ, bytearray()
    async for event in server.events():
        if AudioStop.is_type(event.type):
            return rate, bytes(sound)
        if Error.is_type(event.type):
            raise TextToSpeechError(f"Text to speech failed: {event.data.get('text', 'no reason given')}.")
        if not AudioChunk.is_type(event.type):
            continue
        try:
            chunk = AudioChunk.from_event(event)
            sound += to_mono_16_bit(chunk.audio, width=chunk.width, channels=chunk.channels)
        except (ValueError, KeyError, AssertionError) as error:
            raise TextToSpeechError(f"Text to speech sent sound that cannot be read: {error}.") from error
        rate = chunk.rate
        if len(sound) > LONGEST_S * rate * 2:
            raise TextToSpeechError(f"Text to speech sent more than {LONGEST_S} s of sound for one sentence.")
    raise TextToSpeechError("Text to speech closed the connection in mid-sentence.")
