from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from agent.api.app import build_app
from agent.api.event_hub import EventHub
from agent.api.house import House
from agent.api.listeners import Listeners
from agent.api.rate_limit import RateLimit
from agent.api.server import all_routes
from agent.dialog.foreground import Foreground
from agent.dialog.mind import LanguageModel
from agent.dialog.parts import Parts
from agent.dialog.phrases import PhraseBook
from agent.dialog.tail import Tail
from agent.dialog.text_turns import TextTurns
from agent.domain.agent import Agent
from agent.domain.call import Call
from agent.domain.events import Event
from agent.media.tap import Tap
from agent.models.shelf import Shelf
from agent.outbound.order_desk import OrderDesk
from agent.recordings.archive import Archive
from agent.recordings.folder import RecordingsFolder
from agent.scripts.call_rehearsals import CallRehearsals
from agent.settings import (
    CapacitySettings,
    DrainSettings,
    OutboundSettings,
    RecordingsSettings,
    Settings,
    TrunkSettings,
    WebhooksSettings,
)
from agent.speech.vad import VoiceDetector
from agent.store.api_keys import ApiKeys, Scope
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.idempotency_keys import IdempotencyKeys
from agent.store.recorder import Recorder
from agent.store.registry import Registry
from agent.store.webhook_endpoints import new_secret
from agent.telephony.ami_state import Reach, Registration, Trunk
from agent.telephony.call_control import CallControl
from agent.telephony.caller_line import CallerLine
from agent.telephony.capacity import Capacity
from agent.telephony.connection_attempt import Switchgear
from agent.telephony.destinations import Destinations
from agent.telephony.drain import Drain
from agent.telephony.inputs import ChannelInputs
from agent.telephony.live_calls import LiveCalls
from agent.telephony.places import Places
from agent.telephony.trunk_states import TrunkStates
from agent.testing.fakes import FakeEars, FakeMouth
from agent.webhooks.webhooks import Webhooks
from tests.unit.telephony.test_trunk_states import Source

REHEARSES = (sys.executable, str(Path(__file__).with_name("rehearses.py")))
SILENT = Trunk("first", Registration.NONE, Reach.UNREACHABLE, None)
OUTBOUND = OutboundSettings(
    allow=("+4930", "+4989"),
    deny=("+493099",),
    attempts_per_number=2,
    trunks={"first": TrunkSettings(endpoint="first", caller_id="+493011111111", prefixes=("+4930",))},
)
DESK = Agent(name="desk", greeting="Good day.", instructions="Be brief.")


@dataclass
class Clock:
    """The time of day, moved on when a test says so."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_(self, **time: float) -> None:
        self.ahead += timedelta(**time)


class Told:
    """An EventSink whose events can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._more.set()

    async def until(self, count: int) -> list[Event]:
        """The first so many, once there are as many."""
        while len(self.events) < count:
            self._more.clear()
            await self._more.wait()
        return self.events[:count]


@dataclass
class LiveCall:
    """What the API sees of a call under way; its sound is what a test puts into `path.stream.tap`."""

    call: Call
    path: LiveCall.Path
    inputs: ChannelInputs
    control: CallControl

    @dataclass
    class Path:
        stream: LiveCall.Stream

    @dataclass
    class Stream:
        tap: Tap


@dataclass
class Office:
    """The API over a real database, without a telephone: no call is under way but those in `live`."""

    house: House
    client: TestClient[Any, Any]
    prepared: list[Agent]
    live: dict[str, Any]
    told: Told
    parts: list[Parts]
    """The models, as soon as there are any."""
    clock: Clock
    refused: asyncio.Event
    """Set as soon as the database would not take what happened in calls."""
    secrets: dict[Scope, str] = field(default_factory=dict)
    woken: list[None] = field(default_factory=list)
    """Once for each time that the clerk was."""

    def goes_on(self, call: Call) -> Tap:
        """As if this server had the call."""
        tap = Tap(asyncio.get_running_loop())
        tap.start()
        nothing: Any = None  # nobody is called here
        gear = Switchgear(nothing, nothing, Destinations(self.house.settings.outbound), lines=None, sound=nothing)
        control = CallControl(
            call.id,
            cast("CallerLine", None),
            gear,
            tell=self.house.recorder,
            now=self.clock.now,
            caller_left=asyncio.Event(),
        )
        inputs = ChannelInputs(_press)
        self.live[call.id] = LiveCall(call, LiveCall.Path(LiveCall.Stream(tap)), inputs, control)
        return tap

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        scope: Scope = Scope.ADMIN,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.secrets[scope]}", **(headers or {})}
        async with self.client.request(method, path, json=body, headers=headers) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, await answer.json() if is_json else await answer.text()

    async def happens(self, *happened: Event) -> list[StoredEvent]:
        """As if a call of this server had told it."""
        chronicle = Chronicle(self.house.store, server="one")
        told: list[StoredEvent] = []
        for event in happened:
            async with self.house.store.write() as connection:
                told += await chronicle.write(connection, event)
            chronicle.committed(event)
        self.house.hub.told(told)
        return told


async def _press(_keys: str) -> None:
    """Nobody is at the other end."""


def models(mind: LanguageModel) -> Parts:
    """With a stand-in for the language model, and nobody to hear or speak."""
    return Parts(
        settings=Settings(),
        ears=FakeEars([""]),
        mind=mind,
        mouth=PhraseBook(FakeMouth()),
        detector=lambda: Tail(Foreground(VoiceDetector())),
        sink=lambda _event: None,
    )


@pytest_asyncio.fixture
async def office(store: Store, tmp_path: Path) -> AsyncIterator[Office]:
    prepared: list[Agent] = []
    live: dict[str, Any] = {}
    told = Told()
    parts: list[Parts] = []
    clock = Clock()
    woken: list[None] = []

    refused = asyncio.Event()

    async def sleep(seconds: float) -> None:
        refused.set()
        await asyncio.sleep(seconds)

    async def prepare(agents: Sequence[Agent]) -> None:
        prepared.extend(agents)

    recorder = Recorder(store, Chronicle(store, server="one"), told=lambda _events: None, sleep=sleep)
    folder = RecordingsFolder.of(RecordingsSettings(folder=tmp_path / "recordings"))
    registry = Registry(store)
    await registry.adopt({"desk": DESK}, {"1000": "desk"}, now=datetime.now(UTC))
    asked = WebhooksSettings(allowed_subnets=["127.0.0.1/32"], secret=SecretStr(new_secret()))
    webhooks = Webhooks(store, asked)
    settings = Settings(outbound=OUTBOUND)
    rehearsals = CallRehearsals(folder.rehearsals, live_calls=live.__len__, command=REHEARSES)
    house = House(
        settings=settings,
        store=store,
        recorder=recorder,
        registry=registry,
        live=LiveCalls(live.get, live.__len__),
        places=Places(Capacity(CapacitySettings())),
        shelf=Shelf(Settings(), voices=(), memory_bytes=0, is_ready=lambda _name: True),
        listeners=Listeners(told),
        text_turns=TextTurns(lambda: parts[0] if parts else None),
        hub=EventHub(store),
        webhooks=webhooks,
        drain=Drain(DrainSettings()),
        recordings=folder,
        archive=Archive(store, folder, server="one"),
        orders=OrderDesk(store, settings.outbound, server="one", told=lambda _events: None, now=clock.now),
        rehearsals=rehearsals,
        prepare=prepare,
        checks=lambda: {"asterisk": True, "store": recorder.problem is None},
        problems=lambda: [recorder.problem] if recorder.problem else [],
        restarts=lambda: {"ears": 0, "mind": 1, "mouth": 0},
        trunks=TrunkStates(OUTBOUND.trunks, Source(names=("first",), known=[SILENT])).all,
        now=clock.now,
        wake_clerk=lambda: woken.append(None),
    )
    keys = ApiKeys(store)
    unlimited = RateLimit(requests=1_000_000, window_s=60)
    app = build_app(all_routes(house), keys=keys, idempotency_keys=IdempotencyKeys(store), limit=unlimited)
    async with TestClient(TestServer(app)) as client:
        office = Office(house, client, prepared, live, told, parts, clock, refused, woken=woken)
        for scope in Scope:
            _, office.secrets[scope] = await keys.create(scope, frozenset({scope}), datetime.now(UTC))
        yield office
        house.hub.close()
    await rehearsals.close()
    await house.drain.close()
    await webhooks.close()
