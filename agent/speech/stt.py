"""Speech to text: the interface, and the client for any server of the Wyoming protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol

from wyoming.asr import Transcribe
from wyoming.asr import Transcript as TranscriptEvent
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event

from agent.errors import SpeechToTextError
from agent.speech.gate import Gate
from agent.speech.resampling import TELEPHONE_HZ, resample
from agent.speech.urgency import Escalation, Urgency
from agent.speech.wyoming import CHUNK_BYTES, check_uri, connect

WHISPER_HZ = 16_000
"""What recognisers are trained on. We resample ourselves, once and well: servers do it linearly, piece by piece."""

DETECT = "auto"
"""In place of a language: the recogniser shall find out."""
FINALITY = "finality"
"""Our addition to the data of Wyoming's `transcript`, a probability; other servers do not send it."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood."""

    text: str
    """Empty where no words were heard."""
    seconds: float
    """Time the transcription took, as the caller of `transcribe` saw it."""
    finality: float | None = None
    """Probability, 0 to 1, that a sentence ends where the sound ends; None: the recogniser does not say."""
    language: str = ""
    """ISO 639-1 of the language that was heard or asked for; empty: the recogniser does not say."""


class SpeechToText(Protocol):
    """Turns one utterance into text."""

    async def transcribe(
        self,
        pcm: bytes,
        *,
        language: str,
        terms: Sequence[str] = (),
        urgency: Urgency | Escalation = Urgency.CALLER_WAITS,
    ) -> Transcript:
        """Transcribe 8 kHz signed 16-bit little-endian mono; `language` is ISO 639-1 or DETECT.

        `terms` are names and words that are likely to be said, such as those of `agent.speech.terms`.

        Raises SpeechToTextError (`stt_error`, `stt_timeout`). Cancelling ends the work.
        """
        ...


class WyomingSpeechToText:
    """Ears behind a URI. Safe for many calls at once; each request has a connection of its own."""

    def __init__(self, uri: str, deadline_s: float, gate: Gate | None = None) -> None:
        """`gate`: where requests wait for their turn; None: all are sent at once."""
        self._uri = check_uri(uri)
        self._deadline_s = deadline_s
        self._gate = gate

    async def transcribe(
        self,
        pcm: bytes,
        *,
        language: str,
        terms: Sequence[str] = (),
        urgency: Urgency | Escalation = Urgency.CALLER_WAITS,
    ) -> Transcript:
        """As `SpeechToText.transcribe`; the deadline counts from here, waiting for other calls included."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        request = list(_request(pcm, language, terms))
        passage = self._gate.passage(urgency) if self._gate else nullcontext()
        try:
            async with asyncio.timeout(self._deadline_s), passage, connect(self._uri) as server:
                await server.send(request)
                async for event in server.events():
                    if TranscriptEvent.is_type(event.type):
                        text = str(event.data.get("text", "")).strip()
                        known = str(event.data.get("language") or "")
                        return Transcript(text, loop.time() - started, _finality(event), known)
                    if Error.is_type(event.type):
                        raise SpeechToTextError(f"Speech to text failed: {event.data.get('text', 'no reason given')}.")
        except TimeoutError as error:
            raise SpeechToTextError(
                f"Speech to text at {self._uri} gave no answer within {self._deadline_s:g} s.", code="stt_timeout"
            ) from error
        except OSError as error:
            raise SpeechToTextError(f"Speech to text at {self._uri} cannot be reached: {error}.") from error
        raise SpeechToTextError(f"Speech to text at {self._uri} closed the connection without an answer.")


def _request(pcm: bytes, language: str, terms: Sequence[str]) -> Iterator[Event]:
    sound = resample(pcm, TELEPHONE_HZ, WHISPER_HZ)
    shape = {"rate": WHISPER_HZ, "width": 2, "channels": 1}
    language_known = None if language == DETECT else language
    yield Transcribe(language=language_known, transcript_terms=list(terms) or None).event()
    yield AudioStart(**shape).event()
    for start in range(0, len(sound), CHUNK_BYTES):
        yield AudioChunk(audio=sound[start : start + CHUNK_BYTES], **shape).event()
    yield AudioStop().event()


def _finality(event: Event) -> float | None:
    value = event.data.get(FINALITY)
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None
