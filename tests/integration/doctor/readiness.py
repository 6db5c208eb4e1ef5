"""Answers as a running agent does when it is asked whether it is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from agent.ops.site import Site
from agent.settings import HttpSettings


class ReadinessServer(Site):
    def __init__(self, settings: HttpSettings, checks: Callable[[], Mapping[str, bool]]) -> None:
        self._checks = checks
        app = web.Application()
        app.router.add_get("/readyz", self._ready)
        super().__init__(app, key="http.port", bind=settings.bind, port=settings.port)

    async def _ready(self, _request: web.Request) -> web.Response:
        checks = dict(self._checks())
        ready = all(checks.values())
        body = {"ready": ready, "checks": checks, "problems": []}
        return web.json_response(body, status=200 if ready else 503)
