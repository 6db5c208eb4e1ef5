"""The language model, through LangChain, on any server that speaks OpenAI's protocol."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from agent.dialog.condensed import condensed
from agent.dialog.history import Message, Role
from agent.dialog.lulls import Lulls
from agent.dialog.mind_client import http_client
from agent.dialog.mind_messages import StreamedRequests, as_openai, for_langchain
from agent.dialog.mind_seats import Seats
from agent.dialog.mind_tools import Look, decided
from agent.dialog.mind_written import Written
from agent.dialog.tool_prompt import with_tools_told
from agent.dialog.tool_request import ToolRequest, WrittenRequests
from agent.errors import LanguageModelError
from agent.speech.meter import Meter
from agent.speech.urgency import Escalation, Urgency, urgency_of

Piece = str | ToolRequest
"""What an answer is made of: words, and what the model wants done."""


class LanguageModel(Protocol):
    """Turns the messages so far into the next answer."""

    async def prefill(self, messages: Sequence[Message], *, call: str = "") -> None:
        """Let the server read `messages` ahead, so that an answer to them and more comes sooner. Never raises.

        Call it at the start of a call and whenever something of the agent has entered the history, also cut short.
        It never delays an answer, of this call or another: it stands back, begins again, or is dropped. Nobody needs
        to wait for it or to cancel it before `stream`. `call` is any name for the call, the same as for `stream`.
        """
        ...

    def stream(
        self, messages: Sequence[Message], *, call: str = "", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> AsyncIterator[Piece]:
        """Pieces of the answer as they come; requests for tools of the first message come last.

        Closing the iterator ends the work.
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
        slot_prompts: Sequence[Sequence[Message]] = (),
        parallel: int = 1,
        meter: Meter | None = None,
        lulls: Lulls | None = None,
        schema_bound: bool = False,
    ) -> None:
        """`slot_prompts`: where the server is our own llama.cpp, what each of its slots has read already.

        `parallel`: how many answers our own server writes at once; `meter` measures what calls cost it; `lulls` end
        while it works for a call. `schema_bound`: tools are decided for as `agent.dialog.mind_tools` says.
        """
        # An import of more than a second, paid once when the agent starts and never by a command that makes no call.
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        self._deadline_s = deadline_s
        self._max_tokens = max_tokens
        self._prefill_deadline_s = prefill_deadline_s
        self._http = http_client(base_url)
        # llama.cpp looks whether we are still there when it has something to tell, or after a second in which no call
        # was told anything. Without progress to report it reads a long prompt to its end for nobody (decision 094).
        ours = {"return_progress": True} if slot_prompts else {}
        self._chat = ChatOpenAI(
            http_async_client=self._http,
            base_url=base_url,
            api_key=SecretStr(api_key or "none"),
            model=model,
            temperature=temperature,
            max_retries=0,
            stream_usage=False,
            timeout=prefill_deadline_s,
            extra_body={"max_tokens": max_tokens, **ours},
        )
        self._reader = self._chat.model_copy(update={"extra_body": {"max_tokens": 1, **ours}})
        self._writing: set[asyncio.Task[None]] = set()
        self._schema_bound = schema_bound
        known = [self._as_read(prompt) for prompt in slot_prompts]
        self._seats = Seats(known, parallel, meter, lulls) if slot_prompts else None

    async def close(self) -> None:
        """End what is being written, and close the connections that are kept for the next answer."""
        for writing in list(self._writing):
            writing.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self._http.aclose()

    async def prefill(self, messages: Sequence[Message], *, call: str = "") -> None:
        """See LanguageModel. A server of others reads only the system prompt ahead: every token may be paid for.

        `call`: a name for it, by which it keeps its slot of our own server.
        """
        if self._seats is None:
            if len(messages) == 1:
                await self._read(self._as_read(messages), {})
            return
        # with the first words of what follows any turn of the agent
        opened = self._as_read(condensed([*messages, Message(Role.CALLER, "")]))
        await self._seats.read_ahead(opened, lambda slot: self._read(opened, {"id_slot": slot}), call)

    async def _read(self, messages: Sequence[Message], where: Mapping[str, int]) -> None:
        body = {**(self._reader.extra_body or {}), **where}
        try:
            async with asyncio.timeout(self._prefill_deadline_s):
                async for _ in _with_tools(self._reader, messages).astream(for_langchain(messages), extra_body=body):
                    pass
        except Exception:  # a warm-up may fail in any way; the answer itself will tell
            return

    async def stream(
        self, messages: Sequence[Message], *, call: str = "", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> AsyncIterator[Piece]:
        """See LanguageModel. `call`: as in `prefill`; `urgency` of the first words: who waits longest is not first."""
        if self._seats is None:
            pieces = self._reply(messages, {})
        else:
            pieces = self._unblocked(self._in_turn(condensed(messages), self._seats, call, urgency))
        if messages[0].tools:
            pieces = _with_written_requests(pieces, [tool.name for tool in messages[0].tools])
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def _unblocked(self, pieces: AsyncGenerator[Piece]) -> AsyncGenerator[Piece]:
        """The same pieces; who takes them slowly, or forgets to close, does not keep a seat from others."""
        ready: asyncio.Queue[Piece | LanguageModelError | None] = asyncio.Queue()
        writing = asyncio.create_task(_pour(pieces, ready), name="mind-writes")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        try:
            while (piece := await ready.get()) is not None:
                if isinstance(piece, LanguageModelError):
                    raise piece
                yield piece
        finally:
            writing.cancel()

    async def _in_turn(
        self, messages: Sequence[Message], seats: Seats, call: str, urgency: Urgency | Escalation
    ) -> AsyncGenerator[Piece]:
        """The pieces of an answer that yields, between words, to what is more urgent, and then goes on."""
        written = Written()
        while not written.complete:
            work = written.urgency(urgency)
            so_far = [*messages, Message(Role.AGENT, written.text)] if written.text else messages
            async with contextlib.AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(self._deadline_s):
                        seat = await stack.enter_async_context(seats.seat(self._as_read(so_far), call, work))
                except TimeoutError:
                    raise LanguageModelError(
                        "The language model has no time for one more call.", code="llm_timeout"
                    ) from None
                body = {"id_slot": seat.slot, "max_tokens": max(1, self._max_tokens - written.pieces)}
                pieces = await stack.enter_async_context(contextlib.aclosing(self._reply(so_far, body)))
                written.complete = True
                async for piece in pieces:
                    if isinstance(piece, ToolRequest):
                        yield piece
                        continue
                    if written.may_pause_before(piece) and seat.is_wanted(urgency_of(written.urgency(urgency))):
                        written.complete = False
                        break
                    written.add(piece)
                    yield piece

    def _as_read(self, messages: Sequence[Message]) -> list[Message]:
        return with_tools_told(messages) if self._schema_bound else list(messages)

    def _reply(self, messages: Sequence[Message], where: Mapping[str, Any]) -> AsyncGenerator[Piece]:
        """The answer, or how it goes on after words of the agent."""
        if self._schema_bound and messages[0].tools and messages[-1].role is not Role.AGENT:
            return decided(self._stream, messages, where)
        return self._stream(self._as_read(messages), where)

    async def _stream(
        self, messages: Sequence[Message], where: Mapping[str, Any], look: Look | None = None
    ) -> AsyncGenerator[Piece]:
        body = {**(self._chat.extra_body or {}), **where}
        chunks = _with_tools(self._chat, messages).astream(for_langchain(messages), extra_body=body)
        requests = StreamedRequests()
        try:
            while True:
                try:
                    async with asyncio.timeout(self._deadline_s):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    raise LanguageModelError(
                        f"The language model gave no word within {self._deadline_s:g} s.", code="llm_timeout"
                    ) from None
                except Exception as error:
                    raise LanguageModelError(f"The language model failed: {type(error).__name__}.") from error
                requests.add(chunk)
                if look is not None:
                    look(chunk)
                if chunk.text:
                    yield str(chunk.text)
            for request in requests.complete():
                yield request
        finally:
            await _close(chunks)


async def _with_written_requests(pieces: AsyncGenerator[Piece], names: Sequence[str]) -> AsyncGenerator[Piece]:
    written = WrittenRequests(names)
    requests: list[ToolRequest] = []
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, ToolRequest):
                requests.append(piece)
            elif words := written.feed(piece):
                yield words
    words, found = written.end()
    if words and not requests:
        yield words
    for request in requests or found:
        yield request


async def _pour(pieces: AsyncGenerator[Piece], out: asyncio.Queue[Piece | LanguageModelError | None]) -> None:
    try:
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                out.put_nowait(piece)
        out.put_nowait(None)
    except LanguageModelError as error:
        out.put_nowait(error)


def _with_tools(chat: Any, messages: Sequence[Message]) -> Any:
    """`chat`, which knows the tools of the first message: they are part of the prompt, as the model's template says."""
    tools = messages[0].tools
    return chat.bind_tools([as_openai(tool) for tool in tools]) if tools else chat


async def _close(chunks: AsyncIterator[Any]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
