"""Keeps what Asterisk has and what we have the same: no channel without a call, no call without a channel."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Collection, Coroutine, Sequence
from typing import Any, Protocol

import structlog

from agent.errors import TelephonyError
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.reconcile import Held, differences

log = structlog.get_logger()

RECONCILE_EVERY_S = 60.0
"""Repairs what a lost request left behind. Reconnecting does it at once; this is the net below."""
RECONCILE_AGAIN_S = 2.0
"""After an attempt that failed, as it may while Asterisk is still starting."""
_MARKER_S = 5.0
"""Longest wait for Asterisk to send our own marker back."""


class Tenants(Protocol):
    """Those who have something in Asterisk. See Switchboard."""

    @property
    def linked(self) -> bool:
        """Whether Asterisk's events reach us now."""
        ...

    def held(self) -> Sequence[Held]:
        """All that they have there."""
        ...

    def vanished(self, channel_ids: Collection[str], *, restarted: bool) -> None:
        """Asterisk does not have these channels; `restarted`: because it is another process now."""
        ...


class Housekeeper:
    """Looks at Asterisk when it is asked to, and every minute. Belongs to one event loop."""

    def __init__(self, ari: AriClient, tenants: Tenants) -> None:
        self._ari = ari
        self._tenants = tenants
        self._started_at: str | None = None
        self._now = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._markers: dict[str, asyncio.Event] = {}
        self._numbers = itertools.count(1)

    @property
    def going(self) -> bool:
        """Whether it does its work, as it must from `start` to `close`, with Asterisk and without."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._keep_house(), name="switchboard-housekeeper")

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def look_now(self) -> None:
        """Do not wait for the next minute."""
        self._now.set()

    def marker_heard(self, name: str) -> None:
        """Asterisk has sent a marker of ours back, and thus all that it had for us before."""
        if (heard := self._markers.get(name)) is not None:
            heard.set()

    async def remove_channel(self, channel_id: str) -> None:
        """Hang up a channel that is nobody's."""
        await _removed(self._ari.hang_up(channel_id), channel_id)

    async def _keep_house(self) -> None:
        wait_s = RECONCILE_EVERY_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # wait_for swallows a cancellation that comes with the event
                    await self._now.wait()
            self._now.clear()
            wait_s = RECONCILE_EVERY_S
            if not self._tenants.linked:
                continue
            try:
                await self._reconcile()
            except TelephonyError as error:
                log.debug("telephony.reconcile_failed", code=error.code)
                wait_s = RECONCILE_AGAIN_S
            except Exception:
                log.exception("telephony.reconcile_failed")

    async def _reconcile(self) -> None:
        before = self._tenants.held()
        channels, bridges = await self._ari.channels(), await self._ari.bridges()
        started_at = (await self._ari.info()).started_at  # asked last: a restart before this is noticed
        restarted = self._started_at not in {None, started_at}
        self._started_at = started_at
        await self._all_heard()
        found = differences(self._ari.app, channels, bridges, before, self._tenants.held())
        self._tenants.vanished(found.lost_callers, restarted=restarted)
        if found.stray_channels or found.stray_bridges:
            log.warning(
                "telephony.strays_removed", channels=len(found.stray_channels), bridges=len(found.stray_bridges)
            )
        await asyncio.gather(
            *(self.remove_channel(channel_id) for channel_id in found.stray_channels),
            *(_removed(self._ari.destroy_bridge(bridge_id), bridge_id) for bridge_id in found.stray_bridges),
        )

    async def _all_heard(self) -> None:
        """Return when every event that Asterisk had for us until now was heard."""
        name = f"{self._ari.app}-marker-{next(self._numbers)}"
        heard = self._markers[name] = asyncio.Event()
        try:
            await self._ari.send_marker(name)
            async with asyncio.timeout(_MARKER_S):
                await heard.wait()
        except TimeoutError:
            raise TelephonyError("Asterisk did not send our marker back.", code="ari_timeout") from None
        finally:
            del self._markers[name]


async def _removed(removal: Coroutine[Any, Any, None], what: str) -> None:
    try:
        await removal
    except GoneError:
        pass
    except TelephonyError as error:
        log.warning("telephony.removal_failed", id=what, code=error.code)
