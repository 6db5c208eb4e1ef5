"""One attempt to deliver one event to one endpoint."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime

import aiohttp
import structlog

from agent.domain.trace_context import HEADER, NoTracer, TraceContext, Tracer
from agent.errors import WebhookError
from agent.store.events import StoredEvent
from agent.store.webhook_endpoints import WebhookEndpoint
from agent.webhooks.client import WebhookClient, read_at_most
from agent.webhooks.schedule import Answer
from agent.webhooks.signing import signed_headers

DISCARD_S = 1.0
"""The answer is known by its first line; so long its body may still come, to let the connection be used again."""

NO_TRACER = NoTracer()

log = structlog.get_logger()


def body_of(event: StoredEvent) -> str:
    """The event as it is sent: compact JSON, in ASCII."""
    return json.dumps(event.as_json(), separators=(",", ":"))


async def post(
    client: WebhookClient,
    endpoint: WebhookEndpoint,
    event: StoredEvent,
    *,
    now: datetime,
    timeout_s: float,
    tracer: Tracer = NO_TRACER,
) -> Answer:
    """Send an event; whatever happens is an answer."""
    about = {"event.type": event.type, "event.id": event.id, "webhook_endpoint.id": endpoint.id}
    parent = TraceContext.parse(event.traceparent)
    with tracer.span("webhook", kind="client", parent=parent, call_id=event.call_id, attributes=about) as span:
        answer = await _post(client, endpoint, event, now=now, timeout_s=timeout_s, trace=span.context)
        if answer.status is None:
            span.set(error="webhook_error")
        else:
            span.set(http__response__status_code=answer.status)
        return answer


async def _post(
    client: WebhookClient,
    endpoint: WebhookEndpoint,
    event: StoredEvent,
    *,
    now: datetime,
    timeout_s: float,
    trace: TraceContext | None,
) -> Answer:
    try:
        body = body_of(event)
        headers = signed_headers(event.id, body, endpoint.secrets(now), at=now)
        headers |= {} if trace is None else {HEADER: trace.header}
        async with client.post(endpoint.url, body, headers, timeout_s=timeout_s) as response:
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with client.time_limit(DISCARD_S):
                    await read_at_most(response)
            return Answer(response.status, response.headers.get("Retry-After"))
    except WebhookError as error:
        return Answer(error=str(error))
    except Exception:  # one event or endpoint that we cannot cope with must not hold up the others
        log.exception("webhook.attempt_failed", endpoint_id=endpoint.id, event_id=event.id)
        return Answer(error="The event could not be sent; the log of the server tells why.")
