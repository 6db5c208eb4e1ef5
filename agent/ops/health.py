"""Health over HTTP: is the process alive, can it take a call, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from agent.ops.site import Site
from agent.settings import HttpSettings

Checks = Callable[[], Mapping[str, bool]]
"""What must work for a call, by name: `asterisk`, `ears`, `mind`, `mouth`."""
Problems = Callable[[], Sequence[str]]
"""What a person should know, one sentence each."""


class HealthServer(Site):
    """Serves /health/live (200 while the process runs) and /health/ready (503 while a call would fail)."""

    def __init__(self, settings: HttpSettings, checks: Checks, problems: Problems = tuple) -> None:
        self._checks = checks
        self._problems = problems
        app = web.Application()
        app.router.add_get("/health/live", self._live)
        app.router.add_get("/health/ready", self._ready)
        super().__init__(app, key="http.port", bind=settings.bind, port=settings.port)

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _ready(self, _request: web.Request) -> web.Response:
        checks = dict(self._checks())
        ready = all(checks.values())
        body = {"ready": ready, "checks": checks, "problems": list(self._problems())}
        return web.json_response(body, status=200 if ready else 503)
