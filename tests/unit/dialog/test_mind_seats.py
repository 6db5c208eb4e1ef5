"""Reading ahead stands back behind every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agent.dialog.history import Message, Role
from agent.dialog.mind_seats import Seats
from agent.speech.urgency import Urgency

SYSTEM = Message(Role.SYSTEM, "You are a receptionist.")
HISTORY = [SYSTEM, Message(Role.CALLER, "Hello"), Message(Role.AGENT, "Yes?")]
OPENED = [*HISTORY, Message(Role.CALLER, "")]
QUESTION = [*HISTORY, Message(Role.CALLER, "When do you open?")]
ELSEWHERE = [SYSTEM, Message(Role.CALLER, "Another call")]


class Server:
    """Reads until told to be done."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.broken_off = 0
        self.done = asyncio.Event()

    async def read(self, slot: int) -> None:
        self.begun.append(slot)
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def scene(slots: int, play: Callable[[Seats, Server], Awaitable[None]]) -> None:
    async def main() -> None:
        await play(Seats([[SYSTEM]] * slots), Server())

    asyncio.run(main())


def test_an_answer_gets_the_slot_that_was_being_read_for_it_and_ends_the_reading() -> None:
    async def play(seats: Seats, server: Server) -> None:
        reading = asyncio.create_task(seats.read_ahead(OPENED, server.read))
        await settle()
        async with seats.seat(QUESTION) as seat:
            await settle()
            assert [seat.slot] == server.begun
            assert server.broken_off == 1
        await reading
        assert len(server.begun) == 1

    scene(2, play)


def test_an_answer_to_another_call_breaks_the_reading_off_and_it_is_taken_up_again() -> None:
    async def play(seats: Seats, server: Server) -> None:
        reading = asyncio.create_task(seats.read_ahead(OPENED, server.read))
        await settle()
        async with seats.seat(ELSEWHERE):
            await settle()
            assert (len(server.begun), server.broken_off) == (1, 1)
        await settle()
        assert len(server.begun) == 2
        server.done.set()
        await reading

    scene(2, play)


def test_nothing_is_read_while_an_answer_is_written() -> None:
    async def play(seats: Seats, server: Server) -> None:
        server.done.set()
        async with seats.seat(ELSEWHERE):
            reading = asyncio.create_task(seats.read_ahead(OPENED, server.read))
            await settle()
            assert server.begun == []
        await reading
        assert server.begun == [1]

    scene(2, play)


def test_a_reading_that_is_given_up_frees_its_slot() -> None:
    async def play(seats: Seats, server: Server) -> None:
        reading = asyncio.create_task(seats.read_ahead(OPENED, server.read))
        await settle()
        reading.cancel()
        await asyncio.wait({reading})
        async with seats.seat(QUESTION) as seat:
            assert [seat.slot] == server.begun

    scene(1, play)


def test_one_answer_at_a_time_the_most_urgent_first() -> None:
    async def play(seats: Seats, server: Server) -> None:
        order: list[Urgency] = []

        async def answer(urgency: Urgency) -> None:
            async with seats.seat(QUESTION, str(urgency), urgency):
                order.append(urgency)
                await settle()

        async with seats.seat(ELSEWHERE):
            waiting = [asyncio.create_task(answer(urgency)) for urgency in (Urgency.SPECULATION, Urgency.CALLER_WAITS)]
            await settle()
            assert order == []
        await asyncio.gather(*waiting)
        assert order == [Urgency.CALLER_WAITS, Urgency.SPECULATION]

    scene(4, play)


def test_a_seat_knows_whether_something_more_urgent_waits() -> None:
    async def play(seats: Seats, server: Server) -> None:
        async def answer() -> None:
            async with seats.seat(QUESTION, urgency=Urgency.CALLER_WAITS):
                pass

        async with seats.seat(ELSEWHERE) as seat:
            assert not seat.is_wanted(Urgency.BACKGROUND)
            waiting = asyncio.create_task(answer())
            await settle()
            assert seat.is_wanted(Urgency.CALLER_LISTENS)
            assert not seat.is_wanted(Urgency.CALLER_WAITS)
        await waiting
        async with seats.seat(ELSEWHERE) as seat:
            assert not seat.is_wanted(Urgency.BACKGROUND)

    scene(4, play)
