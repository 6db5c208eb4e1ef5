"""The models as conversations use them: started, warm, and with the phrases of the agents prepared."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import structlog

from agent.dialog.foreground import Foreground
from agent.dialog.history import Message
from agent.dialog.lulls import Lulls
from agent.dialog.mind import ChatModel
from agent.dialog.mind_messages import as_request
from agent.dialog.parts import Parts
from agent.dialog.phrases import PhraseBook
from agent.dialog.preparation import Preparation
from agent.dialog.prompts import opening
from agent.dialog.speculation import Speculation
from agent.dialog.tail import Tail
from agent.dialog.tool_desk import ToolDesk
from agent.dialog.tool_prompt import with_tools_told
from agent.domain.agent import Agent
from agent.domain.briefing import briefed
from agent.domain.events import EventSink
from agent.domain.partial_transcript import PartialSink
from agent.errors import LanguageModelError
from agent.settings import Settings
from agent.speech.gate import Gate
from agent.speech.meter import Meter
from agent.speech.stt import WyomingSpeechToText
from agent.speech.tts import WyomingTextToSpeech
from agent.speech.vad import VoiceDetector, load_model
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor

log = structlog.get_logger()

PREPARE_S = 10.0
"""Whoever makes or changes an agent waits so long for its phrases; while the mouth is away they come later."""


class Models:
    """Ears, mind and mouth, with the processes of those that are ours."""

    def __init__(self, settings: Settings, served: Callable[[], Sequence[Agent]]) -> None:
        """`served`: the agents that take calls now."""
        self._settings = settings
        self._agents = served
        self.workers = Supervisor(())
        """The processes; none before `place`."""
        self.parts: Parts | None = None
        """None until `ready` has returned."""
        self._warming: asyncio.Task[None] | None = None
        self._preparation = Preparation()

    def is_ready(self, worker: str) -> bool:
        """Whether that process serves."""
        return self.workers.is_ready(worker)

    def restarts(self) -> dict[str, int]:
        """How often each process was started again."""
        return {name: self.workers.restarts(name) for name in self.workers.names}

    def place(self, run_dir: Path, voices: Collection[str]) -> Fleet:
        """Decide which processes there are. `run_dir` is for what they leave behind."""
        fleet = Fleet(self._settings, run_dir, voices=set(voices))
        self.workers = Supervisor(fleet.specs, lambda name, ready: self._changed(fleet, name, ready=ready))
        return fleet

    async def ready(
        self,
        fleet: Fleet,
        sink: EventSink,
        partials: PartialSink,
        tools: ToolDesk,
        stack: contextlib.AsyncExitStack,
    ) -> Parts:
        """Start the processes; returns when a call can be led. `stack` is given what closes them."""
        stack.push_async_callback(self.workers.stop)
        await self.workers.start()
        settings = self._settings
        load_model()
        stt, tts = settings.stt, settings.tts
        mouth = PhraseBook(
            WyomingTextToSpeech(fleet.tts_uri, tts.deadline_s, tts.voice, gate=self._gate("mouth", tts.parallel))
        )
        lulls = Lulls(between_calls=fleet.mind_keeps_one_prompt)
        mind = ChatModel(
            base_url=fleet.llm_base_url,
            api_key=fleet.llm_api_key,
            model=fleet.llm_model,
            temperature=settings.llm.temperature,
            max_tokens=settings.llm.max_tokens,
            deadline_s=settings.llm.deadline_s,
            meter=self._meter("mind"),
            slot_prompts=fleet.slot_prompts([[opening(agent)] for agent in self._served()]),
            lulls=lulls,
            schema_bound=settings.llm.schema_bound,
        )
        stack.push_async_callback(mind.close)
        await mouth.prepare(self._served())
        if self._warming is not None:
            await asyncio.wait({self._warming})
        self.parts = Parts(
            settings=settings,
            ears=WyomingSpeechToText(fleet.stt_uri, stt.deadline_s, gate=self._gate("ears", stt.parallel)),
            mind=mind,
            mouth=mouth,
            detector=lambda: Tail(Foreground(VoiceDetector())),
            sink=sink,
            speculation=Speculation(enabled=settings.turns.speculate),
            tools=tools,
            lulls=lulls,
            partials=partials,
        )
        return self.parts

    async def prepare(self, agents: Sequence[Agent]) -> None:
        """Have the phrases of new agents ready; while models are still loading, they are prepared with all others."""
        if self.parts is not None:
            await self._preparation.within(PREPARE_S, self.parts.mouth.prepare(map(briefed, agents)))

    async def close(self) -> None:
        """End what is being prepared."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait({self._warming})
        await self._preparation.close()

    def _changed(self, fleet: Fleet, name: str, *, ready: bool) -> None:
        """A mind that has just started knows no prompt: the first callers would wait for its reading."""
        if name == "mind" and ready:
            if self._warming is not None:
                self._warming.cancel()
            self._warming = asyncio.create_task(self._warm(fleet), name="warm-mind")

    async def _warm(self, fleet: Fleet) -> None:
        try:
            told = with_tools_told if self._settings.llm.schema_bound else list[Message]
            await fleet.warm([as_request(told([opening(agent)])) for agent in self._served()])
        except LanguageModelError as error:
            log.warning("mind.not_warm", code=error.code, error=str(error))

    def _served(self) -> list[Agent]:
        return [briefed(agent) for agent in self._agents()]

    def _meter(self, worker: str) -> Meter | None:
        """For a model process of ours."""
        return Meter(lambda: self.workers.pid(worker)) if worker in self.workers.names else None

    def _gate(self, worker: str, parallel: int) -> Gate:
        return Gate(parallel, self._meter(worker))
