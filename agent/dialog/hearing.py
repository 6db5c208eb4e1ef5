"""The ears as one call uses them: in its language, with the names that its agent knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.domain.agent import Agent
from agent.speech.language import CallLanguage
from agent.speech.stt import SpeechToText, Transcript
from agent.speech.terms import MOST_TERMS, terms_of
from agent.speech.urgency import Escalation, Urgency


class Hearing:
    """Transcribes what one caller says."""

    def __init__(self, ears: SpeechToText, agent: Agent, *, expected: Callable[[], Sequence[str]] = tuple) -> None:
        """`expected` are words that the answer to what was asked just now may hold."""
        self._ears = ears
        self._expected = expected
        self._terms = terms_of((agent.greeting, *agent.facts))
        self._language = CallLanguage(agent.language)

    @property
    def language(self) -> str:
        """ISO 639-1; "auto" until it is known, where the agent has it detected."""
        return self._language.language

    async def transcribe(self, pcm: bytes, *, urgency: Urgency | Escalation = Urgency.CALLER_WAITS) -> Transcript:
        """See SpeechToText."""
        terms = tuple(dict.fromkeys((*self._expected(), *self._terms)))[:MOST_TERMS]
        return await self._ears.transcribe(pcm, language=self.language, terms=terms, urgency=urgency)

    def understood(self, transcript: Transcript, speech_ms: int) -> None:
        """These were the words of a turn that is over, with so much speech in it."""
        self._language.understood(transcript, speech_ms)
