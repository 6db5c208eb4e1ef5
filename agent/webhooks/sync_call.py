"""Asks an application something and waits for its answer: who takes a call, or what a tool gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.domain.trace_context import HEADER, NoTracer, Tracer
from agent.errors import WebhookError
from agent.ids import new_id
from agent.webhooks.client import WebhookClient, read_at_most
from agent.webhooks.schedule import succeeded
from agent.webhooks.signing import signed_headers

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """By this machine's clock."""
    return datetime.now(UTC)


class SyncCalls:
    """Signed requests that are answered at once; never repeated, since the caller on the telephone is waiting."""

    def __init__(
        self, client: WebhookClient, *, timeout_s: float, clock: Clock = utc_now, tracer: Tracer | None = None
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._clock = clock
        self._tracer = tracer or NoTracer()

    async def ask(
        self,
        url: str,
        secrets: Sequence[str],
        kind: str,
        data: Mapping[str, Any],
        *,
        call_id: str | None = None,
        timeout_s: float | None = None,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What the application answers to `agent.lookup` or `tool.call`, as JSON; None for an empty answer.

        `request_id`: the `webhook-id`; a new one by default. `headers`: more of them.
        Raises WebhookError: those of `WebhookClient.post`, and `webhook_refused` (not 2xx), `webhook_bad_answer` (no
        JSON), `webhook_answer_too_long` (over 64 KB).
        """
        request_id = request_id or new_id("req")
        at = self._clock()
        message = {
            "object": "request",
            "id": request_id,
            "type": kind,
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "call_id": call_id,
            "data": dict(data),
        }
        body = json.dumps(message, separators=(",", ":"))
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        sent = {**(headers or {}), **signed_headers(request_id, body, secrets, at=at)}
        with self._tracer.span(kind, kind="client", call_id=call_id, attributes={"request.id": request_id}) as span:
            sent |= {} if span.context is None else {HEADER: span.context.header}
            async with self._client.post(url, body, sent, timeout_s=limit_s) as response:
                if not succeeded(response.status):
                    raise WebhookError(f"The application answered {response.status} to {kind}.", code="webhook_refused")
                answer = await read_at_most(response)
        if answer is None:
            raise WebhookError(f"The application's answer to {kind} has over 64 KB.", code="webhook_answer_too_long")
        try:
            return json.loads(answer) if answer.strip() else None
        except (ValueError, RecursionError):
            raise WebhookError(f"The application's answer to {kind} is no JSON.", code="webhook_bad_answer") from None
