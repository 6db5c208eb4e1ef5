"""Has an application do the work of a tool: `tool.call`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from agent.domain.call import Call
from agent.domain.call_resource import CallResource
from agent.domain.tool_calls import ToolAnswer
from agent.domain.tools import Tool
from agent.errors import WebhookError
from agent.settings import WebhooksSettings
from agent.webhooks.idempotency import IdempotencyKeys
from agent.webhooks.sync_call import SyncCalls

KIND = "tool.call"


class _Answer(BaseModel):
    """`result`, or `error` where it was not done; an empty answer: it was done, and there is nothing to tell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    result: Any = None
    error: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = None


class ApplicationTools:
    """A ToolRunner of `agent.dialog.tool_desk`."""

    def __init__(self, sync: SyncCalls, settings: WebhooksSettings) -> None:
        self._sync = sync
        self._settings = settings
        self._keys = IdempotencyKeys()

    async def run(self, call: Call, tool: Tool, use_id: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Ask once; never again, since what is not answered may have been done. Raises WebhookError.

        `use_id` is the `webhook-id` by which the application tells a repetition, such as one by a proxy. The header
        `idempotency-key` is the same where the model asks for the same again after no answer.
        """
        data = {"call": CallResource.of(call).as_json(), "name": tool.name, "arguments": dict(arguments)}
        raw = await self._sync.ask(
            tool.url or self._settings.tool_url,
            self._settings.secrets,
            KIND,
            data,
            call_id=call.id,
            timeout_s=tool.timeout_s,
            request_id=use_id,
            headers={"idempotency-key": self._keys.key(call.id, tool, arguments)},
        )
        try:
            answer = _Answer.model_validate({} if raw is None else raw)
        except ValidationError:
            raise WebhookError(
                f'The application\'s answer to {KIND} is not as agreed: it needs "result" or "error".',
                code="tool_bad_answer",
            ) from None
        self._keys.settled(call.id, tool, arguments)
        return ToolAnswer(answer.result, answer.error or "")
