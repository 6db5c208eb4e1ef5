"""Composition root: builds every part, starts, drains and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from agent.dialog.conversation import Conversation
from agent.dialog.foreground import Foreground
from agent.dialog.history import Message, Role
from agent.dialog.mind import ChatModel
from agent.dialog.parts import Parts
from agent.dialog.phrases import PhraseBook
from agent.dialog.prompts import system_prompt
from agent.dialog.speculation import Speculation
from agent.dialog.tail import Tail
from agent.domain.agent import Agent
from agent.domain.call import Call, EndedReason
from agent.domain.events import EventSink
from agent.errors import ConfigurationError, LanguageModelError, TelephonyError
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from agent.ops.garbage import spare_what_stays
from agent.ops.health import HealthServer
from agent.ops.metrics import Metrics, MetricsServer
from agent.ops.sinks import each_of
from agent.ops.state_metrics import StateMetrics
from agent.personas import check_numbers, load_agents
from agent.settings import Settings
from agent.speech.gate import Gate
from agent.speech.stt import WyomingSpeechToText
from agent.speech.tts import WyomingTextToSpeech
from agent.speech.vad import VoiceDetector, load_model
from agent.telephony.ami import AmiMonitor
from agent.telephony.ari import AriClient, WrongPasswordError
from agent.telephony.ari_events import LinkState
from agent.telephony.capacity import Capacity
from agent.telephony.doorway import Doorway
from agent.telephony.inputs import ChannelInputs
from agent.telephony.places import Places
from agent.telephony.switchboard import Switchboard
from agent.telephony.turn_watch import TurnWatch
from agent.telephony.waiting_room import Announcements
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor

log = structlog.get_logger()

DRAIN_S = 15.0
"""Calls that are under way when we are stopped get so long to say goodbye."""


class PhoneAgent:
    """The running agent: `async with PhoneAgent(settings, sink)` takes calls inside the block."""

    def __init__(
        self, settings: Settings, sink: EventSink, *, on_link: Callable[[LinkState], None] | None = None
    ) -> None:
        """Check what needs no look at the machine. `on_link` is told when Asterisk comes or goes.

        Raises ConfigurationError with one sentence.
        """
        self._settings = settings
        self._agents = load_agents(settings.agents.folder)
        check_numbers(settings.agents.numbers, self._agents)
        self._metrics = Metrics()
        self._places = Places(Capacity(settings.capacity))
        self._sink = each_of(sink, self._metrics, TurnWatch(self._places))
        self._on_link = on_link
        self._stack = contextlib.AsyncExitStack()
        self._workers = Supervisor(())
        self._health = HealthServer(settings.http, self.checks, self.problems)
        self._media = AudioSocketServer(
            settings.media.bind, settings.media.port, stall_timeout_s=settings.media.stall_timeout_s
        )
        self._switchboard: Switchboard | None = None
        self._warming: asyncio.Task[None] | None = None
        self._monitor = AmiMonitor(settings.asterisk)
        self._metrics_server = MetricsServer(settings.http, self._metrics)

    async def __aenter__(self) -> PhoneAgent:
        """Start everything; returns when calls are taken, or would be as soon as Asterisk is there.

        Raises ConfigurationError or ModelError for what cannot work, such as a taken port or a missing model.
        """
        async with contextlib.AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no more calls, let those under way say goodbye, stop all processes."""
        await self._stack.aclose()

    @property
    def ports(self) -> dict[str, int]:
        """Where it listens: `http`, `metrics` and `media`."""
        return {"http": self._health.port, "metrics": self._metrics_server.port, "media": self._media.address[1]}

    def checks(self) -> Mapping[str, bool]:
        """What a call needs, and whether it is there."""
        workers = {name: self._workers.is_ready(name) for name in self._workers.names}
        return {"asterisk": self._switchboard is not None and self._switchboard.events.connected, **workers}

    def problems(self) -> list[str]:
        """What a person should know, one sentence each."""
        links = (self._switchboard.events.problem if self._switchboard else None, self._monitor.problem)
        looping = [name for name in self._workers.names if self._workers.is_crash_looping(name)]
        return [*filter(None, links), *(f"The process {name} dies again and again; see the log." for name in looping)]

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        settings = self._settings
        run_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="phone-agent-")))
        fleet = Fleet(settings, run_dir, voices={agent.voice for agent in self._agents.values()})
        self._workers = Supervisor(fleet.specs, lambda name, ready: self._worker_changed(fleet, name, ready=ready))
        stack.push_async_callback(self._stop_warming)
        await self._media.start()
        stack.push_async_callback(self._media.close)
        await self._health.start()
        stack.push_async_callback(self._health.close)
        await self._metrics_server.start()
        stack.push_async_callback(self._metrics_server.close)
        asterisk = settings.asterisk
        ari = await stack.enter_async_context(AriClient(asterisk))
        await _check_password(ari)
        stack.push_async_callback(self._workers.stop)
        await self._workers.start()
        parts = await self._parts(fleet, stack)
        self._metrics.add(StateMetrics(self._places, self._media, self._workers, parts.speculation))
        await self._monitor.start()
        stack.push_async_callback(self._monitor.close)
        self._switchboard = Switchboard(
            ari,
            self._media,
            settings,
            agent_for=settings.agents.numbers.get,
            handle_call=lambda call, stream, inputs: self._talk(parts, call, stream, inputs),
            sink=self._sink,
            doorway=Doorway(
                self._places, settings.capacity, announcements=lambda name: _announcements(parts, self._agents[name])
            ),
            on_link=self._on_link,
        )
        spare_what_stays()
        await self._switchboard.start()
        stack.push_async_callback(self._stop_calls, self._switchboard)

    @property
    def _served(self) -> list[Agent]:
        return [self._agents[name] for name in sorted(set(self._settings.agents.numbers.values()))]

    def _worker_changed(self, fleet: Fleet, name: str, *, ready: bool) -> None:
        """A mind that has just started knows no prompt: the first callers would wait for its reading."""
        if name == "mind" and ready:
            if self._warming is not None:
                self._warming.cancel()
            self._warming = asyncio.create_task(self._warm(fleet), name="warm-mind")

    async def _warm(self, fleet: Fleet) -> None:
        try:
            await fleet.warm([[{"role": "system", "content": system_prompt(agent)}] for agent in self._served])
        except LanguageModelError as error:
            log.warning("mind.not_warm", code=error.code, error=str(error))

    async def _stop_warming(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait({self._warming})

    async def _parts(self, fleet: Fleet, stack: contextlib.AsyncExitStack) -> Parts:
        settings = self._settings
        load_model()
        stt, tts = settings.stt, settings.tts
        mouth = PhraseBook(WyomingTextToSpeech(fleet.tts_uri, tts.deadline_s, tts.voice, gate=Gate(tts.parallel)))
        mind = ChatModel(
            base_url=fleet.llm_base_url,
            api_key=fleet.llm_api_key,
            model=fleet.llm_model,
            temperature=settings.llm.temperature,
            max_tokens=settings.llm.max_tokens,
            deadline_s=settings.llm.deadline_s,
            slot_prompts=fleet.slot_prompts([[Message(Role.SYSTEM, system_prompt(agent))] for agent in self._served]),
        )
        stack.push_async_callback(mind.close)
        await mouth.prepare(self._served)
        if self._warming is not None:
            await asyncio.wait({self._warming})
        return Parts(
            settings=settings,
            ears=WyomingSpeechToText(fleet.stt_uri, stt.deadline_s, gate=Gate(stt.parallel)),
            mind=mind,
            mouth=mouth,
            detector=lambda: Tail(Foreground(VoiceDetector())),
            sink=self._sink,
            speculation=Speculation(enabled=settings.turns.speculate),
        )

    async def _talk(self, parts: Parts, call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        conversation = Conversation(
            parts,
            self._agents[call.agent],
            call,
            stream,
            keys=inputs.digits,
            closing=inputs.closing,
            press=inputs.press,
        )
        return await conversation.run()

    @staticmethod
    async def _stop_calls(switchboard: Switchboard) -> None:
        await switchboard.drain(DRAIN_S)
        await switchboard.close()


def _announcements(parts: Parts, agent: Agent) -> Announcements:
    """What callers of an agent hear while there is no place for them."""
    texts = (agent.phrases.lines_busy, agent.phrases.lines_still_busy)
    hold, goodbye = (parts.mouth.get(text, voice=agent.voice) or b"" for text in texts)
    return Announcements(hold, goodbye)


async def _check_password(ari: AriClient) -> None:
    """Before the models are loaded, which takes seconds. An Asterisk that is not there yet is looked for later."""
    try:
        await ari.ping()
    except WrongPasswordError as error:
        raise ConfigurationError(str(error)) from error
    except TelephonyError:
        return
