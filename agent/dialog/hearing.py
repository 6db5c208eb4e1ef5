"""The ears as one call uses them: in its language, with the names that its agent knows."""

from __future__ import annotations

from agent.domain.agent import Agent
from agent.speech.language import CallLanguage
from agent.speech.stt import SpeechToText, Transcript
from agent.speech.terms import terms_of
from agent.speech.urgency import Escalation, Urgency


class Hearing:
    """Transcribes what one caller says."""

    def __init__(self, ears: SpeechToText, agent: Agent) -> None:
        self._ears = ears
        self._terms = terms_of((agent.greeting, *agent.facts))
        self._language = CallLanguage(agent.language)

    @property
    def language(self) -> str:
        """ISO 639-1; "auto" until it is known, where the agent has it detected."""
        return self._language.language

    async def transcribe(self, pcm: bytes, *, urgency: Urgency | Escalation = Urgency.CALLER_WAITS) -> Transcript:
        """See SpeechToText."""
        return await self._ears.transcribe(pcm, language=self.language, terms=self._terms, urgency=urgency)

    def understood(self, transcript: Transcript, speech_ms: int) -> None:
        """These were the words of a turn that is over, with so much speech in it."""
        self._language.understood(transcript, speech_ms)
