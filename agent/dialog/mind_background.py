"""The language model for work that nobody waits for: whole answers, in the lulls of the calls, in a slot of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from agent.dialog.history import Message
from agent.dialog.lulls import Lulls
from agent.dialog.mind_client import http_client
from agent.errors import LanguageModelError

log = structlog.get_logger()

SILENCE_S = 900.0
"""So long nothing may come. Our own server tells how far it has read, but nothing while it works for others first: at a
seventh of a core it was silent for 300 s. Of another server nothing is heard until it has read the whole prompt."""
DEADLINE_S = 1800.0
"""Of one answer within one lull. On 2 idle cores it takes a minute at most; nobody waits for it, and a machine that is
busy with other things may need ten times as long."""
NO_SCHEMAS = frozenset({400, 404, 422, 500, 501})
"""What servers answer to a `response_format` that they do not know; llama-cpp-python's says 500."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    text: str
    complete: bool
    """False: it was cut at the most tokens it may have."""


class BackgroundModel(Protocol):
    """Answers at leisure."""

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0,
    ) -> Reply:
        """The answer to `messages`, JSON of that schema where the server enforces one: check it all the same.

        Raises LanguageModelError: `llm_error`, or `llm_timeout`.
        """
        ...


class BackgroundChat:
    """A BackgroundModel over LangChain's ChatOpenAI."""

    def __init__(self, *, base_url: str, api_key: str, model: str, lulls: Lulls, slot: int | None = None) -> None:
        """`slot`: the one of our own llama.cpp that no call uses, so that none loses its prompt to this work.

        `lulls`: those of the calls whose model it shares.
        """
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        self._lulls = lulls
        self._body: dict[str, Any] = {} if slot is None else {"id_slot": slot, "return_progress": True}
        self._takes_schemas = True
        self._http = http_client(base_url)
        self._chat = ChatOpenAI(
            http_async_client=self._http,
            base_url=base_url,
            api_key=SecretStr(api_key or "none"),
            model=model,
            temperature=0,
            max_retries=0,
            stream_usage=False,
            timeout=DEADLINE_S,
            stream_chunk_timeout=None,  # its own would end an answer sooner than SILENCE_S
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        temperature: float = 0,
    ) -> Reply:
        """See BackgroundModel."""
        body = {**self._body, "max_tokens": max_tokens, "temperature": temperature}
        if schema is not None and self._takes_schemas:
            try:
                return await self._lulls.run(lambda: self._answer(messages, body, schema))
            except _SchemaRefusedError:
                self._takes_schemas = False
                log.warning("mind.takes_no_schemas", hint="what it answers is checked, and asked for again")
        return await self._lulls.run(lambda: self._answer(messages, body, None))

    async def _answer(
        self, messages: Sequence[Message], options: Mapping[str, Any], schema: Mapping[str, Any] | None
    ) -> Reply:
        from openai import APIStatusError

        body = dict(options)
        if schema is not None:
            # Not LangChain's own parameter: that one parses the stream by itself and fails where it is no JSON.
            named = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        text, reason = "", ""
        now = asyncio.get_running_loop().time
        end = now() + DEADLINE_S
        try:
            async with asyncio.timeout(SILENCE_S) as limit:
                pairs = [(message.role.value, message.text) for message in messages]
                async for chunk in self._chat.astream(pairs, extra_body=body):
                    limit.reschedule(min(end, now() + SILENCE_S))
                    text += str(chunk.text)
                    reason = chunk.response_metadata.get("finish_reason") or reason
        except TimeoutError:
            raise LanguageModelError(
                f"The language model was silent for {SILENCE_S:g} s, or took {DEADLINE_S:g} s for one answer.",
                code="llm_timeout",
            ) from None
        except APIStatusError as error:
            if schema is not None and error.status_code in NO_SCHEMAS:
                raise _SchemaRefusedError from None
            raise LanguageModelError(f"The language model failed: status {error.status_code}.") from error
        except Exception as error:
            raise LanguageModelError(f"The language model failed: {type(error).__name__}.") from error
        return Reply(text.strip(), reason != "length")


class _SchemaRefusedError(Exception):
    """The server does not know `response_format`, or not this schema."""
