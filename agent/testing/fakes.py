"""Stand-ins for ears, mind and mouth, for tests that need no model. The real ones stand beside them in `agent`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Generic, TypeVar

from agent.dialog.history import Message
from agent.dialog.tool_request import ToolRequest
from agent.errors import LanguageModelError, PhoneAgentError, SpeechToTextError, TextToSpeechError
from agent.speech.stt import Transcript
from agent.speech.urgency import Escalation, Urgency, urgency_of

T = TypeVar("T")
SAMPLES_PER_CHARACTER = 480  # 60 ms: about 17 characters a second, as people speak


class _Script(Generic[T]):
    """What to return or raise, call by call; the last entry serves all further calls."""

    def __init__(self, entries: Iterable[T | PhoneAgentError], *, otherwise: T) -> None:
        self._entries = list(entries) or [otherwise]

    def next(self) -> T:
        entry = self._entries.pop(0) if len(self._entries) > 1 else self._entries[0]
        if isinstance(entry, PhoneAgentError):
            raise entry
        return entry


class FakeEars:
    """Understands one text after the other, whatever the sound. A SpeechToTextError in the list is raised."""

    def __init__(self, texts: Iterable[str | SpeechToTextError], *, delay_s: float = 0.1) -> None:
        self._script = _Script[str](texts, otherwise="")
        self._delay_s = delay_s
        self.heard: list[bytes] = []
        """The sound of each call of `transcribe`."""
        self.urgencies: list[Urgency] = []
        """How urgent each was when it came."""

    async def transcribe(
        self,
        pcm: bytes,
        *,
        language: str,
        terms: Sequence[str] = (),
        urgency: Urgency | Escalation = Urgency.CALLER_WAITS,
    ) -> Transcript:
        """See SpeechToText."""
        del language, terms
        self.heard.append(pcm)
        self.urgencies.append(urgency_of(urgency))
        await asyncio.sleep(self._delay_s)
        return Transcript(self._script.next(), self._delay_s)


class FakeMind:
    """Answers one text after the other, word by word. A LanguageModelError in the list is raised.

    A list stands for an answer of words and requests for tools.
    """

    def __init__(
        self, answers: Iterable[str | list[str | ToolRequest] | LanguageModelError], *, delay_s: float = 0.1
    ) -> None:
        self._script = _Script[str | list[str | ToolRequest]](answers, otherwise="")
        self._delay_s = delay_s
        self.asked: list[list[Message]] = []
        """The messages of each call of `stream`."""
        self.prefilled: list[list[Message]] = []

    async def prefill(self, messages: Sequence[Message], *, call: str = "") -> None:
        """See LanguageModel."""
        del call
        self.prefilled.append(list(messages))

    async def stream(
        self, messages: Sequence[Message], *, call: str = "", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> AsyncIterator[str | ToolRequest]:
        """See LanguageModel."""
        del call, urgency
        self.asked.append(list(messages))
        await asyncio.sleep(self._delay_s)
        answer = self._script.next()
        for part in [answer] if isinstance(answer, str) else answer:
            if isinstance(part, ToolRequest):
                yield part
                continue
            for word in part.split(" "):
                yield f"{word} "


class FakeMouth:
    """Makes a steady tone of SAMPLES_PER_CHARACTER for each character. Errors of `failures` are raised first."""

    def __init__(self, failures: Iterable[TextToSpeechError] = (), *, delay_s: float = 0.05) -> None:
        self.failures = list(failures)
        self._delay_s = delay_s
        self.said: list[str] = []
        """The text of each call of `synthesize`."""
        self.urgencies: list[Urgency] = []
        """How urgent each was when it came."""

    async def synthesize(self, text: str, *, voice: str, urgency: Urgency | Escalation = Urgency.CALLER_WAITS) -> bytes:
        """See TextToSpeech."""
        del voice
        self.said.append(text)
        self.urgencies.append(urgency_of(urgency))
        await asyncio.sleep(self._delay_s)
        if self.failures:
            raise self.failures.pop(0)
        return b"\x00\x10" * (SAMPLES_PER_CHARACTER * len(text))
