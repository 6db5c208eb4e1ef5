"""Who goes first where all calls share one worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from agent.speech.gate import Gate
from agent.speech.urgency import Escalation, Urgency, urgency_of


class Queue:
    """Works at one gate; each holds its place until it is told to leave."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, urgency: Urgency | Escalation = Urgency.CALLER_WAITS) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, urgency))
        await asyncio.sleep(0)

    async def leave(self, name: str) -> None:
        self._leave[name].set()
        await self.tasks[name]
        await settle()

    async def _work(self, name: str, urgency: Urgency | Escalation) -> None:
        async with self.gate.passage(urgency):
            self.inside.append(name)
            await self._leave[name].wait()

    async def finish(self) -> None:
        for leave in self._leave.values():
            leave.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("arrivals", "order"),
    [
        (
            [("background", 3), ("speculation", 2), ("listens", 1), ("waits", 0)],
            ["waits", "listens", "speculation", "background"],
        ),
        ([("a", 2), ("b", 0), ("c", 2), ("d", 0)], ["b", "d", "a", "c"]),
    ],
)
async def test_the_most_urgent_goes_first_and_of_equals_who_came_first(
    arrivals: Sequence[tuple[str, int]], order: Sequence[str]
) -> None:
    queue = Queue(Gate())
    await queue.come("before")
    for name, urgency in arrivals:
        await queue.come(name, Urgency(urgency))
    assert queue.gate.waiting == len(arrivals)
    for name in ["before", *order]:
        assert queue.inside[-1] == name
        await queue.leave(name)
    assert queue.gate.is_free


async def test_what_becomes_urgent_while_it_waits_overtakes() -> None:
    queue = Queue(Gate())
    turn = Escalation(Urgency.SPECULATION)
    await queue.come("before")
    await queue.come("other speculation", Urgency.SPECULATION)
    await queue.come("turn", turn)
    turn.raise_to(Urgency.CALLER_WAITS)
    await queue.leave("before")
    assert queue.inside == ["before", "turn"]
    await queue.finish()


def test_an_urgency_is_never_lowered() -> None:
    turn = Escalation(Urgency.CALLER_WAITS)
    turn.raise_to(Urgency.BACKGROUND)
    assert urgency_of(turn) is Urgency.CALLER_WAITS
    assert urgency_of(Urgency.BACKGROUND) is Urgency.BACKGROUND


async def test_who_is_cancelled_leaves_the_queue_at_once() -> None:
    queue = Queue(Gate())
    for name in ("before", "cancelled", "after"):
        await queue.come(name)
    queue.tasks["cancelled"].cancel()
    await queue.leave("before")
    assert queue.inside == ["before", "after"]
    assert queue.gate.waiting == 0
    await queue.leave("after")
    assert queue.gate.is_free


async def test_who_is_cancelled_in_the_moment_of_admission_gives_the_place_on() -> None:
    queue = Queue(Gate())
    async with queue.gate.passage(Urgency.CALLER_WAITS):
        for name in ("cancelled", "after"):
            await queue.come(name)
    queue.tasks["cancelled"].cancel()
    await settle()
    assert queue.inside == ["after"]
    await queue.leave("after")
    assert queue.gate.is_free


async def test_who_is_cancelled_inside_gives_the_place_on() -> None:
    queue = Queue(Gate())
    for name in ("cancelled", "after"):
        await queue.come(name)
    queue.tasks["cancelled"].cancel()
    await settle()
    assert queue.inside == ["cancelled", "after"]
    await queue.finish()


async def test_as_many_at_once_as_the_worker_can_do() -> None:
    queue = Queue(Gate(parallel=2))
    for name in ("a", "b", "c"):
        await queue.come(name)
    assert queue.inside == ["a", "b"]
    assert not queue.gate.is_free
    await queue.leave("b")
    assert queue.inside == ["a", "b", "c"]
    await queue.finish()
    assert queue.gate.is_free


def test_a_gate_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="0 requests"):
        Gate(0)
