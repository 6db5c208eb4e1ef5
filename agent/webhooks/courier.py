"""Brings one endpoint what is due for it, several requests at once, until nothing is left."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.contextvars import bind_contextvars

from agent.errors import StoreError
from agent.store import webhook_endpoints, webhook_leases
from agent.store.engine import Store
from agent.store.webhook_deliveries import DeliveryStatus
from agent.store.webhook_endpoints import DisabledReason, WebhookEndpoint
from agent.store.webhook_leases import Attempt, Lease
from agent.webhooks.schedule import Answer, judge

HELD_PER_SLOT = 8
"""Deliveries leased for each request that may run at once: a transaction costs as much as several requests."""
FINISH_AT = 32
"""So many attempts are recorded together."""
LINGER_S = 0.02
"""Or those there are after so long."""
TELLING_ATTEMPTS = 4
"""Only an event that failed so often, over half an hour, tells that an endpoint fails still and not by chance."""
STORE_PAUSE_S = 1.0

log = structlog.get_logger()


Attempted = Callable[[Answer, DeliveryStatus, float], None]
"""Takes the answer of an attempt, the status that its delivery has then, and how long the attempt took in seconds."""


@dataclass(frozen=True, slots=True)
class Office:
    """What all couriers of a sender share."""

    store: Store
    sender: str
    """Names this process in leases."""
    post: Callable[[WebhookEndpoint, Lease], Awaitable[Answer]]
    """Makes one attempt, within `timeout`; never raises."""
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    """At random from 0 to 1."""
    sleep: Callable[[float], Awaitable[None]]
    on_disabled: Callable[[AsyncConnection, WebhookEndpoint], Awaitable[None]]
    """Called within the transaction that disables an endpoint."""
    more: Callable[[], None]
    """There may be something for other endpoints."""
    attempted: Attempted
    """Told of each attempt."""
    slots: int
    timeout: timedelta
    lease: timedelta
    patience: timedelta
    """An endpoint may fail for so long."""


class Courier:
    """Works for one endpoint; `run` ends when nothing is due any more, or after `stop`."""

    def __init__(self, endpoint_id: str, office: Office) -> None:
        self._id = endpoint_id
        self._office = office
        self._endpoint: WebhookEndpoint | None = None
        self._ready: deque[Lease] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._attempts: list[Attempt] = []
        self._unused: list[Lease] = []
        self._bell = asyncio.Event()
        self.rung = False
        """Something may be due that was not looked for yet."""
        self._lingered = False
        self._gone = False
        self._stopping = False

    def ring(self) -> None:
        """Something new may be due."""
        self.rung = True
        self._bell.set()

    def stop(self) -> None:
        """Begin nothing more; `run` ends when the requests that are under way have ended and are recorded."""
        self._stopping = True
        self._give_back()
        self._bell.set()

    async def run(self) -> None:
        """See above. Cancelled, it leaves its leases to end by themselves."""
        try:
            while True:
                try:
                    await self._exchange()
                except StoreError as error:
                    log.warning("webhook.store_failed", endpoint_id=self._id, code=error.code, error=str(error))
                    await self._office.sleep(STORE_PAUSE_S)
                    continue
                self._dispatch()
                if not (self._running or self._attempts or self._unused or self.rung):
                    return
                await self._until_worthwhile()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _exchange(self) -> None:
        """Record what was done and lease more, in one transaction."""
        attempts, unused = self._attempts[:], self._unused[:]
        rung, self.rung, self._lingered = self.rung, False, False
        now = self._office.clock()
        disabled = None
        try:
            async with self._office.store.write() as connection:
                endpoint = await webhook_endpoints.locked(connection, self._id)
                if attempts:
                    await webhook_leases.finish(connection, self._id, attempts, sender=self._office.sender, now=now)
                if endpoint is not None and endpoint.enabled:
                    disabled = await self._review(connection, endpoint, attempts, now)
                if unused:
                    await webhook_leases.release(connection, unused, sender=self._office.sender)
                active = endpoint is not None and endpoint.enabled and disabled is None
                claimed = await self._claim(connection, now, recorded=len(attempts)) if active else []
        except StoreError:
            self.rung = self.rung or rung
            raise
        del self._attempts[: len(attempts)], self._unused[: len(unused)]
        self._gone = False
        self._endpoint = endpoint
        self._ready.extend(claimed)
        if not active:
            self._ready.clear()
        if self._stopping:
            self._give_back()
        if disabled is not None:
            log.warning("webhook.endpoint_disabled", endpoint_id=self._id, reason=disabled.disabled_reason)
            self._office.more()

    async def _claim(self, connection: AsyncConnection, now: datetime, *, recorded: int) -> list[Lease]:
        held = len(self._ready) + len(self._running) + len(self._attempts) - recorded
        room = self._office.slots * HELD_PER_SLOT - held
        if self._stopping or room <= 0:
            return []
        return await webhook_leases.claim(
            connection, self._id, sender=self._office.sender, now=now, until=now + self._office.lease, limit=room
        )

    async def _review(
        self, connection: AsyncConnection, endpoint: WebhookEndpoint, attempts: list[Attempt], now: datetime
    ) -> WebhookEndpoint | None:
        """Note whether the endpoint fails; the endpoint if it was disabled for that."""
        reason = None
        since = endpoint.failing_since
        if any(attempt.status is DeliveryStatus.DELIVERED for attempt in attempts):
            if since is not None:
                await webhook_endpoints.set_failing_since(connection, self._id, None)
        elif attempts:
            if since is None:
                await webhook_endpoints.set_failing_since(connection, self._id, now)
            tells = any(attempt.lease.attempts + 1 >= TELLING_ATTEMPTS for attempt in attempts)
            if since is not None and tells and now - since >= self._office.patience:
                reason = DisabledReason.FAILING
        if self._gone:
            reason = DisabledReason.GONE
        if reason is None:
            return None
        disabled = await webhook_endpoints.disable(connection, self._id, reason, now=now)
        if disabled is not None:
            await self._office.on_disabled(connection, disabled)
        return disabled

    def _dispatch(self) -> None:
        """Start requests in free slots. A lease that may end before its request does is given back instead."""
        latest = self._office.clock() + self._office.timeout
        while self._ready and self._endpoint is not None and len(self._running) < self._office.slots:
            lease = self._ready.popleft()
            if latest > lease.until:
                self._unused.append(lease)
                continue
            task = asyncio.create_task(self._attempt(self._endpoint, lease), name=f"webhook {lease.delivery_id}")
            self._running.add(task)
            task.add_done_callback(self._attempted)

    async def _attempt(self, endpoint: WebhookEndpoint, lease: Lease) -> None:
        bind_contextvars(endpoint_id=self._id, delivery_id=lease.delivery_id)
        if lease.event.call_id is not None:
            bind_contextvars(call_id=lease.event.call_id)
        begun_at = time.perf_counter()
        answer = await self._office.post(endpoint, lease)
        seconds = time.perf_counter() - begun_at
        verdict = judge(answer, attempts=lease.attempts + 1, now=self._office.clock(), chance=self._office.chance())
        self._gone = self._gone or verdict.gone
        self._attempts.append(Attempt(lease, verdict.status, verdict.next_attempt_at, answer.status, verdict.error))
        self._office.attempted(answer, verdict.status, seconds)

    def _attempted(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and not self._gone:
            self._dispatch()
        self._bell.set()

    async def _until_worthwhile(self) -> None:
        """Wait until a transaction is worth its price."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        try:
            while not self._is_worthwhile():
                if timer is None and (self._attempts or self._unused):
                    timer = loop.call_later(LINGER_S, self._linger_ended)
                await self._bell.wait()
                self._bell.clear()
        finally:
            if timer is not None:
                timer.cancel()

    def _is_worthwhile(self) -> bool:
        has_results = bool(self._attempts or self._unused)
        has_free_slot = len(self._ready) + len(self._running) < self._office.slots
        nothing_to_start = not self._ready
        enough = len(self._attempts) >= FINISH_AT or nothing_to_start or self._lingered or self._gone
        return (has_results and enough) or (self.rung and has_free_slot) or not (has_results or self._running)

    def _linger_ended(self) -> None:
        self._lingered = True
        self._bell.set()

    def _give_back(self) -> None:
        self._unused.extend(self._ready)
        self._ready.clear()
