"""Asks a person who answered whether they take the call: by key or by voice, while the caller hears music."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from agent.dialog.drafting import Drafting
from agent.dialog.hearing import Hearing
from agent.dialog.judge import Judge
from agent.dialog.listener import Draft, Heard, Listener, Utterance
from agent.dialog.overlap import is_echo
from agent.dialog.parts import Parts
from agent.dialog.turn_taking import AgentVoice, NoiseOver, Resumed, TurnTaking
from agent.dialog.yes_no import YesNo, yes_or_no
from agent.domain.agent import Agent
from agent.errors import SpeechToTextError
from agent.media.stream import MediaStream
from agent.speech.stt import Transcript

QUESTIONS = 2
"""Asked so often, whoever has given no clear answer does not take the call."""
HELLO_S = 1.0
"""Whoever answers says their name: they are not spoken into while that takes so long at most to begin and end."""
YES_KEY, NO_KEY = "1", "2"


class Consultation:
    """One, with one person. `async with` listens inside the block."""

    def __init__(self, parts: Parts, agent: Agent, stream: MediaStream, keys: asyncio.Queue[str]) -> None:
        self._parts = parts
        self._agent = agent
        self._stream = stream
        self._keys = keys
        self._hearing = Hearing(parts.ears, agent)
        self._said = ""
        self._spoke = asyncio.Event()
        self._answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._drafting = Drafting(self._hearing, self._understood)
        judge = Judge(
            lambda: self._hearing.language, parts.settings.turns, lambda: self._said, answers=lambda _words: True
        )
        self._listener = Listener(
            parts.detector(),
            TurnTaking(parts.settings.turns, judge),
            agent=lambda: AgentVoice(talks=False, protected=False),
            heard=self._heard,
        )
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Consultation:
        self._spawn(self._listener.run(self._stream.frames))
        self._spawn(self._take_keys())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, self._drafting.close(), return_exceptions=True)

    async def takes_the_call(self, briefing: str, *, patience_s: float) -> bool | None:
        """Brief and ask; None where no clear answer came within `patience_s` after each. Raises TextToSpeechError."""
        await self._within(HELLO_S, self._spoke.wait())
        question = self._agent.call_control.accept_question
        for _ in range(QUESTIONS):
            await self._say(briefing)
            await self._say(question)
            if not self._answer.done():
                await self._within(patience_s, asyncio.wait({self._answer}))
            if self._answer.done():
                return self._answer.result()
        return None

    async def say(self, text: str) -> None:
        """A last sentence, to its end. Raises TextToSpeechError."""
        self._stream.playout.stop()
        await self._stream.playout.play(await self._sound(text)).done

    async def _say(self, text: str) -> None:
        """To its end, or until they have answered."""
        if self._answer.done():
            return
        sound = await self._sound(text)
        self._said = text
        clip = self._stream.playout.play(sound)
        await asyncio.wait({clip.done, self._answer}, return_when=asyncio.FIRST_COMPLETED)
        if self._answer.done():
            self._stream.playout.stop()

    async def _sound(self, text: str) -> bytes:
        mouth, voice, language = self._parts.mouth, self._agent.voice, self._agent.language
        await mouth.prepare_once(text, voice=voice, language=language)
        return await mouth.synthesize(text, voice=voice, language=language)

    async def _within(self, limit_s: float, wait: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(wait)
        try:
            waits: set[asyncio.Future[Any]] = {task, self._answer}
            await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()

    async def _take_keys(self) -> None:
        while True:
            key = await self._keys.get()
            if key in {YES_KEY, NO_KEY}:
                self._decide(takes=key == YES_KEY)

    def _heard(self, heard: Heard) -> None:
        match heard:
            case Draft():
                self._drafting.begin(heard, urgent=True)
            case Resumed():
                self._drafting.forget()
            case NoiseOver():
                self._drafting.reset()
            case Utterance():
                self._spoke.set()
                self._spawn(self._understand(heard))
            case _:
                pass

    def _understood(self, draft: Draft, found: Transcript) -> None:
        self._listener.understood(draft, found.text, found.finality)

    async def _understand(self, utterance: Utterance) -> None:
        try:
            words = (await self._drafting.claim(utterance)).text.strip()
        except SpeechToTextError:
            return  # there are the keys, and the question comes once more
        if is_echo(words, self._said):
            return
        match yes_or_no(words, self._hearing.language):
            case YesNo.YES:
                self._decide(takes=True)
            case YesNo.NO:
                self._decide(takes=False)
            case YesNo.UNCLEAR:
                pass

    def _decide(self, *, takes: bool) -> None:
        if not self._answer.done():
            self._answer.set_result(takes)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="consultation")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
