"""The language model, through LangChain, on any server that speaks OpenAI's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from agent.dialog.history import Message
from agent.errors import LanguageModelError


class LanguageModel(Protocol):
    """Turns the messages so far into the next answer."""

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Let the server read `messages` ahead, so that an answer to them and more comes sooner. Never raises."""
        ...

    def stream(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """Pieces of the answer as they come. Closing the iterator ends the work.

        Raises LanguageModelError: `llm_error`, or `llm_timeout` when a piece takes longer than the deadline.
        """
        ...


class ChatModel:
    """A LanguageModel over LangChain's ChatOpenAI."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        temperature: float,
        max_tokens: int,
        deadline_s: float,
        prefill_deadline_s: float = 30,
    ) -> None:
        # An import of more than a second, paid once when the agent starts and never by a command that makes no call.
        from httpx import AsyncClient, Limits
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        self._deadline_s = deadline_s
        self._prefill_deadline_s = prefill_deadline_s
        # Of our own, so that it can be closed; LangChain shares its own for ever.
        if urlsplit(base_url).hostname in {"127.0.0.1", "::1", "localhost"}:
            # llama.cpp says "keep-alive" and hangs up after each stream: of 40 requests that followed at once on one
            # connection 13 failed. A new one costs 0.2 ms. Nor does any proxy stand between us and this machine.
            self._http = AsyncClient(limits=Limits(max_keepalive_connections=0), trust_env=False)
        else:
            self._http = AsyncClient()
        self._chat = ChatOpenAI(
            http_async_client=self._http,
            base_url=base_url,
            api_key=SecretStr(api_key or "none"),
            model=model,
            temperature=temperature,
            max_retries=0,
            stream_usage=False,
            timeout=prefill_deadline_s,
            extra_body={"max_tokens": max_tokens},
        )
        self._reader = self._chat.model_copy(update={"extra_body": {"max_tokens": 1}})

    async def close(self) -> None:
        """Close the connections that are kept for the next answer."""
        await self._http.aclose()

    async def prefill(self, messages: Sequence[Message]) -> None:
        """See LanguageModel."""
        try:
            async with asyncio.timeout(self._prefill_deadline_s):
                await self._reader.ainvoke(_for_langchain(messages))
        except Exception:  # a warm-up may fail in any way; the answer itself will tell
            return

    async def stream(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """See LanguageModel."""
        chunks = self._chat.astream(_for_langchain(messages))
        try:
            while True:
                try:
                    async with asyncio.timeout(self._deadline_s):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise LanguageModelError(
                        f"The language model gave no word within {self._deadline_s:g} s.", code="llm_timeout"
                    ) from None
                except Exception as error:
                    raise LanguageModelError(f"The language model failed: {type(error).__name__}.") from error
                if chunk.text:
                    yield str(chunk.text)
        finally:
            await _close(chunks)


def _for_langchain(messages: Sequence[Message]) -> list[Any]:
    return [(message.role.value, message.text) for message in messages]


async def _close(chunks: AsyncIterator[Any]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
