"""The server itself: /readyz and /v1/system."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from aiohttp import web

from agent import __version__
from agent.api.answers import json_answer
from agent.api.drain import DrainResource
from agent.api.house import House
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.trunks import TrunkResource
from agent.store import webhook_deliveries
from agent.store.api_keys import Scope

EXAMPLE: Final = {
    "object": "system",
    "version": "0.1.0",
    "started_at": "2026-11-27T06:00:00Z",
    "uptime_seconds": 12600.5,
    "ready": True,
    "checks": {"asterisk": True, "store": True, "ears": True, "mind": True, "mouth": True, "accepting_calls": True},
    "problems": [],
    "restarts": {"ears": 0, "mind": 1, "mouth": 0},
    "calls": 3,
    "capacity": {"max": 6, "in_use": 3, "waiting": 0},
    "trunks": [
        {
            "name": "provider",
            "endpoint": "trunk",
            "usable": True,
            "known": True,
            "registration": "registered",
            "reach": "reachable",
            "roundtrip_ms": 18.4,
        }
    ],
    "listeners": 0,
    "record": {"waiting": 0, "lost": 0},
    "deliveries": {"pending": 2, "oldest_at": "2026-11-27T09:29:58Z"},
    "drain": None,
}


class Readiness(ResponseModel):
    """Whether a call that came now would be answered."""

    ready: bool
    checks: dict[str, bool]
    """Each part by name: asterisk, store, ears, mind, mouth; and accepting_calls, which a drain makes false."""
    trunks: dict[str, bool]
    """Each line to the outside by name, and whether it is usable; it does not count for `ready`: calls in go on."""
    problems: list[str]
    """What a person should know, one sentence each."""


class CapacityResource(ResponseModel):
    """Places for calls on this server; /v1/limits tells more."""

    max: int
    in_use: int
    waiting: int
    """Callers who wait for a place."""


class RecordResource(ResponseModel):
    """What is to be written into the database."""

    waiting: int
    """Events that are not on disk yet; they are kept in memory while the database is away."""
    lost: int
    """Events that had to be given up since the server started."""


class DeliveriesResource(ResponseModel):
    """Webhooks of all servers that share the database: what waits to be sent."""

    pending: int
    oldest_at: datetime | None
    """Since when the one that waits longest does."""


class SystemResource(ResponseModel):
    """How this server is doing."""

    object: Literal["system"] = "system"
    version: str
    started_at: datetime
    uptime_seconds: float
    ready: bool
    checks: dict[str, bool]
    """Each part by name, as in /readyz."""
    problems: list[str]
    """What a person should know, one sentence each."""
    restarts: dict[str, int]
    """How often each model process was started again."""
    calls: int
    """Under way on this server."""
    capacity: CapacityResource
    trunks: list[TrunkResource]
    """The lines to the outside of the configuration."""
    listeners: int
    """Who listen to live calls."""
    record: RecordResource
    deliveries: DeliveriesResource
    drain: DrainResource | None
    """Null while calls are taken."""


class System:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._started_at = house.now()

    async def ready(self, _request: ApiRequest[NoBody, NoQuery]) -> web.StreamResponse:
        """200 or 503."""
        checks = dict(self._house.checks())
        trunks = {state.name: state.usable for state in self._house.trunks()}
        problems = list(self._house.problems())
        body = Readiness(ready=all(checks.values()), checks=checks, trunks=trunks, problems=problems)
        return json_answer(body, status=200 if body.ready else 503)

    async def get(self, _request: ApiRequest[NoBody, NoQuery]) -> SystemResource:
        """All of it."""
        house = self._house
        async with house.store.read() as connection:
            backlog = await webhook_deliveries.backlog(connection)
        checks, places, recorder = dict(house.checks()), house.places, house.recorder
        return SystemResource(
            version=__version__,
            started_at=self._started_at,
            uptime_seconds=round((house.now() - self._started_at).total_seconds(), 1),
            ready=all(checks.values()),
            checks=checks,
            problems=list(house.problems()),
            restarts=dict(house.restarts()),
            calls=len(house.live),
            capacity=CapacityResource(max=places.limit, in_use=places.taken, waiting=places.waiting),
            trunks=[TrunkResource.of(state) for state in house.trunks()],
            listeners=len(house.listeners),
            record=RecordResource(waiting=recorder.waiting, lost=recorder.lost),
            deliveries=DeliveriesResource(
                pending=sum(one.pending for one in backlog),
                oldest_at=min((one.oldest for one in backlog), default=None),
            ),
            drain=DrainResource.of(house.drain.state),
        )

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="GET", path="/readyz", base="", name="get_readiness", tag="Health",
                summary="Would a call be answered now", handler=self.ready, scope=None,
                media={"application/json": "`ready`, `checks` by name, and `problems`; 503 where it is not ready."},
            ),
            Route(
                method="GET", path="/system", name="get_system", tag="System", summary="How is this server doing",
                handler=self.get, scope=Scope.READ, response=SystemResource, response_example=EXAMPLE,
            ),
        ]  # fmt: skip
