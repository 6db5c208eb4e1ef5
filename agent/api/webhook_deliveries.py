"""What was sent, and what became of it: /v1/webhook_endpoints/{id}/deliveries, /v1/webhook_deliveries/{id}/retry."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

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


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    status: DeliveryStatus | None = None
    event_type: EventType | None = None
    call_id: str | None = None


class DeliveryResource(ResponseModel):
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
    def of(cls, delivery: WebhookDelivery) -> DeliveryResource:
        """For the public."""
        shown = cls.model_validate(delivery, from_attributes=True)
        pending = delivery.status is DeliveryStatus.PENDING
        return shown if pending else shown.model_copy(update={"next_attempt_at": None})


class WebhookDeliveries:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_deliveries(self, request: ApiRequest[NoBody, DeliveryQuery]) -> Page[DeliveryResource]:
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
        return page_of(rows, query, item=DeliveryResource.of, position=lambda one: Position(one.created_at, one.id))

    async def retry(self, request: ApiRequest[NoBody, NoQuery]) -> DeliveryResource:
        """Send it now, whatever became of it."""
        async with self._house.store.write() as connection:
            again = await webhook_deliveries.retry(connection, request.path["id"], now=self._house.now())
        if again is None:
            raise NOT_FOUND.problem("There is no such delivery.")
        self._house.webhooks.told(())
        return DeliveryResource.of(again)

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Webhooks", "scope": Scope.ADMIN}
        return [
            Route(
                method="GET", path="/webhook_endpoints/{id}/deliveries", name="list_webhook_deliveries",
                summary="List deliveries", handler=self.list_deliveries, query=DeliveryQuery,
                path_parameters={"id": "Id of the endpoint."}, response=Page[DeliveryResource], **alike,
            ),
            Route(
                method="POST", path="/webhook_deliveries/{id}/retry", name="retry_webhook_delivery",
                summary="Send a delivery again", handler=self.retry, path_parameters={"id": "Id of the delivery."},
                response=DeliveryResource, status=202, **alike,
            ),
        ]  # fmt: skip
