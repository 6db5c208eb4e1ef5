"""Letting the server run empty: /v1/system/drain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.problem_types import WRONG_STATE
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.store.api_keys import Scope
from agent.telephony.drain import DrainState

LONGEST_S = 86_400


EXAMPLE: Final = {
    "object": "drain",
    "since": "2026-11-27T09:30:00Z",
    "deadline": "2026-11-27T09:35:00Z",
    "calls": 2,
    "stopping": False,
}


class DrainRequest(RequestModel):
    """How long calls may go on."""

    timeout_s: Annotated[float, Field(ge=0, le=LONGEST_S)] | None = None
    """Seconds from now; without it `drain.timeout_s` of the configuration, or the deadline that was set before."""


class DrainResource(ResponseModel):
    """No new call is taken."""

    object: Literal["drain"] = "drain"
    since: datetime
    deadline: datetime
    """Calls that go on then are told goodbye, and end with `server_shutdown`."""
    calls: int
    """That go on."""
    stopping: bool
    """The server ends when they are over; otherwise it waits for `DELETE /v1/system/drain`."""

    @classmethod
    def of(cls, state: DrainState | None) -> DrainResource | None:
        """None where calls are taken."""
        return None if state is None else cls.model_validate(state, from_attributes=True)


class Draining:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._drain = house.drain

    async def begin(self, request: ApiRequest[DrainRequest, NoQuery]) -> DrainResource | None:
        """Doing it again changes nothing, unless it names a time. What the end of the server has begun stays."""
        state = self._drain.state
        if state is None or not state.stopping:
            self._drain.begin(request.body.timeout_s)
        return DrainResource.of(self._drain.state)

    async def take_back(self, _request: ApiRequest[NoBody, NoQuery]) -> None:
        """Take calls again. Doing it again changes nothing."""
        if not self._drain.resume():
            raise WRONG_STATE.problem("The server is about to end; it takes no calls any more.")

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="POST", path="/system/drain", name="start_drain", tag="System",
                summary="Take no new calls, and let those under way finish", handler=self.begin, scope=Scope.ADMIN,
                request=DrainRequest, response=DrainResource, request_example={"timeout_s": 300},
                response_example=EXAMPLE,
                description="New callers go on as `drain.rule` says; `/readyz` answers 503. The process goes on.",
            ),
            Route(
                method="DELETE", path="/system/drain", name="end_drain", tag="System", summary="Take calls again",
                handler=self.take_back, scope=Scope.ADMIN, problems=(WRONG_STATE,),
            ),
        ]  # fmt: skip
