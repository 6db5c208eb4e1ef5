"""Sends what is due: a courier for each endpoint that something is due for, so that none waits for another."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.trace_context import NoTracer, Tracer
from agent.errors import StoreError
from agent.ids import new_id
from agent.settings import WebhooksSettings
from agent.store import webhook_endpoints, webhook_leases
from agent.store.engine import Store
from agent.store.webhook_endpoints import WebhookEndpoint
from agent.store.webhook_leases import Lease
from agent.webhooks.client import WebhookClient
from agent.webhooks.courier import Attempted, Courier, Office
from agent.webhooks.post import post
from agent.webhooks.schedule import Answer
from agent.webhooks.sync_call import Clock, utc_now

POLL_S = 1.0
"""Between looks for what other processes recorded, what is to be tried again, and whose lease has ended."""
LEASE_IN_TIMEOUTS = 2
"""A lease lasts for so many timeouts: the second half is for what waits in front of a slow request."""

log = structlog.get_logger()


def sender_line(server: str) -> str:
    """What the names of all senders of a server begin with, one after the other; of a fixed length."""
    return f"sender_{hashlib.sha256(server.encode()).hexdigest()[:16]}"


class WebhookSender:
    """Belongs to one event loop. Several, in any number of processes, may share one database."""

    def __init__(
        self,
        store: Store,
        client: WebhookClient,
        settings: WebhooksSettings,
        *,
        server: str = "",
        on_disabled: Callable[[AsyncConnection, WebhookEndpoint], Awaitable[None]],
        attempted: Attempted = lambda _answer, _status, _seconds: None,
        tracer: Tracer | None = None,
        clock: Clock = utc_now,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`on_disabled` records the event about an endpoint that failed, in the transaction that disables it.

        `server` names this server: what an earlier process of it had begun when it died is sent again at once, and not
        when its leases end. Empty: nobody is known as a predecessor.
        """
        self._client = client
        self._tracer = tracer or NoTracer()
        self._timeout_s = settings.timeout_s
        self._couriers: dict[str, Courier] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: tuple[asyncio.Task[None], ...] = ()
        self._bell = asyncio.Event()
        self._line = sender_line(server) if server else ""
        self._office = Office(
            store=store,
            sender=new_id(self._line or "sender"),
            post=self._post,
            clock=clock,
            chance=chance,
            sleep=sleep,
            on_disabled=on_disabled,
            more=self.wake,
            attempted=attempted,
            slots=settings.concurrency,
            timeout=timedelta(seconds=settings.timeout_s),
            lease=timedelta(seconds=LEASE_IN_TIMEOUTS * settings.timeout_s),
            patience=timedelta(days=settings.disable_after_days),
        )
        self.problem: str | None = None
        """Why the database cannot be asked at present; None where all is well."""

    @property
    def going(self) -> bool:
        """Whether it works, as it must from `start` to `close`."""
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    def start(self) -> None:
        """Begin to send."""
        self._bell.set()
        self._loops = (
            asyncio.create_task(self._look(), name="webhook sender"),
            asyncio.create_task(self._poll(), name="webhook sender poll"),
        )

    def wake(self) -> None:
        """Deliveries were recorded: look at once."""
        self._bell.set()

    async def close(self, timeout_s: float) -> None:
        """Begin nothing more, and give requests under way `timeout_s` at most; what is left is sent again later."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for courier in self._couriers.values():
            courier.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look(self) -> None:
        if self._line:
            await self._inherit()
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                async with self._office.store.glance() as connection:
                    due = await webhook_leases.due(connection, self._office.clock())
            except StoreError as error:
                if self.problem is None:
                    log.warning("webhook.store_failed", code=error.code, error=str(error))
                self.problem = str(error)
                continue
            self.problem = None
            for endpoint_id in due:
                self._send_courier(endpoint_id)

    async def _inherit(self) -> None:
        """Without the database nothing is inherited: the leases end by themselves."""
        try:
            async with self._office.store.read() as connection:
                endpoints = await webhook_leases.held(connection, self._line)
            for endpoint_id in endpoints:
                async with self._office.store.write() as connection:
                    await webhook_endpoints.locked(connection, endpoint_id)
                    freed = await webhook_leases.inherit(connection, endpoint_id, self._line)
                log.info("webhook.leases_inherited", endpoint_id=endpoint_id, deliveries=freed)
        except StoreError as error:
            log.warning("webhook.store_failed", code=error.code, error=str(error))

    async def _poll(self) -> None:
        while True:
            await self._office.sleep(POLL_S)
            self._bell.set()

    def _send_courier(self, endpoint_id: str) -> None:
        if endpoint_id in self._couriers:
            self._couriers[endpoint_id].ring()
            return
        courier = self._couriers[endpoint_id] = Courier(endpoint_id, self._office)
        task = asyncio.create_task(courier.run(), name=f"webhook courier {endpoint_id}")
        self._tasks.add(task)
        task.add_done_callback(partial(self._courier_ended, endpoint_id))

    def _courier_ended(self, endpoint_id: str, task: asyncio.Task[None]) -> None:
        courier = self._couriers.pop(endpoint_id)
        self._tasks.discard(task)
        if courier.rung:
            self._bell.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webhook.courier_failed", endpoint_id=endpoint_id, exc_info=error)

    async def _post(self, endpoint: WebhookEndpoint, lease: Lease) -> Answer:
        now, limit_s = self._office.clock(), self._timeout_s
        return await post(self._client, endpoint, lease.event, now=now, timeout_s=limit_s, tracer=self._tracer)
