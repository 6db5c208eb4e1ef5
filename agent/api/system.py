"""The server itself: /readyz and /v1/system."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from agent import __version__
from agent.api.answers import json_answer
from agent.api.drain import DrainResource
from agent.api.house import House
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.store.api_keys import Scope


class Readiness(ResponseModel):
    """Whether a call that came now would be answered."""

    ready: bool
    checks: dict[str, bool]
    """Each part by name: asterisk, store, ears, mind, mouth; and accepting_calls, which a drain makes false."""
    problems: list[str]
    """What a person should know, one sentence each."""


class SystemResource(ResponseModel):
    """How this server is doing."""

    object: Literal["system"] = "system"
    version: str
    ready: bool
    checks: dict[str, bool]
    problems: list[str]
    calls: int
    """Under way on this server."""
    drain: DrainResource | None
    """Null while calls are taken."""


class System:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def ready(self, _request: ApiRequest[NoBody, NoQuery]) -> web.StreamResponse:
        """200 or 503."""
        checks = dict(self._house.checks())
        body = Readiness(ready=all(checks.values()), checks=checks, problems=list(self._house.problems()))
        return json_answer(body, status=200 if body.ready else 503)

    async def get(self, _request: ApiRequest[NoBody, NoQuery]) -> SystemResource:
        """All of it."""
        checks = dict(self._house.checks())
        return SystemResource(
            version=__version__,
            ready=all(checks.values()),
            checks=checks,
            problems=list(self._house.problems()),
            calls=len(self._house.live),
            drain=DrainResource.of(self._house.drain.state),
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
                handler=self.get, scope=Scope.READ, response=SystemResource,
            ),
        ]  # fmt: skip
