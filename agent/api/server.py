"""The API's HTTP server: every resource, on one address."""

from __future__ import annotations

from agent.api.agent_turns import AgentTurns
from agent.api.agents import Agents
from agent.api.app import build_app
from agent.api.call_actions import CallActions
from agent.api.call_audio import CallAudio
from agent.api.call_control import CallControl
from agent.api.calls import Calls
from agent.api.do_not_call import DoNotCallList
from agent.api.drain import Draining
from agent.api.events import Events
from agent.api.house import House
from agent.api.limits import Limits
from agent.api.middleware import Observer
from agent.api.models_on_shelf import ModelsOnShelf
from agent.api.outbound_calls import OutboundCalls
from agent.api.outbound_stop import OutboundStopping
from agent.api.phone_numbers import PhoneNumbers
from agent.api.rate_limit import RateLimit
from agent.api.recordings import Recordings
from agent.api.route import AnyRoute
from agent.api.script_rehearsals import ScriptRehearsals
from agent.api.scripts import Scripts
from agent.api.summaries import Summaries
from agent.api.system import System
from agent.api.transcripts import Transcripts
from agent.api.webhook_deliveries import WebhookDeliveries
from agent.api.webhook_endpoints import WebhookEndpoints
from agent.domain.trace_context import Tracer
from agent.ops.site import Site
from agent.settings import HttpSettings
from agent.store.api_keys import ApiKeys
from agent.store.idempotency_keys import IdempotencyKeys

RESOURCES = (
    Calls,
    OutboundCalls,
    CallActions,
    CallControl,
    CallAudio,
    Transcripts,
    Recordings,
    Summaries,
    Events,
    Agents,
    AgentTurns,
    Scripts,
    ScriptRehearsals,
    PhoneNumbers,
    WebhookEndpoints,
    WebhookDeliveries,
    System,
    Limits,
    ModelsOnShelf,
    Draining,
    OutboundStopping,
    DoNotCallList,
)


def all_routes(house: House) -> list[AnyRoute]:
    """Of every resource."""
    return [route for resource in RESOURCES for route in resource(house).routes]


class ApiServer(Site):
    """Answers from `start` to `close`."""

    def __init__(
        self, settings: HttpSettings, house: House, *, observer: Observer | None = None, tracer: Tracer | None = None
    ) -> None:
        self._hub = house.hub
        self._listeners = house.listeners
        app = build_app(
            all_routes(house),
            keys=ApiKeys(house.store),
            idempotency_keys=IdempotencyKeys(house.store),
            limit=RateLimit(settings.requests_per_minute),
            observer=observer,
            tracer=tracer,
        )
        super().__init__(app, key="http.port", bind=settings.bind, port=settings.port)

    async def close(self) -> None:
        """End streams, and stop listening."""
        self._hub.close()
        self._listeners.closing.set()
        await super().close()
