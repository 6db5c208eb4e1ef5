"""From a declared route to an aiohttp handler: let in, read, run, answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel

from agent.api import idempotency
from agent.api.answers import json_answer
from agent.api.auth import Authenticator, check_scope
from agent.api.idempotency import Attempt, Idempotency
from agent.api.middleware import ANSWER_HEADERS, REQUEST_ID, ROUTE, call_id_in
from agent.api.models import NoBody
from agent.api.problem_types import RATE_LIMITED
from agent.api.problems import ApiProblem
from agent.api.rate_limit import RateLimiter
from agent.api.requests import body_of, path_of, query_of
from agent.api.route import AnyRoute, ApiRequest
from agent.store.api_keys import ApiKey, Scope

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What all routes share."""

    authenticator: Authenticator
    limiter: RateLimiter
    idempotency: Idempotency
    seconds: Callable[[], float] = time.monotonic

    def handler(self, route: AnyRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What aiohttp calls for a route.

        A key is looked at before anything else of a request, so that strangers learn nothing and cost little.
        """

        async def answer(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = route
            needs_key = route.scope and not (route.admits and route.admits(request))
            key = await self._let_in(request, route.scope) if route.scope and needs_key else None
            path = path_of(request.match_info)
            if (call_id := call_id_in(request)) is not None:
                structlog.contextvars.bind_contextvars(call_id=call_id)
            query = query_of(request.query, route.query)
            body, document = await body_of(request, route.request) if route.takes_body else (NoBody(), None)

            async def work(attempt: Attempt) -> web.StreamResponse:
                return await _run(route, ApiRequest(body, query, path, key, request[REQUEST_ID], request, {}, attempt))

            token = idempotency.key_of(request) if route.idempotent_by_key else None
            if token is None or key is None:
                return await work(Attempt())
            fingerprint = idempotency.fingerprint(request, document)
            return await self.idempotency.once(key.id, token, fingerprint, work, request[REQUEST_ID])

        return answer

    async def _let_in(self, request: web.Request, scope: Scope) -> ApiKey:
        key = await self.authenticator.key_of(request)
        structlog.contextvars.bind_contextvars(key_id=key.id)
        decision = self.limiter.take(key.id, self.seconds())
        request[ANSWER_HEADERS].update(decision.headers)
        if not decision.allowed:
            raise RATE_LIMITED.problem(f"This key has no request left; wait {decision.wait_s} s.")
        check_scope(key, scope)
        return key


def _tell_undeclared(route: AnyRoute, problem: ApiProblem) -> None:
    """The client gets the problem all the same; the documentation does not know of it."""
    if problem.type not in route.all_problems:
        log.error("api.problem_not_declared", operation=route.name, code=problem.code)


def _of_kind(result: object, kind: type[BaseModel]) -> object:
    """A `Page` as the `Page[Call]` that is declared: every item is looked at. Raises ValidationError."""
    if isinstance(result, BaseModel) and type(result) is kind.__pydantic_generic_metadata__["origin"]:
        return kind.model_validate(dict(result))
    return result


async def _run(route: AnyRoute, api_request: ApiRequest[Any, Any]) -> web.StreamResponse:
    """Raises TypeError or ValidationError where a handler returns something else than its route declares."""
    try:
        result = await route.handler(api_request)
    except ApiProblem as problem:
        _tell_undeclared(route, problem)
        raise
    if isinstance(result, web.StreamResponse) and route.media:
        return result
    if route.response is not None and isinstance(declared := _of_kind(result, route.response), route.response):
        return json_answer(declared, status=route.answer_status, headers=api_request.answer_headers)
    if result is None and route.answer_status == 204:
        return web.Response(status=204, headers=api_request.answer_headers)
    raise TypeError(f"{route.name} returned {type(result).__name__}, which its route does not declare")
