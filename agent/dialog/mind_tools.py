"""Has a small model decide for or against a tool: by what it finds likely, and bound to the tool's schema."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import structlog

from agent.dialog.history import Message, Role
from agent.dialog.tool_choice import bar, invented, is_marked, likelihood, settled
from agent.dialog.tool_prompt import request_schema, with_tools_told
from agent.dialog.tool_request import ToolRequest
from agent.domain.tools import Tool
from agent.errors import LanguageModelError

log = structlog.get_logger()

Look = Callable[[Any], None]
"""Is shown each chunk as it comes from LangChain."""
Stream = Callable[[Sequence[Message], Mapping[str, Any], Look | None], AsyncGenerator[str | ToolRequest]]
"""One request to the server: what it reads, and what else stands in the body."""

BEGINNINGS = 20
"""So many of the most likely first tokens are asked for; more are not given by servers of others."""
PROBED = {"logprobs": True, "top_logprobs": BEGINNINGS}


class _Beginning:
    """What an answer might have begun with."""

    def __init__(self) -> None:
        self.likelihood: float | None = None

    def look(self, chunk: Any) -> None:
        """Take it from the first chunk that tells it."""
        told = (getattr(chunk, "response_metadata", None) or {}).get("logprobs")
        if self.likelihood is None and told and told.get("content"):
            first = told["content"][0].get("top_logprobs", [])
            self.likelihood = likelihood((entry["token"], float(entry["logprob"])) for entry in first)


class _RefusedError(Exception):
    """The server does not know schemas, or not this one."""


async def decided(
    stream: Stream, messages: Sequence[Message], where: Mapping[str, Any]
) -> AsyncGenerator[str | ToolRequest]:
    """The answer to `messages`, the first of which has tools: words, or one request that fits its tool's schema.

    An answer in words costs no more than without tools; where it was likely to be a request, the model is asked again,
    and where that had no ground in the call, a third time and shown no tools. A server that takes no schema writes the
    request as it likes.
    """
    tools, told = messages[0].tools, with_tools_told(messages)
    words = next((message.text for message in reversed(messages) if message.role is Role.CALLER), "")
    beginning = _Beginning()
    async with aclosing(stream(told, {**where, **PROBED}, beginning.look)) as pieces:
        first = await anext(pieces, "")
        likely = float(is_marked(str(first))) if beginning.likelihood is None else beginning.likelihood
        wanted = likely >= bar(words, tools)
        if not wanted and not is_marked(str(first)):
            yield first
            async for piece in pieces:
                yield piece
            return
    again = [replace(messages[0], tools=()), *messages[1:]]
    if wanted:
        try:
            request = _request(await _bound(stream, told, tools, where), tools, words)
        except _RefusedError:
            again = told
        else:
            if request is not None and _has_ground(request, messages):
                yield request
                return
    async with aclosing(stream(again, where, None)) as pieces:
        async for piece in pieces:
            yield piece


async def _bound(stream: Stream, told: Sequence[Message], tools: Sequence[Tool], where: Mapping[str, Any]) -> str:
    """The request that the model writes. Raises _RefusedError, LanguageModelError: `llm_timeout`."""
    named = {"name": "request", "strict": True, "schema": request_schema(tools)}
    body = {**where, "response_format": {"type": "json_schema", "json_schema": named}}
    text = ""
    try:
        async with aclosing(stream(told, body, None)) as pieces:
            async for piece in pieces:
                text += str(piece)
    except LanguageModelError as error:
        if error.code == "llm_timeout":
            raise
        log.warning("mind.schema_refused", tools=[tool.name for tool in tools], error=str(error))
        raise _RefusedError from None
    return text


def _request(text: str, tools: Sequence[Tool], words: str) -> ToolRequest | None:
    """None for what was cut at the most tokens that an answer may have."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    arguments = found.get("arguments")
    tool = next((tool for tool in tools if tool.name == found.get("name")), None)
    if tool is None or not isinstance(arguments, dict):
        return None
    return ToolRequest(tool.name, json.dumps(settled(arguments, tool, words), ensure_ascii=False))


def _has_ground(request: ToolRequest, messages: Sequence[Message]) -> bool:
    tool = next(tool for tool in messages[0].tools if tool.name == request.name)
    missing = invented(request.parsed(), tool, "\n".join(message.text for message in messages))
    if missing:
        log.info("mind.invented", tool=tool.name, argument=missing)
    return not missing
