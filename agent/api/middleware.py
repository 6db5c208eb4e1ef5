"""What happens around every request: its id, its line in the log, and errors as problems."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from agent.api.problem_mapping import problem_of
from agent.api.route import AnyRoute
from agent.domain.trace_context import CAUSE, NoTracer, Span, TraceContext, Tracer
from agent.domain.trace_context import HEADER as HEADER_OF_TRACE
from agent.errors import PhoneAgentError, StoreError
from agent.ids import new_id

HEADER = "X-Request-Id"
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
ROUTE: web.RequestKey[AnyRoute] = web.RequestKey("route")
ANSWER_HEADERS: web.RequestKey[dict[str, str]] = web.RequestKey("answer_headers", dict)
Observer = Callable[[str, str, str, float | None], None]
"""Takes a request's method, route, status, and seconds; None for a stream, which lasts as long as its client wishes."""
OBSERVER: web.AppKey[Observer] = web.AppKey("observer")
_BEGUN: web.RequestKey[bool] = web.RequestKey("begun", bool)
TRACER: web.AppKey[Tracer] = web.AppKey("tracer")
_CALL_ID = re.compile(r"call_[0-9A-Z]{26}")
"""What else stands in a path may be somebody's number, and is told nobody."""
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FRAMES_LOGGED = 6
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No page of a browser is to make anything of an answer. One that sets a header itself keeps it."""

NO_TRACER = NoTracer()

log = structlog.get_logger()


def call_id_in(request: web.Request) -> str | None:
    """The call that the path names."""
    found = request.match_info.get("id", "")
    return found if _CALL_ID.fullmatch(found) else None


def request_id_of(given: str | None) -> str:
    """The client's own id, where it is a plain token, so that both logs can be read together; else a new one."""
    return given if given and _SANE.fullmatch(given) else new_id("req")


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request passes here first. Nothing but a lost connection or a cancellation leaves as an exception."""
    request[REQUEST_ID] = request_id = request_id_of(request.headers.get(HEADER))
    request[ANSWER_HEADERS] = {HEADER: request_id}
    begun_at = time.perf_counter()
    structlog.contextvars.clear_contextvars()  # the connection's task has seen other requests
    structlog.contextvars.bind_contextvars(request_id=request_id)
    status = 0
    try:
        with _traced(request, request_id) as span:
            CAUSE.set(span.context)
            answer = await _answered(request, handler)
            status = answer.status
            span.set(http__response__status_code=status, **({"error": str(status)} if status >= 500 else {}))
        return answer
    finally:
        seconds = time.perf_counter() - begun_at
        _log_line(request, status, seconds)
        _observe(request, status, seconds)


def _traced(request: web.Request, request_id: str) -> AbstractContextManager[Span]:
    """A span of the client's trace, where it named one. Streams last as long as clients wish, and health is no news."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "other"
    is_plain = route.startswith("/v1/") and not route.endswith(("/stream", "/audio"))
    tracer: Tracer = request.app.get(TRACER, NO_TRACER) if is_plain else NO_TRACER
    method = request.method if resource else "other"
    return tracer.span(
        f"{method} {route}", kind="server", parent=TraceContext.parse(request.headers.get(HEADER_OF_TRACE)),
        call_id=call_id_in(request),
        attributes={"http.request.method": method, "http.route": route, "request.id": request_id},
    )  # fmt: skip


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For the signal `on_response_prepare`: streams get them, too."""
    request[_BEGUN] = True
    response.headers.update(request.get(ANSWER_HEADERS, {}))
    response.headers["Server"] = "phone-agent"  # aiohttp would tell its version and Python's
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ConnectionError:
        raise
    except Exception as error:
        problem = problem_of(error)
        if problem.type.status >= 500 and problem is not error:
            _log_fault(error)
        if request.get(_BEGUN):
            raise ConnectionResetError("The answer had begun when this happened.") from error
        return problem.response(request[REQUEST_ID])


def _log_fault(error: Exception) -> None:
    """Without the error's text above DEBUG: pydantic and SQLAlchemy quote in it what callers said and sent."""
    if isinstance(error, StoreError):
        log.error("api.store_failed", error=str(error))
        return
    if isinstance(error, PhoneAgentError):
        log.error("api.part_failed", code=error.code, kind=type(error).__name__)
        log.debug("api.failed_with", exc_info=error)
        return
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_LOGGED:]
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("api.failed", error=type(error).__name__, where=where)
    log.debug("api.failed_with", exc_info=error)


def _observe(request: web.Request, status: int, seconds: float) -> None:
    """Methods and paths that nobody declared are one: anybody may make up more."""
    route = request.get(ROUTE)
    observer = request.app.get(OBSERVER)
    if observer is None:
        return
    told = str(status or "disconnected")
    if route is None:
        observer("other", "other", told, seconds)
    else:
        is_stream = "text/event-stream" in route.media or route.admits is not None
        observer(route.method, route.full_path, told, None if is_stream else seconds)


def _log_line(request: web.Request, status: int, seconds: float) -> None:
    """The path as it was declared: what stands in its braces, or behind a `?`, may be somebody's number."""
    route = request.get(ROUTE)
    write = log.debug if route is not None and route.scope is None and status < 400 else log.info
    write(
        "api.request",
        method=request.method,
        route=route.full_path if route else None,
        status=status or "disconnected",
        milliseconds=round(seconds * 1000, 1),
    )
