"""What the agent does in one turn of its own: understand the caller, answer, or say a fixed sentence.

At most one Work of a call is under way. Each of its coroutines returns why the call ends with it, or None.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from agent.dialog.agent_turn import AgentTurn
from agent.dialog.answer import Answer, Speaking
from agent.dialog.farewell import is_farewell
from agent.dialog.journal import Journal
from agent.dialog.listener import Utterance, VoiceDetection
from agent.dialog.mind import LanguageModel
from agent.dialog.patience import with_patience
from agent.dialog.phrases import PhraseBook
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.events import EventSink
from agent.domain.turns import Timings
from agent.errors import LanguageModelError, PhoneAgentError, SpeechToTextError, TextToSpeechError
from agent.media.playout import Playout
from agent.settings import Settings
from agent.speech.stt import SpeechToText, Transcript

log = structlog.get_logger()

LONG_SPEECH_MS = 700  # so much speech without a word understood deserves a question; less was a noise


@dataclass(frozen=True, slots=True)
class Parts:
    """What all conversations share."""

    settings: Settings
    ears: SpeechToText
    mind: LanguageModel
    mouth: PhraseBook
    detector: Callable[[], VoiceDetection]
    sink: EventSink


class Work:
    """One turn of the agent in the making."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        journal: Journal,
        playout: Playout,
        *,
        caller_quiet: asyncio.Event,
        prompt_read: asyncio.Task[None],
    ) -> None:
        """`caller_quiet` is set while the caller does not speak; `prompt_read` is the model's reading ahead."""
        self._parts = parts
        self._agent = agent
        self._journal = journal
        self._caller_quiet = caller_quiet
        self._prompt_read = prompt_read
        self._turn = AgentTurn(playout, began=journal.agent_began)
        self._timings = Timings()
        self._answer: Answer | None = None
        self._apologised = False
        self._closed = False
        self.uncommitted: Utterance | None = None
        """The caller's turn that is not understood yet, and so would be lost with this work."""
        self.understood = False
        """The caller said words."""
        self.final = False
        """These are the last words of the call: nothing interrupts them."""

    def close(self) -> None:
        """Fall silent if still talking, and record what was heard. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._turn.stop()
        marks = self._answer.marks if self._answer else None
        clock = self._journal.clock
        self._journal.agent_turn(
            self._turn,
            replace(
                self._timings,
                first_token=clock(marks.first_token) if marks and marks.first_token else None,
                first_clause=clock(marks.first_clause) if marks and marks.first_clause else None,
                first_sound_queued=clock(marks.first_sound_queued) if marks and marks.first_sound_queued else None,
                first_sound_played=clock(self._turn.started_at) if self._turn.started_at else None,
            ),
        )

    async def say(self, text: str) -> None:
        """Say a fixed sentence and wait until it was played. Raises TextToSpeechError."""
        mouth = self._parts.mouth
        pcm = await with_patience(
            lambda: mouth.synthesize(text, voice=self._agent.voice),
            deadline_s=self._parts.settings.tts.deadline_s,
            apologise=self._apologise,
        )
        self._turn.say(text, pcm)
        await self._turn.finished()

    async def say_phrase(self, text: str) -> EndedReason | None:
        """Say a fixed sentence; a mouth that stays away ends the call."""
        try:
            await self.say(text)
        except TextToSpeechError as error:
            return await self._give_up(error, EndedReason.TTS_ERROR)
        return None

    async def say_and_end(self, text: str, reason: EndedReason) -> EndedReason:
        """Say a last sentence, to its end, and end the call; a mouth that fails ends it in silence."""
        self.final = True
        with contextlib.suppress(TextToSpeechError):
            await self.say(text)
        return reason

    async def respond(
        self, utterance: Utterance, *, cut_agent_short: bool, begun: asyncio.Task[Transcript] | None = None
    ) -> EndedReason | None:
        """Understand one turn of the caller and answer it, to the last sound of the answer.

        `begun`: its transcription, where that was begun before the turn was over.
        """
        phrases = self._agent.phrases
        self._timings = Timings(speech_ended=utterance.ended_s, turn_ended=self._journal.clock())
        try:
            text = await self._understand(utterance, begun)
            if not text:
                if cut_agent_short or utterance.speech_ms >= LONG_SPEECH_MS:
                    await self.say(phrases.did_not_understand)
                return None
            self.understood = True
            self._journal.caller_turn(utterance, text)
            if is_farewell(text, self._agent.farewells):
                return await self.say_and_end(phrases.farewell, EndedReason.AGENT_HANGUP)
            await self._give_answer()
        except SpeechToTextError as error:
            return await self._give_up(error, EndedReason.STT_ERROR)
        except LanguageModelError as error:
            return await self._give_up(error, EndedReason.LLM_ERROR)
        except TextToSpeechError as error:
            return await self._give_up(error, EndedReason.TTS_ERROR)
        return None

    async def _understand(self, utterance: Utterance, begun: asyncio.Task[Transcript] | None) -> str:
        self.uncommitted = utterance
        attempts = [begun] if begun is not None else []

        def attempt() -> Awaitable[Transcript]:
            if attempts:
                return attempts.pop()
            return self._parts.ears.transcribe(utterance.pcm, language=self._agent.language)

        transcript = await with_patience(
            attempt,
            deadline_s=self._parts.settings.stt.deadline_s,
            apologise=self._apologise,
        )
        self.uncommitted = None
        self._timings = replace(self._timings, transcribed=self._journal.clock())
        return transcript.text.strip()

    async def _give_answer(self) -> None:
        settings = self._parts.settings
        self._answer = Answer(
            Speaking(
                mind=self._parts.mind,
                prompt_read=self._prompt_read,
                mouth=self._parts.mouth,
                voice=self._agent.voice,
                mind_deadline_s=settings.llm.deadline_s,
                mouth_deadline_s=settings.tts.deadline_s,
                apologise=self._apologise,
                caller_quiet=self._caller_quiet,
            ),
            self._turn,
        )
        await self._answer.give(self._journal.history.messages())
        await self._turn.finished()

    def _apologise(self, error: PhoneAgentError) -> None:
        log.warning("conversation.trouble", code=error.code, error=str(error))
        self._journal.trouble(error)
        sound = self._parts.mouth.get(self._agent.phrases.one_moment, voice=self._agent.voice)
        if sound is not None and not self._apologised:
            self._apologised = True
            self._turn.say(self._agent.phrases.one_moment, sound)

    async def _give_up(self, error: PhoneAgentError, reason: EndedReason) -> EndedReason:
        log.error("conversation.gave_up", code=error.code, error=str(error))
        self._journal.trouble(error)
        return await self.say_and_end(self._agent.phrases.trouble_goodbye, reason)
