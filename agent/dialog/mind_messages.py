"""Messages, tools and requests for them in the forms of OpenAI and LangChain."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.dialog.history import Message, Role
from agent.dialog.tool_request import ToolRequest
from agent.domain.tools import Tool

_OPENAI_ROLES = {Role.SYSTEM: "system", Role.CALLER: "user", Role.AGENT: "assistant", Role.TOOL: "tool"}


_CONTROL = re.compile(
    r"<\|[^<>|]{0,40}\|>|</?(?:tool_call|tool_response|tools|s|start_of_turn|end_of_turn)>|\[/?(?:INST|SYS)\]"
)
"""Marks that templates of models set between messages: in the words of somebody they would end theirs."""


def harmless(text: str) -> str:
    """The same text in which no mark of a template stands."""
    return _CONTROL.sub(" ", text)


def as_openai(tool: Tool) -> dict[str, Any]:
    """A tool for the field `tools` of a request."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def as_request(messages: Sequence[Message]) -> dict[str, Any]:
    """The body of a request to a server: what of it a model reads. For messages without the use of a tool."""
    told = [{"role": _OPENAI_ROLES[one.role], "content": _text_of(one, at)} for at, one in enumerate(messages)]
    tools = [as_openai(tool) for tool in messages[0].tools]
    return {"messages": told, "tools": tools} if tools else {"messages": told}


def for_langchain(messages: Sequence[Message]) -> list[Any]:
    """Dictionaries in OpenAI's form, which LangChain's chat models take."""
    return [_for_langchain(message, _text_of(message, at)) for at, message in enumerate(messages)]


def _text_of(message: Message, at: int) -> str:
    """Only the first message, which we make ourselves, may tell of tools in tags."""
    return message.text if at == 0 and message.role is Role.SYSTEM else harmless(message.text)


def _for_langchain(message: Message, text: str) -> dict[str, Any]:
    told: dict[str, Any] = {"role": _OPENAI_ROLES[message.role], "content": text}
    if message.use is not None:
        function = {"name": message.use.name, "arguments": json.dumps(message.use.arguments, ensure_ascii=False)}
        told["tool_calls"] = [{"id": message.use.id, "type": "function", "function": function}]
    if message.answers:
        told["tool_call_id"] = message.answers
    return told


class StreamedRequests:
    """Collects requests whose name and arguments come in pieces."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[str, str]] = {}

    def add(self, chunk: Any) -> None:
        """Take one AIMessageChunk."""
        for part in getattr(chunk, "tool_call_chunks", ()):
            self._take(part)

    def complete(self) -> list[ToolRequest]:
        """All of them, in their order; the stream has ended."""
        return [ToolRequest(name, arguments) for _, (name, arguments) in sorted(self._parts.items())]

    def _take(self, part: Mapping[str, Any]) -> None:
        index = part.get("index")
        at = index if isinstance(index, int) else max(self._parts, default=0)
        name, arguments = self._parts.get(at, ("", ""))
        self._parts[at] = name + (part.get("name") or ""), arguments + (part.get("args") or "")
