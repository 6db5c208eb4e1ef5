"""Where events are sent to: /v1/webhook_endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.validation import refused
from agent.domain.event_types import EventType
from agent.errors import WebhookError
from agent.store import events, webhook_endpoints
from agent.store.api_keys import Scope
from agent.store.keyset import Position
from agent.store.webhook_endpoints import DisabledReason, WebhookEndpoint
from agent.store.webhook_replay import replay

ID = {"id": "Id of the endpoint."}
EXAMPLE = {"url": "https://rails.example.com/phone_agent/events", "description": "Rails"}
ENDPOINT: dict[str, Any] = {
    **EXAMPLE,
    "object": "webhook_endpoint",
    "id": "we_01JDQ3W9A6C8E0G2J4L6N8Q0S2",
    "events": [],
    "enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "created_at": "2026-11-20T08:10:00Z",
    "updated_at": "2026-11-20T08:10:00Z",
}
WITH_SECRET = {**ENDPOINT, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}
REPLAY = {"object": "replay", "deliveries": 42}
Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Description = Annotated[str, StringConstraints(max_length=500)]


class WebhookEndpointRequest(RequestModel):
    """Where to send events."""

    url: Url
    """http or https. Which addresses are allowed is set by `webhooks.allowed_subnets`."""
    description: Description = ""
    events: list[EventType] = Field(default_factory=list)
    """Types that are wanted; empty: all but call.turn.completed and call.tool.called."""


class WebhookEndpointPatch(RequestModel):
    """What is to be different."""

    url: Url | None = None
    description: Description | None = None
    events: list[EventType] | None = None
    enabled: bool | None = None


class ReplayRequest(RequestModel):
    """Events of which span of time are to be sent again."""

    since: AwareDatetime
    """At or after this moment. What waits for another attempt is sent at once, however old it is."""
    until: AwareDatetime | None = None
    """Before this moment; none: until now."""
    include_delivered: bool = False
    """Also those that did get through."""


class WebhookEndpointResource(ResponseModel):
    """An endpoint."""

    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    id: str
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    """Nothing got through since then; null where all is well."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> WebhookEndpointResource:
        """Without its secret."""
        return cls.model_validate(endpoint, from_attributes=True)


class WebhookEndpointWithSecret(WebhookEndpointResource):
    """An endpoint whose secret was just made."""

    secret: str
    """Verifies the header `webhook-signature` (Standard Webhooks). Shown this once."""


class ReplayResource(ResponseModel):
    """What a replay has begun."""

    object: Literal["replay"] = "replay"
    deliveries: int
    """So many were made, beside those that waited."""


class WebhookEndpoints:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_endpoints(self, request: ApiRequest[NoBody, PageQuery]) -> Page[WebhookEndpointResource]:
        """A page of them."""
        query = request.query
        async with self._house.store.read() as connection:
            rows = await webhook_endpoints.listed(
                connection, limit=query.limit, after=query.cursor, descending=query.order == "desc"
            )
        return page_of(
            rows, query, item=WebhookEndpointResource.of, position=lambda one: Position(one.created_at, one.id)
        )

    async def create(self, request: ApiRequest[WebhookEndpointRequest, NoQuery]) -> WebhookEndpointWithSecret:
        """It gets what happens from now on."""
        body = request.body
        if request.attempt.made is not None:
            async with self._house.store.read() as connection:
                return _with_secret(_there(await webhook_endpoints.get(connection, request.attempt.made)))
        await self._check(body.url)
        async with self._house.store.write() as connection:
            made = await webhook_endpoints.create(
                connection,
                url=body.url,
                description=body.description,
                events=[one.value for one in body.events],
                now=self._house.now(),
            )
            await request.attempt.makes(connection, made.id)
        return _with_secret(made)

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> WebhookEndpointResource:
        """One endpoint."""
        async with self._house.store.read() as connection:
            return WebhookEndpointResource.of(_there(await webhook_endpoints.get(connection, request.path["id"])))

    async def change(self, request: ApiRequest[WebhookEndpointPatch, NoQuery]) -> WebhookEndpointResource:
        """What is sent from now on."""
        endpoint_id, body, now = request.path["id"], request.body, self._house.now()
        if body.url is not None:
            await self._check(body.url)
        async with self._house.store.write() as connection:
            changed = _there(
                await webhook_endpoints.change(
                    connection,
                    endpoint_id,
                    now=now,
                    url=body.url,
                    description=body.description,
                    events=None if body.events is None else [one.value for one in body.events],
                )
            )
            if body.enabled is True and not changed.enabled:
                changed = _there(await webhook_endpoints.enable(connection, endpoint_id, now=now))
            elif body.enabled is False and changed.enabled:
                changed = _there(
                    await webhook_endpoints.disable(connection, endpoint_id, DisabledReason.REQUESTED, now=now)
                )
        self._house.webhooks.wake()
        return WebhookEndpointResource.of(changed)

    async def delete(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """With all of its deliveries."""
        async with self._house.store.write() as connection:
            if not await webhook_endpoints.remove(connection, request.path["id"]):
                raise _none()

    async def rotate_secret(self, request: ApiRequest[NoBody, NoQuery]) -> WebhookEndpointWithSecret:
        """A new secret; for 24 hours both sign."""
        async with self._house.store.write() as connection:
            rotated = await webhook_endpoints.rotate_secret(connection, request.path["id"], now=self._house.now())
        return _with_secret(_there(rotated))

    async def test(self, request: ApiRequest[NoBody, NoQuery]) -> ReplayResource:
        """Send a `ping` to it."""
        async with self._house.store.write() as connection:
            endpoint = _there(await webhook_endpoints.get(connection, request.path["id"]))
            ping = await events.append(
                self._house.store,
                connection,
                EventType.PING,
                at=self._house.now(),
                data={"webhook_endpoint_id": endpoint.id},
                only=endpoint.id,
            )
        self._house.webhooks.told([ping])
        return ReplayResource(deliveries=1 if endpoint.enabled else 0)

    async def replay(self, request: ApiRequest[ReplayRequest, NoQuery]) -> ReplayResource:
        """Send what did not get through, such as when your application is back after an outage."""
        endpoint_id, body = request.path["id"], request.body
        async with self._house.store.read() as connection:
            _there(await webhook_endpoints.get(connection, endpoint_id))
        made = await replay(
            self._house.store,
            endpoint_id,
            body.since,
            body.until or self._house.now(),
            include_delivered=body.include_delivered,
            now=self._house.now(),
        )
        self._house.webhooks.wake()
        return ReplayResource(deliveries=made)

    async def _check(self, url: str) -> None:
        try:
            await self._house.webhooks.targets.check(url)
        except WebhookError as error:
            raise refused("url", "body", str(error), error.code) from None

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Webhooks", "scope": Scope.ADMIN}
        one: dict[str, Any] = {**alike, "path": "/webhook_endpoints/{id}", "path_parameters": ID}
        return [
            Route(
                method="GET", path="/webhook_endpoints", name="list_webhook_endpoints", summary="List endpoints",
                handler=self.list_endpoints, query=PageQuery, response=Page[WebhookEndpointResource], **alike,
            ),
            Route(
                method="POST", path="/webhook_endpoints", name="create_webhook_endpoint", status=201,
                summary="Add an endpoint", handler=self.create, request=WebhookEndpointRequest, request_example=EXAMPLE,
                response=WebhookEndpointWithSecret, response_example=WITH_SECRET, **alike,
            ),
            Route(
                method="GET", name="get_webhook_endpoint", summary="Get an endpoint", handler=self.get,
                response=WebhookEndpointResource, **one,
            ),
            Route(
                method="PATCH", name="update_webhook_endpoint", summary="Change an endpoint", handler=self.change,
                request=WebhookEndpointPatch, request_example={"enabled": True}, response=WebhookEndpointResource,
                response_example=ENDPOINT, **one,
            ),
            Route(
                method="DELETE", name="delete_webhook_endpoint", summary="Remove an endpoint", handler=self.delete,
                **one,
            ),
            Route(
                method="POST", path="/webhook_endpoints/{id}/rotate_secret", name="rotate_webhook_secret",
                summary="Make a new secret", handler=self.rotate_secret, path_parameters=ID,
                response=WebhookEndpointWithSecret, **alike,
            ),
            Route(
                method="POST", path="/webhook_endpoints/{id}/test", name="test_webhook_endpoint",
                summary="Send a ping", handler=self.test, path_parameters=ID, response=ReplayResource,
                response_example=REPLAY, status=202,
                **alike,
            ),
            Route(
                method="POST", path="/webhook_endpoints/{id}/replay", name="replay_webhooks",
                summary="Send events again", handler=self.replay, request=ReplayRequest, path_parameters=ID,
                request_example={"since": "2026-11-20T00:00:00Z", "until": "2026-11-23T00:00:00Z"},
                response=ReplayResource, status=202, **alike,
            ),
        ]  # fmt: skip


def _with_secret(endpoint: WebhookEndpoint) -> WebhookEndpointWithSecret:
    return WebhookEndpointWithSecret.model_validate(endpoint, from_attributes=True)


def _there(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise _none()
    return endpoint


def _none() -> Exception:
    return NOT_FOUND.problem("There is no such webhook endpoint.")
