"""Does the work of tools that ask a web service by themselves: bounded in time and size, only at allowed addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from agent.domain.call import Call
from agent.domain.http_tool import HttpRequest
from agent.domain.tool_calls import ToolAnswer
from agent.domain.tools import Tool
from agent.errors import WebhookError
from agent.webhooks.client import WebhookClient, read_at_most
from agent.webhooks.idempotency import IdempotencyKeys

Secrets = Callable[[str], str]
"""The text of a secret, by its name. Raises PhoneAgentError where there is none."""

LONGEST_ERROR = 300
"""Characters of what a service says against a request."""
_NOT_HERE = frozenset({401, 403, 407, 408, 425, 429})
"""It does not take requests of ours, or not now: nothing that the caller could have asked otherwise."""
_AGAIN = frozenset({"webhook_unreachable", "tool_fault"})


class HttpTools:
    """A ToolRunner of `agent.dialog.tool_desk`."""

    def __init__(self, client: WebhookClient, secrets: Secrets, *, timeout_s: float) -> None:
        """`timeout_s` for tools that say none."""
        self._client = client
        self._secrets = secrets
        self._timeout_s = timeout_s
        self._keys = IdempotencyKeys()

    async def run(self, call: Call, tool: Tool, use_id: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Ask, and again as often as the tool says, all of it within its time.

        Raises WebhookError: those of `WebhookClient.request`, `tool_fault` (5xx), `tool_not_allowed` (it refuses us),
        `tool_redirected`, `tool_answered_html`, `tool_answer_too_long` (over 64 KB) and `tool_bad_answer`; and
        PhoneAgentError: `tool_bad_arguments`, or that of a secret which there is not.
        """
        request = tool.http
        if request is None:
            raise WebhookError(f"The tool {tool.name} asks no web service.", code="tool_without_url")
        url, body = request.address(arguments), None
        if request.method.takes_body:
            body = json.dumps(request.rest(arguments), separators=(",", ":"))
        headers = {
            **request.headers,
            **{name: self._secrets(secret) for name, secret in request.secret_headers.items()},
        }
        headers |= {"idempotency-key": self._keys.key(call.id, tool, arguments), "x-request-id": use_id}
        limit_s = tool.timeout_s or self._timeout_s
        try:
            async with self._client.time_limit(limit_s):
                answer = await self._tried(request, url, body, headers, limit_s)
        except TimeoutError:
            raise WebhookError(
                f"The web service did not answer within {limit_s:g} s.", code="webhook_timeout"
            ) from None
        self._keys.settled(call.id, tool, arguments)
        return answer

    async def _tried(
        self, request: HttpRequest, url: str, body: str | None, headers: Mapping[str, str], limit_s: float
    ) -> ToolAnswer:
        for left in range(request.retries, -1, -1):
            try:
                return await self._ask(request, url, body, headers, limit_s)
            except WebhookError as error:
                if not left or error.code not in _AGAIN:
                    raise
        raise AssertionError("the last try has returned or raised")

    async def _ask(
        self, request: HttpRequest, url: str, body: str | None, headers: Mapping[str, str], limit_s: float
    ) -> ToolAnswer:
        method = request.method.value
        async with self._client.request(method, url, body, headers, timeout_s=limit_s) as response:
            status, kind = response.status, response.content_type.lower()
            if status >= 500:
                raise WebhookError(f"The web service has a fault of its own: {status}.", code="tool_fault")
            if 300 <= status < 400:
                raise WebhookError("The web service sends us elsewhere, which is not followed.", code="tool_redirected")
            if status in _NOT_HERE:
                raise WebhookError(f"The web service does not take the request: {status}.", code="tool_not_allowed")
            raw = await read_at_most(response)
        if raw is None:
            raise WebhookError("The web service's answer has over 64 KB.", code="tool_answer_too_long")
        if status >= 400:
            return ToolAnswer(error=_why(raw, kind, status))
        return ToolAnswer(_read(raw, kind))


def _read(raw: bytes, kind: str) -> Any:
    """JSON, or text; None for nothing."""
    if not raw.strip():
        return None
    if "html" in kind or raw.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise WebhookError("The web service answered with a web page, not with data.", code="tool_answered_html")
    try:
        if kind == "application/json" or kind.endswith("+json"):
            return json.loads(raw)
        return raw.decode("utf-8").strip()
    except (ValueError, RecursionError):
        raise WebhookError("The web service's answer is neither JSON nor text.", code="tool_bad_answer") from None


def _why(raw: bytes, kind: str, status: int) -> str:
    """What a service says against a request: a text of its own, else what the status means."""
    try:
        found = _read(raw, kind)
    except WebhookError:
        found = None
    if isinstance(found, dict):
        told = (found.get(name) for name in ("error", "detail", "message", "title"))
        found = next((text for text in told if isinstance(text, str)), None)
    if isinstance(found, str) and found.strip():
        return " ".join(found.split())[:LONGEST_ERROR]
    return "nothing was found" if status in {404, 410} else f"it was not possible ({status})"
