"""The web application: routes, what is around them, and what describes them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

from aiohttp import web

from agent.api.auth import Authenticator
from agent.api.dispatch import Dispatcher
from agent.api.docs_page import CONTENT_SECURITY_POLICY, docs_page
from agent.api.idempotency import Idempotency
from agent.api.middleware import OBSERVER, TRACER, Observer, add_headers, around
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.openapi import openapi
from agent.api.problem_types import MAX_BODY_BYTES
from agent.api.rate_limit import RateLimit, RateLimiter
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.trace_context import Tracer
from agent.store.api_keys import ApiKeys
from agent.store.idempotency_keys import IdempotencyKeys


class Alive(ResponseModel):
    """That the process answers."""

    status: Literal["ok"] = "ok"


def build_app(
    routes: Sequence[AnyRoute],
    *,
    keys: ApiKeys,
    idempotency_keys: IdempotencyKeys,
    observer: Observer | None = None,
    tracer: Tracer | None = None,
    limit: RateLimit = RateLimit(),  # noqa: B008 - frozen
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    seconds: Callable[[], float] = time.monotonic,
) -> web.Application:
    """`routes`, /healthz, /openapi.json and /docs. `seconds` is a clock that never goes back.

    `observer` is told of every request, `tracer` of those to /v1 that are no streams.

    Raises ValueError where two routes have the same name or the same method and path.
    """
    routes = (*routes, healthz())
    _check_unique(routes)
    authenticator = Authenticator(keys, now)
    dispatcher = Dispatcher(authenticator, RateLimiter(limit), Idempotency(idempotency_keys, now), seconds)
    app = web.Application(middlewares=[around], client_max_size=MAX_BODY_BYTES)
    if observer is not None:
        app[OBSERVER] = observer
    if tracer is not None:
        app[TRACER] = tracer
    for route in routes:
        handler = dispatcher.handler(route)
        app.router.add_route(route.method, route.full_path, handler)
        if route.method == "GET" and (route.head or not route.media):
            app.router.add_route("HEAD", route.full_path, handler)
    _add_description(app, routes)
    app.on_response_prepare.append(add_headers)

    async def lifetime(_app: web.Application) -> AsyncIterator[None]:
        yield
        await authenticator.close()

    app.cleanup_ctx.append(lifetime)
    return app


def healthz() -> AnyRoute:
    """The route by which others see that the process lives."""

    async def alive(_request: ApiRequest[NoBody, NoQuery]) -> Alive:
        return Alive()

    return Route(
        method="GET",
        path="/healthz",
        base="",
        name="get_health",
        tag="Health",
        summary="Is the process alive",
        handler=alive,
        scope=None,
        response=Alive,
        response_example={"status": "ok"},
    )


def _check_unique(routes: Sequence[AnyRoute]) -> None:
    seen: set[object] = set()
    for route in routes:
        for mark in (route.name, (route.method, route.full_path)):
            if mark in seen:
                raise ValueError(f"{route.name}: {mark} is declared twice")
            seen.add(mark)


def _add_description(app: web.Application, routes: Sequence[AnyRoute]) -> None:
    """Both are made once: they change with the program only."""
    document = openapi(routes)
    page = docs_page(document)

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(document)

    async def show(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return web.Response(text=page, content_type="text/html", headers=headers)

    app.router.add_get("/openapi.json", describe)
    app.router.add_get("/docs", show)
