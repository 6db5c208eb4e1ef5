"""The switch that stops all calls out: /v1/system/outbound_stop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.store import outbound_usage, switches
from agent.store.api_keys import Scope

EXAMPLE: Final = {
    "object": "outbound_stop",
    "stopped": True,
    "since": "2026-11-27T09:30:00Z",
    "reason": "Wrong list of numbers.",
    "waiting": 17,
}


class OutboundStopRequest(RequestModel):
    """Why."""

    reason: Annotated[str, StringConstraints(max_length=2000)] = ""


class OutboundStop(ResponseModel):
    """Whether calls out are stopped."""

    object: Literal["outbound_stop"] = "outbound_stop"
    stopped: bool
    since: datetime | None
    """Null where they are not stopped, or where `outbound.stopped` of the configuration says so."""
    reason: str
    waiting: int
    """Calls in the queue."""


class OutboundStopping:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def get(self, _request: ApiRequest[NoBody, NoQuery]) -> OutboundStop:
        """As it is now."""
        async with self._house.store.read() as connection:
            switch = await switches.get(connection, switches.OUTBOUND_STOP)
            waiting = await outbound_usage.waiting(connection)
        return OutboundStop(
            stopped=switch is not None or self._house.settings.outbound.stopped,
            since=switch.since if switch else None,
            reason=switch.reason if switch else "",
            waiting=waiting,
        )

    async def stop(self, request: ApiRequest[OutboundStopRequest, NoQuery]) -> OutboundStop:
        """From now on nothing is dialled. Doing it again changes nothing."""
        async with self._house.store.write() as connection:
            await self._house.store.lock_orders(connection)
            switch = await switches.turn_on(
                connection, switches.OUTBOUND_STOP, now=self._house.now(), reason=request.body.reason
            )
            waiting = await outbound_usage.waiting(connection)
        return OutboundStop(stopped=True, since=switch.since, reason=switch.reason, waiting=waiting)

    async def start(self, _request: ApiRequest[NoBody, NoQuery]) -> None:
        """Go on with the queue. Doing it again changes nothing."""
        async with self._house.store.write() as connection:
            await switches.turn_off(connection, switches.OUTBOUND_STOP)
        self._house.orders.changed()

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        path, tag = "/system/outbound_stop", "System"
        return [
            Route(
                method="GET", path=path, name="get_outbound_stop", tag=tag, summary="Are calls out stopped",
                handler=self.get, scope=Scope.READ, response=OutboundStop, response_example=EXAMPLE,
            ),
            Route(
                method="POST", path=path, name="stop_outbound", tag=tag, summary="Stop all calls out",
                handler=self.stop, scope=Scope.ADMIN, request=OutboundStopRequest, response=OutboundStop,
                request_example={"reason": "Wrong list of numbers."}, response_example=EXAMPLE,
                description="On all servers that share the database, and until `DELETE`, whatever restarts. New orders "
                "are refused, those that wait keep waiting, and what rings or is being talked goes on.",
            ),
            Route(
                method="DELETE", path=path, name="start_outbound", tag=tag, summary="Call out again",
                handler=self.start, scope=Scope.ADMIN,
                description="`outbound.stopped` of the configuration stops calls all the same.",
            ),
        ]  # fmt: skip
