"""Webhooks of a running server: what is sent, to whom, and what becomes of endpoints that fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_network

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.agent import Agent
from agent.domain.event_types import EventType
from agent.domain.trace_context import Tracer
from agent.settings import WebhooksSettings
from agent.store import events
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.webhook_endpoints import WebhookEndpoint
from agent.webhooks import applications
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Targets
from agent.webhooks.courier import Attempted
from agent.webhooks.http_tools import HttpTools, Secrets
from agent.webhooks.sender import WebhookSender
from agent.webhooks.sync_call import Clock, SyncCalls, utc_now
from agent.webhooks.targets import TargetPolicy

CLOSE_S = 3.0
"""Requests under way get so long at the end; what was not answered is sent again later."""


class Webhooks:
    """Belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        settings: WebhooksSettings,
        *,
        server: str = "",
        attempted: Attempted = lambda _answer, _status, _seconds: None,
        tracer: Tracer | None = None,
        clock: Clock = utc_now,
        client: Callable[[Targets], WebhookClient] = WebhookClient,
    ) -> None:
        """`server` names this server among those that share the database: see WebhookSender."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self.targets = Targets(TargetPolicy([ip_network(subnet) for subnet in settings.allowed_subnets]))
        """Which addresses endpoints may have."""
        self._client = client(self.targets)
        self._sender = WebhookSender(
            store,
            self._client,
            settings,
            server=server,
            on_disabled=self._disabled,
            attempted=attempted,
            tracer=tracer,
            clock=clock,
        )
        self.sync = SyncCalls(self._client, timeout_s=settings.sync_timeout_s, clock=clock, tracer=tracer)
        """Asks applications and waits for the answer."""

    def http_tools(self, secrets: Secrets) -> HttpTools:
        """Ask web services, at the addresses that endpoints may have."""
        return HttpTools(self._client, secrets, timeout_s=self._settings.sync_timeout_s)

    @property
    def problem(self) -> str | None:
        """Why nothing can be sent at present; None where all is well."""
        return self._sender.problem

    @property
    def going(self) -> bool:
        """Whether sending goes on, as it must from `start` to `close`."""
        return self._sender.going

    async def check_asked(self, url: str) -> None:
        """Whether an application may be asked there in mid-call. Raises WebhookError."""
        await applications.check_asked(url, self._settings, self.targets)

    async def check_tools(self, agent: Agent) -> None:
        """Whether all tools of an agent can be asked for. Raises WebhookError."""
        await applications.check_tools(agent, self._settings, self.targets)

    def start(self) -> None:
        """Begin to send what is due."""
        self._sender.start()

    def wake(self) -> None:
        """There may be something to send: look at once."""
        self._sender.wake()

    def told(self, events: Sequence[StoredEvent]) -> None:
        """Events are on disk, and with them deliveries."""
        if any(event.deliveries for event in events):
            self._sender.wake()

    async def close(self) -> None:
        """Send no more."""
        await self._sender.close(CLOSE_S)
        await self._client.close()

    async def _disabled(self, connection: AsyncConnection, endpoint: WebhookEndpoint) -> None:
        data = {"webhook_endpoint": {"id": endpoint.id, "reason": endpoint.disabled_reason}}  # a URL may hold a token
        await events.append(self._store, connection, EventType.WEBHOOK_ENDPOINT_DISABLED, at=self._clock(), data=data)
