"""What the agent does in one turn of its own: understand the caller, answer, or say a fixed sentence.

At most one Work of a call is under way. Each of its coroutines returns why the call ends with it, or None. An answer
may be begun on a guess that the caller has finished; it is held back until `commit`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from agent.dialog.agent_turn import AgentTurn
from agent.dialog.answer import Answer, Speaking
from agent.dialog.caller_turn import CallerTurn, Stretch
from agent.dialog.guide import Guide, considered
from agent.dialog.hearing import Hearing
from agent.dialog.history import Message
from agent.dialog.journal import Journal
from agent.dialog.lulls import Hold
from agent.dialog.parts import Parts
from agent.dialog.patience import with_patience
from agent.dialog.tool_turn import ToolTurn
from agent.dialog.toolbox import Order, Toolbox
from agent.dialog.waiting_words import WaitingWords
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.turns import Timings
from agent.errors import LanguageModelError, PhoneAgentError, SpeechToTextError, TextToSpeechError
from agent.media.playout import Playout
from agent.speech.stt import Transcript
from agent.speech.urgency import Escalation, Urgency

log = structlog.get_logger()

COVERS = 48_000
"""Bytes, 3 s: while so much sound is heard the next sentence is surely made, even on a busy machine."""
LONG_SPEECH_MS = 700  # so much speech without a word understood deserves a question; less was a noise


class Work:
    """One turn of the agent in the making."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        journal: Journal,
        playout: Playout,
        *,
        hearing: Hearing,
        toolbox: Toolbox,
        caller_quiet: asyncio.Event,
        may_ask_again: Callable[[], bool],
        guides: Sequence[Guide] = (),
        caller: CallerTurn | None = None,
        guess: str | None = None,
    ) -> None:
        """`caller_quiet` is set while the caller does not speak.

        `may_ask_again`: whether a caller who was not understood is told so. `caller`: the turn to be answered. `guess`:
        all of its words, if it should be over already. `guides` may answer it in the model's place.
        """
        self._parts = parts
        self._agent = agent
        self._journal = journal
        self._hearing = hearing
        self._caller_quiet = caller_quiet
        self._may_ask_again = may_ask_again
        self._caller = caller
        self._guess = guess
        self._guides = guides
        self._turn = AgentTurn(playout, language=agent.language, began=self._first_sound)
        self._words = WaitingWords(parts, agent, journal, self._turn, caller_quiet=caller_quiet)
        self._tools = ToolTurn(toolbox, journal.history, self._turn, self, failed=agent.phrases.tool_failed)
        self._urgency = Escalation(Urgency.SPECULATION if guess else Urgency.CALLER_WAITS)
        self._over = asyncio.Event()
        self._began_at = asyncio.get_running_loop().time()
        self._timings = Timings()
        self._answer: Answer | None = None
        self._closed = False
        self._counts_as_waiting = False
        self._waits = Hold(lambda: None)
        self.final = False
        """These are the last words of the call: nothing interrupts them."""
        self.protected = False
        """What is said now may not be interrupted."""
        if caller is None:
            self._over.set()
        if guess is not None:
            parts.speculation.begun()

    @property
    def speculative(self) -> bool:
        """Whether it answers a turn that is not over yet, and may be committed. One that was given up never may."""
        return self._guess is not None and not self._over.is_set() and not self._closed

    @property
    def talking(self) -> bool:
        """Whether the caller has heard some of it and there may be more, or a tool acts on what they said."""
        return (self._turn.started_at is not None or self._tools.acting) and not self._closed

    @property
    def cut_short(self) -> bool:
        """Whether the caller has not heard all of it, and never will."""
        return self._turn.interrupted

    @property
    def text(self) -> str:
        """What it says, as far as the caller has heard it or is just about to."""
        return self._turn.said

    def commit(self) -> None:
        """The caller's turn is over: what was held back may be said."""
        if self._guess is not None:
            self._end_speculation(used=True)
        self._urgency.raise_to(Urgency.CALLER_WAITS)
        self._over.set()
        self._parts.speculation.waiting += 1
        self._counts_as_waiting = True
        self._waits = self._parts.lulls.hold()
        clock = self._journal.clock()
        ended_s = self._caller.ended_s if self._caller else None
        transcribed = None if self._guess is None else self._journal.clock(self._began_at)
        self._timings = Timings(speech_ended=ended_s, turn_ended=clock, transcribed=transcribed)
        self._words.caller_waits(since_s=ended_s)

    def close(self) -> None:
        """Fall silent if still talking, and record what was heard. Calling it again does nothing."""
        if self._closed:
            return
        was_speculative, self._closed = self.speculative, True
        self._words.close()
        self._no_longer_waiting()
        if was_speculative:
            self._end_speculation(used=False)
            return
        self._turn.stop()
        marks = self._answer.marks if self._answer else None
        clock, began_at = self._journal.clock, self._turn.answer_began_at
        self._journal.agent_turn(
            self._turn,
            replace(
                self._timings,
                first_token=clock(marks.first_token) if marks and marks.first_token else None,
                first_clause=clock(marks.first_clause) if marks and marks.first_clause else None,
                first_sound_queued=clock(marks.first_sound_queued) if marks and marks.first_sound_queued else None,
                first_sound_played=clock(began_at) if began_at else None,
                tools_s=self._tools.took_s,
            ),
            unsaid=self._answer.left_unsaid() if self._answer else "",
        )

    async def say(self, text: str, *, aside: bool = False) -> None:
        """Say a fixed sentence and wait until it was played. Raises TextToSpeechError.

        `aside`: it is recorded, but no part of what the model reads.
        """
        self._turn.say(text, await self._sound(text), aside=aside)
        if aside:
            self._journal.filler_said()
        await self._turn.finished()

    async def say_phrase(
        self, text: str, *, then_protected: str = "", protected: bool = False, aside: bool = False
    ) -> EndedReason | None:
        """Say a fixed sentence, and one that may not be interrupted; a mouth that stays away ends the call.

        `protected`: the first one may not be interrupted either; `aside` concerns it, too.
        """
        try:
            self.protected = protected
            await self.say(text, aside=aside)
            if then_protected:
                self.protected = True
                await self.say(then_protected)
                self.protected = False
        except TextToSpeechError as error:
            return await self._give_up(error, EndedReason.TTS_ERROR)
        return None

    async def say_all(self, texts: Sequence[str], *, protected: int = 0) -> EndedReason | None:
        """Say several without a pause between them, of which the first `protected` ones may not be interrupted.

        Each is made while those before it are heard: what is too short for that waits for the next one. A mouth that
        stays away ends the call.
        """
        self.protected = protected > 0
        made: list[tuple[str, bytes]] = []
        try:
            for number, text in enumerate(texts, 1):
                made.append((text, await self._sound(text)))
                if number < len(texts) and sum(len(sound) for _, sound in made) < COVERS:
                    continue
                for at, clip in enumerate([self._turn.say(*one) for one in made], number - len(made) + 1):
                    if at == protected:
                        clip.done.add_done_callback(self._interruptible_from_here)
                made.clear()
            await self._turn.finished()
        except TextToSpeechError as error:
            return await self._give_up(error, EndedReason.TTS_ERROR)
        finally:
            self.protected = False
        return None

    def _interruptible_from_here(self, _heard: asyncio.Future[bool]) -> None:
        if not self.final:
            self.protected = False

    async def say_and_end(self, text: str, reason: EndedReason) -> EndedReason:
        """Say a last sentence, to its end, and end the call; a mouth that fails ends it in silence, as does no text."""
        self.final = True
        with contextlib.suppress(TextToSpeechError):
            if text:
                await self.say(text)
        return reason

    async def respond(self, caller: CallerTurn) -> EndedReason | None:
        """Understand the caller's turn and answer it, to the last sound of the answer."""
        try:
            return await self._react(caller, self._guess or await self._understand(caller))
        except SpeechToTextError as error:
            return await self._give_up(error, EndedReason.STT_ERROR)
        except LanguageModelError as error:
            return await self._give_up(error, EndedReason.LLM_ERROR)
        except TextToSpeechError as error:
            return await self._give_up(error, EndedReason.TTS_ERROR)

    async def _react(self, caller: CallerTurn, text: str) -> EndedReason | None:
        long_enough = caller.interrupts or caller.speech_ms >= LONG_SPEECH_MS
        reply = await considered(self._guides, text) if text or long_enough else None
        if reply is not None:
            preparing = asyncio.create_task(self._prepare(reply.ahead), name="reply-ahead")
            try:
                await self.may_speak()
                reply.taken()
                await preparing
            finally:
                preparing.cancel()
            if reply.aside:
                caller.aside = True
                self._timings = Timings()  # nobody waited for the model
            return await reply.say(self)
        if text:
            await self.give_answer(text)
        elif long_enough and self._may_ask_again():
            await self.say(self._agent.phrases.did_not_understand)
        return None

    async def _prepare(self, texts: Sequence[str]) -> None:
        """Have the sound of them ready; where that fails, it is tried again when it is to be said."""
        with contextlib.suppress(TextToSpeechError):
            for text in texts:
                await self._parts.mouth.prepare_once(text, voice=self._agent.voice, language=self._agent.language)

    async def _sound(self, text: str) -> bytes:
        mouth = self._parts.mouth
        return await with_patience(
            lambda: mouth.synthesize(text, voice=self._agent.voice, language=self._agent.language),
            deadline_s=self._parts.settings.tts.deadline_s,
            apologise=self._apologise,
        )

    async def _understand(self, caller: CallerTurn) -> str:
        for at, stretch in enumerate(caller.stretches):
            if at not in caller.texts:
                caller.texts[at] = await self._transcript(stretch)
        self._timings = replace(self._timings, transcribed=self._journal.clock())
        if self._turn.started_at is not None:
            self.caller_is_answered()
        return caller.text

    async def _transcript(self, stretch: Stretch) -> str:
        begun: list[Awaitable[Transcript]] = [asyncio.shield(stretch.transcription)]

        def attempt() -> Awaitable[Transcript]:
            if begun:
                return begun.pop()
            return self._hearing.transcribe(stretch.utterance.pcm)

        transcript = await with_patience(
            attempt,
            deadline_s=self._parts.settings.stt.deadline_s,
            apologise=self._apologise,
        )
        self._hearing.understood(transcript, stretch.utterance.speech_ms)
        return transcript.text.strip()

    async def give_answer(self, text: str) -> None:
        """Have the model answer these words, and its tools act, to the last sound. Raises PhoneAgentError."""
        await self._give(self._journal.history.messages(text))

    async def do(self, order: Order) -> None:
        """Have a tool act that the caller has agreed to, and the model tell what came of it. Raises PhoneAgentError."""
        messages = await self._tools.do(order)
        if messages is not None:
            await self._give(messages)

    async def _give(self, messages: Sequence[Message]) -> None:
        settings = self._parts.settings
        self._answer = Answer(
            Speaking(
                mind=self._parts.mind,
                call=self._journal.call_id,
                mouth=self._parts.mouth,
                voice=self._agent.voice,
                language=self._agent.language,
                mind_deadline_s=settings.llm.deadline_s,
                mouth_deadline_s=settings.tts.deadline_s,
                apologise=self._apologise,
                may_speak=self.may_speak,
                act=self._tools.act,
                urgency=self._urgency,
            ),
            self._turn,
        )
        await self._answer.give(messages)
        await self.may_speak()
        had_no_words = self._answer.marks.first_clause is None and not self._tools.gave_up
        if had_no_words and self._may_ask_again():
            await self.say(self._agent.phrases.did_not_understand)
        await self._turn.finished()

    async def may_speak(self) -> None:
        """Return when the turn is the agent's and the caller does not speak."""
        self._words.not_needed()
        await self._over.wait()
        while not self._caller_quiet.is_set():
            await self._caller_quiet.wait()

    def caller_has_gone(self) -> None:
        """Nobody hears any more: see ToolTurn."""
        self._tools.caller_has_gone()

    async def comfort(self) -> None:
        """A word to a caller for whom something is done that takes long."""
        await self._words.comfort()

    def _first_sound(self, text: str) -> None:
        self._no_longer_waiting()
        self.caller_is_answered()
        still_open = self._caller is not None and not self._caller.answered
        self._journal.agent_began(text, after_caller=still_open)
        self._journal.captions.agent_begins(lambda: self._turn.heard)

    def caller_is_answered(self) -> None:
        """What the caller said is one turn, once it is all understood and the agent has begun to answer it."""
        caller = self._caller
        if caller is not None and caller.understood and not caller.answered:
            caller.answered = True
            self._journal.caller_turn(caller)

    def _end_speculation(self, *, used: bool) -> None:
        self._parts.speculation.ended(asyncio.get_running_loop().time() - self._began_at, used=used)

    def _no_longer_waiting(self) -> None:
        if self._counts_as_waiting:
            self._counts_as_waiting = False
            self._parts.speculation.waiting -= 1
            self._waits.release()

    def _apologise(self, error: PhoneAgentError) -> None:
        self._words.trouble(error, speculative=self.speculative)

    async def _give_up(self, error: PhoneAgentError, reason: EndedReason) -> EndedReason:
        log.error("conversation.gave_up", code=error.code, error=str(error))
        self._journal.trouble(error)
        await self._over.wait()
        return await self.say_and_end(self._agent.phrases.trouble_goodbye, reason)
