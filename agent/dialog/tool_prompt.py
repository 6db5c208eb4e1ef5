"""Tools in the words of a prompt, and the schema that a request for one of them is bound to. Pure.

Told by us, not by the server's template: then the server knows of no tools, and takes a schema for what it answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.dialog.history import Message
from agent.dialog.mind_messages import as_openai
from agent.domain.tools import Tool

_TOLD = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
"""Word for word the template of Qwen 2.5, whose models ours are."""


def with_tools_told(messages: Sequence[Message]) -> list[Message]:
    """The same prompt, in which the first message tells its tools by itself."""
    if not messages or not messages[0].tools:
        return list(messages)
    first = messages[0]
    told = _TOLD.format(tools="\n".join(json.dumps(as_openai(tool), ensure_ascii=False) for tool in first.tools))
    return [replace(first, text=f"{first.text}\n\n{told}", tools=()), *messages[1:]]


def request_schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """JSON schema of a request for any of these tools."""
    return {"anyOf": [_branch(tool) for tool in tools]}


def _branch(tool: Tool) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": tool.parameters},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
