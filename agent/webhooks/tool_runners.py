"""Who does the work of a tool: the web service that it names, or the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.domain.call import Call
from agent.domain.tool_calls import ToolAnswer
from agent.domain.tools import Tool
from agent.webhooks.application_tools import ApplicationTools
from agent.webhooks.http_tools import HttpTools


@dataclass(frozen=True, slots=True)
class ToolRunners:
    """A ToolRunner of `agent.dialog.tool_desk`."""

    application: ApplicationTools
    http: HttpTools

    async def run(self, call: Call, tool: Tool, use_id: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Have it done. Raises what the two raise."""
        runner = self.application if tool.http is None else self.http
        return await runner.run(call, tool, use_id, arguments)
