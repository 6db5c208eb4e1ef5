"""What the resources work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.api.event_hub import EventHub
from agent.api.listeners import Listeners
from agent.dialog.text_turns import TextTurns
from agent.domain.agent import Agent
from agent.models.shelf import Shelf
from agent.outbound.order_desk import OrderDesk
from agent.recordings.archive import Archive
from agent.recordings.folder import RecordingsFolder
from agent.scripts.call_rehearsals import CallRehearsals
from agent.settings import Settings
from agent.store.engine import Store
from agent.store.recorder import Recorder
from agent.store.registry import Registry
from agent.telephony.drain import Drain
from agent.telephony.live_calls import LiveCalls
from agent.telephony.places import Places
from agent.telephony.trunk_states import TrunkState
from agent.webhooks.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class House:
    """The parts of the running server that the API shows and moves."""

    settings: Settings
    store: Store
    recorder: Recorder
    registry: Registry
    live: LiveCalls
    places: Places
    shelf: Shelf
    listeners: Listeners
    text_turns: TextTurns
    hub: EventHub
    webhooks: Webhooks
    drain: Drain
    recordings: RecordingsFolder
    archive: Archive
    orders: OrderDesk
    rehearsals: CallRehearsals
    prepare: Callable[[Sequence[Agent]], Awaitable[None]]
    """Makes agents that are new or changed ready to take calls: their phrases as sound, their prompts read."""
    checks: Callable[[], Mapping[str, bool]]
    """What a call needs, and whether it is there."""
    problems: Callable[[], Sequence[str]]
    """What a person should know, one sentence each."""
    restarts: Callable[[], Mapping[str, int]]
    """How often each model process was started again."""
    wake_clerk: Callable[[], None] = lambda: None
    """There is something to be worked out about a call that is over."""
    wake_author: Callable[[], None] = lambda: None
    """A call script is to be written."""
    trunks: Callable[[], Sequence[TrunkState]] = lambda: ()
    """How the lines to the outside stand."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def registry_changed(self) -> None:
        """Agents or numbers are different in the database: let the next call know."""
        await self.prepare(await self.registry.refresh())
