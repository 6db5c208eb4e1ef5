"""Who of several calls has our own llama.cpp compute, in which slot, and when it may read ahead.

On a plain CPU two answers at once take longer than one after the other (decision 095), and callers wait for first
words, not for last ones: so one is written at a time, the most urgent first, and one that may wait yields to others.

Answers come before reading ahead. A slot that reads takes up the whole batch, and the slots behind it wait for theirs:
so nothing is read ahead while any answer is being written, and an answer that begins breaks off whatever is being read.
What was read until then stays in the slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from agent.dialog.history import Message
from agent.dialog.lulls import Lulls
from agent.dialog.mind_slots import SlotBook
from agent.speech.gate import Gate
from agent.speech.meter import Meter
from agent.speech.urgency import Escalation, Urgency, urgency_of


@dataclass(slots=True, eq=False)
class _Reading:
    messages: list[Message]
    call: str
    request: asyncio.Task[None] | None = None
    slot: int = 0
    void: bool = False
    """An answer of its call has begun: reading these messages now would make the slot forget it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Leave to write an answer."""

    slot: int
    """Number of the server's slot to be used."""
    _waiting: Sequence[Urgency | Escalation]

    def is_wanted(self, urgency: Urgency) -> bool:
        """Whether something more urgent than `urgency` waits for a seat."""
        return any(urgency_of(other) < urgency for other in self._waiting)


class Seats:
    """The slots of one server, shared by all calls of one event loop."""

    def __init__(
        self,
        prompts: Sequence[Sequence[Message]],
        parallel: int = 1,
        meter: Meter | None = None,
        lulls: Lulls | None = None,
    ) -> None:
        """`prompts`: for each slot what it has read already; `parallel`: answers that are written at once.

        `meter` measures both writing and reading ahead; `lulls` end while anybody has or wants a seat, or reads ahead.

        Raises ValueError without a slot.
        """
        self._lulls = lulls or Lulls()
        self._book = SlotBook(prompts)
        self._gate = Gate(min(parallel, len(prompts)), meter)
        self._meter = meter
        self._waiting: list[Urgency | Escalation] = []
        self._readings: set[_Reading] = set()
        self._answers = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def seat(
        self, messages: Sequence[Message], call: str = "", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> AsyncIterator[Seat]:
        """Leave to write an answer to `messages`, until the block is left. Waits for its turn, by urgency."""
        for reading in self._readings:
            same_call = reading.call == call if call else _begins(messages, reading.messages[:-1])
            reading.void = reading.void or same_call
            self._break_off(reading)
        self._answers += 1
        self._idle.clear()
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(self._lulls.held())
                self._waiting.append(urgency)
                try:
                    await stack.enter_async_context(self._gate.passage(urgency))
                finally:
                    self._waiting.remove(urgency)
                slot = self._book.borrow(messages, call)
                if slot is None:
                    raise RuntimeError("more answers than slots were let in")
                stack.callback(self._book.give_back, slot)
                yield Seat(slot, self._waiting)
        finally:
            self._answers -= 1
            if not self._answers:
                self._idle.set()

    async def read_ahead(
        self, messages: Sequence[Message], read: Callable[[int], Coroutine[Any, Any, None]], call: str = ""
    ) -> None:
        """Have the best slot read `messages`, whose last one is only begun, once no answer is being written.

        `read` is one request to the slot of that number. It is repeated if it was broken off, unless by an answer of
        the same call (without a name for it: an answer to these messages).
        """
        reading = _Reading(list(messages), call)
        self._readings.add(reading)
        try:
            broken_off = True
            while broken_off:
                await self._idle.wait()
                if reading.void:
                    return
                broken_off = await self._read(reading, read)
        finally:
            self._break_off(reading)
            self._readings.discard(reading)

    async def _read(self, reading: _Reading, read: Callable[[int], Coroutine[Any, Any, None]]) -> bool:
        """Try once; True if an answer came in between."""
        slot = self._book.borrow(reading.messages, reading.call)
        if slot is None:
            return False
        reading.slot, request = slot, asyncio.create_task(read(slot), name="read-ahead")
        reading.request = request
        with self._lulls.held(), nullcontext() if self._meter is None else self._meter.working():
            await asyncio.wait({request})
        if request.cancelled():
            return True
        self._break_off(reading)
        return False

    def _break_off(self, reading: _Reading) -> None:
        """Free its slot at once; the server needs no longer than a batch to do the same."""
        if reading.request is not None:
            reading.request.cancel()
            reading.request = None
            self._book.give_back(reading.slot)


def _begins(messages: Sequence[Message], with_these: Sequence[Message]) -> bool:
    return list(messages[: len(with_these)]) == list(with_these)
