"""One answer on its way: words from the mind, by sentence to the mouth, sound to the caller.

It may begin before the caller's turn is over: then the first piece is ready, and held back until it may be spoken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.dialog.history import Message, Role
from agent.dialog.mind import LanguageModel, Piece
from agent.dialog.patience import with_patience
from agent.dialog.tool_request import ToolRequest
from agent.errors import LanguageModelError, PhoneAgentError
from agent.speech.sentences import SentenceSplitter
from agent.speech.urgency import Escalation, Urgency

_Item = str | ToolRequest | PhoneAgentError | None
"""A sentence, a request, an end; None: the answer is complete."""

GO_ON = Message(Role.CALLER, "Please go on.")


class Voice(Protocol):
    """Makes sound of sentences, as PhraseBook does."""

    async def synthesize(
        self, text: str, *, voice: str, language: str = "en", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> bytes:
        """See PhraseBook."""
        ...


class Delivery(Protocol):
    """Takes the sentences of an answer in order, as AgentTurn does."""

    def say(self, text: str, pcm: bytes) -> object:
        """One more."""
        ...


@dataclass(slots=True)
class AnswerMarks:
    """When the stages of an answer were reached, in seconds of the event loop's clock."""

    first_token: float | None = None
    first_clause: float | None = None
    first_sound_queued: float | None = None


@dataclass(frozen=True, slots=True)
class Speaking:
    """What an answer needs of its call."""

    mind: LanguageModel
    call: str
    """Its id, by which the model knows what it has read of it already."""
    mouth: Voice
    voice: str
    language: str
    mind_deadline_s: float
    mouth_deadline_s: float
    apologise: Callable[[PhoneAgentError], None]
    may_speak: Callable[[], Awaitable[None]]
    """Returns when the turn is the agent's and the caller does not speak."""
    act: Callable[[Sequence[ToolRequest]], Awaitable[Sequence[Message] | None]]
    """Does what the model asks for; the messages with which it goes on, or None where the answer ends with that."""
    urgency: Escalation
    """Of the first piece: speculation until the caller's turn is over."""


class Answer:
    """Synthesises each sentence while the next one is still being written and the last one is still playing."""

    def __init__(self, parts: Speaking, turn: Delivery) -> None:
        self._parts = parts
        self._turn = turn
        self._written = ""
        self._spoken = False
        self._requested = False
        self._unsaid: list[str] = []
        self._splitter = SentenceSplitter(language=parts.language)
        self.marks = AnswerMarks()

    async def give(self, messages: Sequence[Message]) -> None:
        """Queue the whole answer on the turn, and have the tools act that the model asks for.

        Raises LanguageModelError or TextToSpeechError after a second try.
        """
        more: Sequence[Message] | None = messages
        while more is not None:
            requests = await self._give_part(more)
            more = await self._parts.act(requests) if requests else None

    async def _give_part(self, messages: Sequence[Message]) -> list[ToolRequest]:
        """Up to where the model wants something done; what that is."""
        self._written, self._spoken, self._requested = "", False, False
        items: asyncio.Queue[_Item] = asyncio.Queue()
        requests: list[ToolRequest] = []
        writer = asyncio.create_task(self._write(list(messages), items), name="answer-writer")
        try:
            item = await self._first_in_time(items)
            while item is not None:
                if isinstance(item, PhoneAgentError):
                    raise item
                if isinstance(item, ToolRequest):
                    requests.append(item)
                else:
                    await self._say(item)
                item = await items.get()
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return requests

    async def _first_in_time(self, items: asyncio.Queue[_Item]) -> _Item:
        """What comes first; words that trickle in too slowly to speak are as late as none at all."""
        deadline_s = self._parts.mind_deadline_s
        slow = LanguageModelError(f"The language model gave no sentence within {deadline_s:g} s.", code="llm_timeout")
        try:
            async with asyncio.timeout(deadline_s):
                return await items.get()
        except TimeoutError:
            self._parts.apologise(slow)
        try:
            async with asyncio.timeout(deadline_s):
                return await items.get()
        except TimeoutError:
            raise slow from None

    async def _say(self, sentence: str) -> None:
        parts = self._parts
        urgency = parts.urgency if self.marks.first_sound_queued is None else Urgency.CALLER_LISTENS
        pcm = await with_patience(
            lambda: parts.mouth.synthesize(sentence, voice=parts.voice, language=parts.language, urgency=urgency),
            deadline_s=parts.mouth_deadline_s,
            apologise=parts.apologise,
        )
        await parts.may_speak()
        if self.marks.first_sound_queued is None:
            self.marks.first_sound_queued = _now()
        self._turn.say(sentence, pcm)
        if sentence in self._unsaid:  # not so for what bridges the work of a tool
            self._unsaid.remove(sentence)

    def left_unsaid(self) -> str:
        """What was written and never came to be said. Call it when the answer was cut, or is complete."""
        return " ".join([*self._unsaid, *self._splitter.flush()])

    async def _write(self, messages: list[Message], out: asyncio.Queue[_Item]) -> None:
        try:
            splitter = self._splitter
            async for piece in self._pieces(messages, splitter):
                self.marks.first_token = self.marks.first_token or _now()
                if isinstance(piece, ToolRequest):
                    self._put(splitter.flush(), out)
                    out.put_nowait(piece)
                else:
                    self._put(splitter.feed(piece), out)
            self._put(splitter.flush(), out)
            out.put_nowait(None)
        except PhoneAgentError as error:
            out.put_nowait(error)

    def _put(self, sentences: Iterable[str], out: asyncio.Queue[_Item]) -> None:
        for sentence in sentences:
            self.marks.first_clause = self.marks.first_clause or _now()
            self._spoken = True
            self._unsaid.append(sentence)
            out.put_nowait(sentence)

    async def _pieces(self, messages: list[Message], splitter: SentenceSplitter) -> AsyncIterator[Piece]:
        """The answer's pieces; a model that dies in mid-answer is asked once to go on from there.

        Where nothing of it went to the mouth yet, it is asked for the answer anew.
        """
        try:
            async for piece in self._attempt(messages, self._parts.apologise):
                if isinstance(piece, ToolRequest):
                    self._requested = True
                else:
                    self._written += piece
                yield piece
        except LanguageModelError as error:
            if self._requested:
                return
            if not self._written:
                raise
            self._parts.apologise(error)
        else:
            return
        if not self._spoken:
            splitter.flush()
            so_far = messages
        else:
            yield " "
            so_far = [*messages, Message(Role.AGENT, self._written), GO_ON]
        async for piece in self._attempt(so_far, lambda _error: None):
            yield piece

    async def _attempt(
        self, messages: list[Message], apologise: Callable[[PhoneAgentError], None]
    ) -> AsyncIterator[Piece]:
        async def begin() -> tuple[Piece, AsyncIterator[Piece]]:
            stream = self._parts.mind.stream(messages, call=self._parts.call, urgency=self._parts.urgency)
            return await anext(stream, ""), stream

        first, stream = await with_patience(begin, deadline_s=self._parts.mind_deadline_s, apologise=apologise)
        yield first
        async for piece in stream:
            yield piece


def _now() -> float:
    return asyncio.get_running_loop().time()
