"""What was sent, and what became of it: /v1/webhook_endpoints/{id}/deliveries, /v1/webhook_deliveries/{id}/retry."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.event_types import EventType
from agent.store import webhook_deliveries, webhook_endpoints
from agent.store.api_keys import Scope
from agent.store.keyset import Position
from agent.store.webhook_deliveries import DeliveryStatus, WebhookDelivery

EXAMPLE: Final = {
    "object": "webhook_delivery",
    "id": "wd_01JDQ3X5G8J0L2N4Q6S8U0W2Y4",
    "endpoint_id": "we_01JDQ3W9A6C8E0G2J4L6N8Q0S2",
    "event_id": "evt_01JDQ3X4F7H9K1M3P5R7T9V1X3",
    "event_type": "call.ended",
    "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "status": "pending",
    "attempts": 2,
    "next_attempt_at": "2026-11-27T09:36:14Z",
    "created_at": "2026-11-27T09:31:13.500000Z",
    "finished_at": None,
    "response_status": 503,
    "error": "The endpoint answered 503.",
}


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    status: DeliveryStatus | None = None
    event_type: EventType | None = None
    call_id: str | None = None


class WebhookDeliveryResource(ResponseModel):
    """One event for one endpoint."""

    object: Literal["webhook_delivery"] = "webhook_delivery"
    id: str
    endpoint_id: str
    event_id: str
    """Sent as the header `webhook-id`: the same in each attempt, so that the receiver can tell repetitions."""
    event_type: str
    call_id: str | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    """Null where none follows."""
    created_at: datetime
    finished_at: datetime | None
    response_status: int | None
    error: str | None
    """Why the last attempt failed."""

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> WebhookDeliveryResource:
        """For the public."""
        shown = cls.model_validate(delivery, from_attributes=True)
        pending = delivery.status is DeliveryStatus.PENDING
        return shown if pending else shown.model_copy(update={"next_attempt_at": None})


class WebhookDeliveries:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_deliveries(self, request: ApiRequest[NoBody, DeliveryQuery]) -> Page[WebhookDeliveryResource]:
        """A page of deliveries to one endpoint."""
        query, endpoint_id = request.query, request.path["id"]
        async with self._house.store.read() as connection:
            if await webhook_endpoints.get(connection, endpoint_id) is None:
                raise NOT_FOUND.problem("There is no such webhook endpoint.")
            rows = await webhook_deliveries.listed(
                connection,
                endpoint_id,
                limit=query.limit,
                after=query.cursor,
                descending=query.order == "desc",
                status=query.status,
                event_type=query.event_type,
                call_id=query.call_id,
            )
        return page_of(
            rows, query, item=WebhookDeliveryResource.of, position=lambda one: Position(one.created_at, one.id)
        )

    async def retry(self, request: ApiRequest[NoBody, NoQuery]) -> WebhookDeliveryResource:
        """Send it now, whatever became of it."""
        async with self._house.store.write() as connection:
            again = await webhook_deliveries.retry(connection, request.path["id"], now=self._house.now())
        if again is None:
            raise NOT_FOUND.problem("There is no such delivery.")
        self._house.webhooks.wake()
        return WebhookDeliveryResource.of(again)

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Webhooks", "scope": Scope.ADMIN}
        return [
            Route(
                method="GET", path="/webhook_endpoints/{id}/deliveries", name="list_webhook_deliveries",
                summary="List deliveries", handler=self.list_deliveries, query=DeliveryQuery,
                path_parameters={"id": "Id of the endpoint."}, response=Page[WebhookDeliveryResource], **alike,
            ),
            Route(
                method="POST", path="/webhook_deliveries/{id}/retry", name="retry_webhook_delivery",
                summary="Send a delivery again", handler=self.retry, path_parameters={"id": "Id of the delivery."},
                response=WebhookDeliveryResource, response_example=EXAMPLE, status=202, **alike,
            ),
        ]  # fmt: skip
