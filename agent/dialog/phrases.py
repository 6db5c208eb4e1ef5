"""The agent's voice: written sentences as sound, fit to be played in a row.

Sentences that are known beforehand are synthesised once, so that they sound at once and even without a mouth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from agent.dialog.script.fixed_sentences import fixed_sentences
from agent.domain.agent import Agent
from agent.errors import TextToSpeechError
from agent.speech.joints import pause_ms, polish
from agent.speech.sentences import SentenceSplitter
from agent.speech.spoken import spoken
from agent.speech.tts import TextToSpeech
from agent.speech.urgency import Escalation, Urgency

log = structlog.get_logger()
MOST_KEPT_ONCE = 64
"""Greetings of single calls that are kept at once, 100 kB each; those of callers who have gone meanwhile go first."""
REST_S = 1.0  # a mouth that is being restarted is back after one to three seconds


class PhraseBook:
    """Says what is written; keeps the greeting and the phrases of every agent in memory (16 kB per second of sound)."""

    def __init__(self, mouth: TextToSpeech) -> None:
        self._mouth = mouth
        self._sounds: dict[tuple[str, str], bytes] = {}
        self._once: dict[tuple[str, str], bytes] = {}

    async def prepare(self, agents: Iterable[Agent]) -> None:
        """Synthesise all fixed sentences; waits as long as the mouth is away, which is said once."""
        said = False
        for agent in agents:
            for text in filter(None, _sentences(agent)):
                while (agent.voice, text) not in self._sounds:
                    try:
                        self._sounds[agent.voice, text] = await self._by_sentence(
                            text, agent.voice, agent.language, Urgency.BACKGROUND
                        )
                    except TextToSpeechError as error:
                        if not said:
                            log.warning("phrases.waiting_for_mouth", code=error.code, error=str(error))
                        said = True
                        await asyncio.sleep(REST_S)

    async def prepare_once(self, text: str, *, voice: str, language: str) -> None:
        """Synthesise what one call will want soon, and keep it until it is wanted. Raises TextToSpeechError."""
        if (voice, text) not in self._sounds:
            self._once[voice, text] = await self._by_sentence(text, voice, language, Urgency.CALLER_WAITS)
            while len(self._once) > MOST_KEPT_ONCE:
                del self._once[next(iter(self._once))]

    async def _by_sentence(self, text: str, voice: str, language: str, urgency: Urgency) -> bytes:
        """A long greeting in one piece would take the mouth longer than its deadline."""
        splitter = SentenceSplitter(first_clause_chars=0, language=language)
        said = [
            await self.synthesize(part, voice=voice, language=language, urgency=urgency)
            for part in [*splitter.feed(text), *splitter.flush()]
        ]
        return b"".join(said)

    def get(self, text: str, *, voice: str) -> bytes | None:
        """The sound of a prepared sentence."""
        return self._sounds.get((voice, text))

    async def synthesize(
        self, text: str, *, voice: str, language: str = "en", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> bytes:
        """`text` as a person of that language would say it, 8 kHz signed 16-bit little-endian mono.

        At the level of all other pieces, with the pause after it that belongs there. Prepared sentences are there at
        once. Raises TextToSpeechError. Cancelling ends the work.
        """
        known = self.get(text, voice=voice) or self._once.pop((voice, text), None)
        if known is not None:
            return known
        sound = await self._mouth.synthesize(spoken(text, language), voice=voice, urgency=urgency)
        return polish(sound, trailing_ms=pause_ms(text))


def _sentences(agent: Agent) -> tuple[str, ...]:
    said_by_tools = (tool.say for tool in agent.tools)
    phrases = agent.phrases.model_dump().values()
    control, message = agent.call_control.sentences, agent.voicemail.message
    of_script = () if agent.script is None else fixed_sentences(agent.script)
    fixed = (*agent.recording.sentences, *said_by_tools, *control, *phrases, *of_script)
    return (agent.greeting, agent.notice, message, *fixed)
