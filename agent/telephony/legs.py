"""All legs that we originate: made here, told what happens to them, and removed when nobody needs them any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from agent.domain.dialing import Dial
from agent.errors import TelephonyError
from agent.ids import new_id
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.ari_events import AriEvent
from agent.telephony.leg import FIRST_RESPONSE_S, Leg
from agent.telephony.reconcile import Held

log = structlog.get_logger()


class Legs:
    """Belongs to one event loop."""

    def __init__(
        self, ari: AriClient, *, linked: Callable[[], bool], first_response_s: float = FIRST_RESPONSE_S
    ) -> None:
        """`linked`: whether Asterisk's events reach us now."""
        self._ari = ari
        self._linked = linked
        self._first_response_s = first_response_s
        self._legs: dict[str, Leg] = {}
        self._bridges: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def held(self) -> list[Held]:
        """What legs and bridges there are in Asterisk."""
        legs = [Held(caller=leg.channel_id, begins=not leg.created) for leg in self._legs.values()]
        return legs + [Held(bridge=bridge) for bridge in self._bridges]

    @asynccontextmanager
    async def leg(self, dial: Dial, *, on_event: Callable[[AriEvent], None] | None = None) -> AsyncIterator[Leg]:
        """A leg that lives as long as the block, at most; `on_event` is told every event of its channel."""
        leg = Leg(
            self._ari,
            dial,
            f"{self._ari.app}.{new_id('leg')}",
            linked=self._linked,
            on_event=on_event,
            first_response_s=self._first_response_s,
        )
        self._legs[leg.channel_id] = leg
        try:
            yield leg
        finally:
            # In a task of its own: whoever is cancelled meanwhile leaves nothing behind either.
            await asyncio.shield(self._spawn(self._let_go(leg)))

    @asynccontextmanager
    async def bridge(self) -> AsyncIterator[str]:
        """A mixing bridge that lives as long as the block; its id. Raises TelephonyError where Asterisk fails."""
        bridge_id = f"{self._ari.app}.bridge.{new_id('leg')}"
        self._bridges.add(bridge_id)
        try:
            await self._ari.create_bridge(bridge_id)
            yield bridge_id
        finally:
            await asyncio.shield(self._spawn(self._destroy(bridge_id)))

    def tell(self, channel_id: str, event: AriEvent) -> bool:
        """Pass an event on to the leg whose channel it is about; False if it is no leg's."""
        leg = self._legs.get(channel_id)
        if leg is None:
            return False
        leg.event(event)
        return True

    def vanished(self, channel_ids: Collection[str], *, restarted: bool) -> None:
        """Asterisk does not have these channels; see Leg."""
        for leg in [leg for leg in self._legs.values() if leg.channel_id in channel_ids]:
            leg.vanished(restarted=restarted)

    def link_lost(self) -> None:
        """Asterisk's events do not reach us."""
        for leg in self._legs.values():
            leg.link_lost()

    def link_back(self) -> None:
        """They do again."""
        for leg in self._legs.values():
            self._spawn(leg.link_back())

    async def close(self) -> None:
        """Return when everything that was let go is removed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _let_go(self, leg: Leg) -> None:
        try:
            await leg.hang_up()
        finally:
            del self._legs[leg.channel_id]

    async def _destroy(self, bridge_id: str) -> None:
        try:
            await self._ari.destroy_bridge(bridge_id)
        except GoneError:
            pass
        except TelephonyError as error:
            log.debug("telephony.removal_failed", id=bridge_id, code=error.code)
        finally:
            self._bridges.discard(bridge_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
