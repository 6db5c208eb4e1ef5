"""The running agent: builds every part, starts, drains and stops them in order."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import structlog

from agent.aftercall.after_calls import AfterCalls
from agent.api.event_hub import EventHub
from agent.api.house import House
from agent.api.listeners import Listeners
from agent.api.server import ApiServer
from agent.app.calling_out import call_out
from agent.app.models import Models
from agent.app.vitals import Vitals
from agent.bus.bus import Bus
from agent.dialog.conversation import Conversation
from agent.dialog.opt_outs import OptOutWatch
from agent.dialog.parts import Parts
from agent.dialog.text_turns import TextTurns
from agent.dialog.tool_desk import ToolDesk
from agent.domain.agent import Agent, AgentRef
from agent.domain.briefing import briefed
from agent.domain.call import Call, Direction, EndedReason
from agent.domain.events import EventSink
from agent.errors import ConfigurationError, TelephonyError
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from agent.models.shelf import Shelf
from agent.ops.api_metrics import ApiMetrics
from agent.ops.backlog_metrics import BacklogMetrics
from agent.ops.bus_metrics import open_bus
from agent.ops.call_traces import CallTraces
from agent.ops.garbage import spare_what_stays
from agent.ops.metrics import Metrics, MetricsServer
from agent.ops.part_metrics import PartMetrics
from agent.ops.parts_watch import PartsWatch
from agent.ops.record_metrics import RecordMetrics
from agent.ops.recording_metrics import RecordingMetrics
from agent.ops.sinks import each_of
from agent.ops.state_metrics import StateMetrics
from agent.ops.tracing import tracing_of
from agent.ops.trunk_metrics import TrunkMetrics
from agent.ops.webhook_metrics import WebhookMetrics
from agent.outbound.order_desk import OrderDesk
from agent.outbound.transfer_lines import TransferLines
from agent.outbound.trunks import Trunks
from agent.personas import check_numbers, check_trunks, load_agents
from agent.reception import FrontDesk
from agent.recordings.recordings import Recordings
from agent.scripts.call_rehearsals import CallRehearsals
from agent.scripts.desk import ScriptDesk
from agent.settings import Settings
from agent.store.record import Record
from agent.store.system_events import TRUNKS
from agent.telephony.ami import AmiMonitor
from agent.telephony.ari import AriClient, WrongPasswordError
from agent.telephony.ari_events import LinkState
from agent.telephony.call_session import CallSession
from agent.telephony.capacity import Capacity
from agent.telephony.doorway import Doorway
from agent.telephony.drain import Drain
from agent.telephony.inputs import ChannelInputs
from agent.telephony.live_calls import LiveCalls
from agent.telephony.places import Places
from agent.telephony.switchboard import Switchboard
from agent.telephony.trunk_states import TrunkStates
from agent.telephony.turn_watch import TurnWatch
from agent.telephony.waiting_room import Announcements
from agent.webhooks.agent_lookup import AgentLookup
from agent.webhooks.application_tools import ApplicationTools
from agent.webhooks.applications import check_configuration
from agent.webhooks.tool_runners import ToolRunners
from agent.webhooks.webhooks import Webhooks
from agent.workers.fleet import Fleet

log = structlog.get_logger()

TOOLS_S = 5.0
"""What calls have asked tools for gets so long to be done when we are stopped."""


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
        check_trunks(settings.outbound.trunks, self._agents)
        check_configuration(settings.webhooks, self._agents.values())
        self._metrics = Metrics()
        self.drain = Drain(settings.drain, fallback_context=settings.capacity.fallback_context)
        """Whether calls are taken, and how those under way come to their end."""
        self._places = Places(Capacity(settings.capacity))
        self._record = Record(settings.store, settings.agents)
        self._bus = Bus(self._record.store, settings.bus, server=self._record.server)
        self._tracing = tracing_of(settings.tracing, server=self._record.server)
        self._webhook_metrics = WebhookMetrics(self._metrics.registry)
        self._backlog_metrics = BacklogMetrics(self._metrics.registry, self._record.store)
        self._webhooks = Webhooks(
            self._record.store,
            settings.webhooks,
            server=self._record.server,
            attempted=self._webhook_metrics.attempted,
            tracer=self._tracing,
        )
        self._orders = OrderDesk(
            self._record.store, settings.outbound, server=self._record.server, told=self._record.tell
        )
        self._lookup = AgentLookup(self._webhooks.sync, settings.webhooks, self._record.registry)
        opt_outs = OptOutWatch(self._record.recorder)
        traces = () if self._tracing is None else (CallTraces(self._tracing),)
        self._sink = each_of(sink, self._metrics, TurnWatch(self._places), self._record.recorder, opt_outs, *traces)
        self._hub = EventHub(self._record.store)
        self._after_calls: AfterCalls | None = None
        self._scripts: ScriptDesk | None = None
        self._on_link = on_link
        self._stack = contextlib.AsyncExitStack()
        self._media = AudioSocketServer(
            settings.media.bind, settings.media.port, stall_timeout_s=settings.media.stall_timeout_s
        )
        self._switchboard: Switchboard | None = None
        self._recordings: Recordings
        self._api: ApiServer | None = None
        self._models = Models(settings, lambda: self._record.registry.served)
        self._monitor = AmiMonitor(settings.asterisk)
        trunks = TrunkStates(settings.outbound.trunks, self._monitor)
        self.vitals = Vitals(self._models, self._monitor, self._record, self._webhooks, self._bus, self.drain, trunks)
        """How it is."""
        self._metrics_server = MetricsServer(settings.http, self._metrics, look=self._backlog_metrics.look)

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
        http = self._api.port if self._api else 0
        return {"http": http, "metrics": self._metrics_server.port, "media": self._media.address[1]}

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        settings = self._settings
        run_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="phone-agent-")))
        fleet = self._models.place(run_dir, {agent.voice for agent in self._agents.values()})
        if self._tracing is not None:
            stack.push_async_callback(self._tracing.close)
        stack.push_async_callback(self._models.close)
        await self._media.start()
        stack.push_async_callback(self._media.close)
        stack.push_async_callback(self._record.close)
        await self._record.open(self._agents, settings.agents.numbers)
        self._recordings = Recordings(settings, self._record, self._sink)
        stack.push_async_callback(self._recordings.close)
        await self._recordings.open()
        stack.push_async_callback(self._webhooks.close)
        self._webhooks.start()
        self._record.when_told(self._webhooks.told)
        await open_bus(self._bus, self._record, self._metrics, stack)
        await self._serve_api(stack)
        stack.push_async_callback(self._backlog_metrics.close)
        await self._metrics_server.start()
        stack.push_async_callback(self._metrics_server.close)
        asterisk = settings.asterisk
        ari = await stack.enter_async_context(AriClient(asterisk))
        await _check_password(ari)
        application = ApplicationTools(self._webhooks.sync, settings.webhooks)
        runners = ToolRunners(application, self._webhooks.http_tools(settings.tools.secret))
        tools = ToolDesk(runners, self._sink)
        parts = await self._models.ready(fleet, self._sink, self._hub, tools, stack)
        stack.push_async_callback(tools.close, TOOLS_S)
        self._work_in_lulls(fleet, parts, stack)
        self._metrics.add(StateMetrics(self._places, self._media, self._models.workers, parts.speculation))
        recording = RecordingMetrics(self._recordings.studio)
        self._metrics.add(RecordMetrics(self._record.recorder), PartMetrics(self.vitals.parts, self.drain), recording)
        self._metrics.add(TrunkMetrics(self.vitals.trunks))
        await self._monitor.start()
        stack.push_async_callback(self._monitor.close)
        trunks = self.vitals.trunks
        lines = Trunks(settings.outbound, reachable=trunks.is_reachable)
        self._switchboard = Switchboard(
            ari,
            self._media,
            settings,
            agent_for=self._record.registry.serving,
            handle_call=lambda call, stream, inputs: self._talk(parts, call, stream, inputs),
            sink=each_of(self._sink, self._recordings.studio),
            doorway=Doorway(
                self._places, settings.capacity, announcements=lambda call: _announcements(parts, self._agent_of(call))
            ),
            drain=self.drain,
            reception=FrontDesk(self._lookup, parts.mouth, self._agent_of),
            lines=TransferLines(self._record.store, settings.outbound, lines),
            on_link=self._on_link,
        )
        dispatcher = call_out(
            settings.outbound, self._record, self._orders, self._switchboard, self._places, lines, stack
        )
        self.vitals.switchboard, self.vitals.dispatcher = self._switchboard, dispatcher
        spare_what_stays()
        await self._switchboard.start()
        stack.push_async_callback(self._stop_calls, self._switchboard)
        dispatcher.start()
        for watch in (
            PartsWatch(self._record, parts=self.vitals.parts, problems=self.vitals.problems),
            PartsWatch(self._record, parts=trunks.known, problems=trunks.problems, kind=TRUNKS),
        ):
            stack.push_async_callback(watch.close)
            await watch.start()

    def _work_in_lulls(self, fleet: Fleet, parts: Parts, stack: contextlib.AsyncExitStack) -> None:
        """What the model does while no caller needs it."""
        self._after_calls = AfterCalls(self._record, fleet, parts.lulls, self._settings.llm)
        stack.push_async_callback(self._after_calls.close)
        self._after_calls.start()
        self._scripts = ScriptDesk(self._record, fleet, parts.lulls)
        stack.push_async_callback(self._scripts.close)
        self._scripts.start()

    async def _serve_api(self, stack: contextlib.AsyncExitStack) -> None:
        """Before the models are there: whoever waits for this server can ask how far it is."""
        self._record.when_told(self._hub.told)
        live = LiveCalls(self._session, lambda: len(self._switchboard.calls) if self._switchboard else 0)
        rehearsals = CallRehearsals(self._recordings.studio.folder.rehearsals, live_calls=live.__len__)
        stack.push_async_callback(rehearsals.close)
        house = House(
            settings=self._settings,
            store=self._record.store,
            recorder=self._record.recorder,
            registry=self._record.registry,
            live=live,
            places=self._places,
            shelf=Shelf.of(self._settings, self._agents.values(), self._models.is_ready),
            listeners=Listeners(self._sink),
            text_turns=TextTurns(lambda: self._models.parts),
            hub=self._hub,
            webhooks=self._webhooks,
            drain=self.drain,
            recordings=self._recordings.studio.folder,
            archive=self._recordings.archive,
            orders=self._orders,
            rehearsals=rehearsals,
            prepare=self._models.prepare,
            checks=self.vitals.checks,
            problems=self.vitals.problems,
            trunks=self.vitals.trunks.all,
            restarts=self._models.restarts,
            wake_clerk=lambda: self._after_calls.wake() if self._after_calls else None,
            wake_author=lambda: self._scripts.wake() if self._scripts else None,
        )
        self._api = ApiServer(
            self._settings.http, house, observer=ApiMetrics(self._metrics.registry), tracer=self._tracing
        )
        await self._api.start()
        stack.push_async_callback(self._api.close)

    def _session(self, call_id: str) -> CallSession | None:
        return self._switchboard.session(call_id) if self._switchboard else None

    def _agent_of(self, call: Call) -> Agent:
        return briefed(self._record.registry.agent(AgentRef(call.agent, call.agent_version)), call.briefing)

    async def _talk(self, parts: Parts, call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        agent = self._agent_of(call)
        conversation = Conversation(
            parts,
            agent,
            call,
            stream,
            keys=inputs.digits,
            commands=inputs.commands,
            closing=inputs.closing,
            press=inputs.press,
            switching=inputs.control,
            recording=self._recordings.studio.decides(call.id, stream.tap),
            detect=call.direction is Direction.OUTBOUND and agent.voicemail.detect,
        )
        with parts.lulls.call():
            return await conversation.run()

    @staticmethod
    async def _stop_calls(switchboard: Switchboard) -> None:
        await switchboard.drain.finish(0)
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
