from __future__ import annotations

import os
from contextlib import ExitStack
from contextvars import copy_context

import pytest

from agent.domain.cost import COST, Cost
from agent.speech.meter import Meter, cpu_seconds


class Process:
    """Takes processor time when a test says so."""

    def __init__(self) -> None:
        self.pid: int | None = 1
        self.taken = 100.0
        self.meter = Meter(lambda: self.pid, read=lambda _pid: self.taken)

    def work_for(self, cost: Cost | None) -> ExitStack:
        """Until it is closed."""

        def enter() -> ExitStack:
            COST.set(cost)
            stack = ExitStack()
            stack.enter_context(self.meter.working())
            return stack

        return copy_context().run(enter)


@pytest.fixture
def process() -> Process:
    return Process()


def test_one_request_has_all(process: Process) -> None:
    cost = Cost()
    with process.work_for(cost):
        process.taken += 0.4
    process.taken += 5.0  # for nobody
    with process.work_for(cost):
        process.taken += 0.1
    assert cost.told == 0.5


def test_requests_at_once_share_what_is_taken_meanwhile(process: Process) -> None:
    first, second = Cost(), Cost()
    one = process.work_for(first)
    process.taken += 1.0
    other = process.work_for(second)
    process.taken += 1.0
    one.close()
    process.taken += 1.0
    other.close()
    assert (first.told, second.told) == (1.5, 1.5)


def test_two_requests_of_one_call_are_two(process: Process) -> None:
    first, second = Cost(), Cost()
    stacks = [process.work_for(first), process.work_for(first), process.work_for(second)]
    process.taken += 3.0
    for stack in stacks:
        stack.close()
    assert (first.told, second.told) == (2.0, 1.0)


def test_work_for_no_call_takes_its_share_too(process: Process) -> None:
    cost = Cost()
    stacks = [process.work_for(None), process.work_for(cost)]
    process.taken += 1.0
    for stack in stacks:
        stack.close()
    assert cost.told == 0.5


def test_a_process_that_is_started_anew_counts_from_then(process: Process) -> None:
    cost = Cost()
    with process.work_for(cost):
        process.taken += 0.5
        process.pid, process.taken = 2, 3.0
    with process.work_for(cost):
        process.taken += 0.25
    assert cost.told == 0.25, "what the dead one took nobody knows"


def test_without_a_process_nothing_is_told(process: Process) -> None:
    process.pid = None
    cost = Cost()
    with process.work_for(cost):
        pass
    assert cost.told is None


def test_a_request_that_fails_is_counted(process: Process) -> None:
    cost = Cost()

    def fail() -> None:
        with process.work_for(cost):
            process.taken += 0.5
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert cost.told == 0.5


def test_the_clock_of_a_process_is_that_of_all_its_threads() -> None:
    before = cpu_seconds(os.getpid())
    sum(range(200_000))
    after = cpu_seconds(os.getpid())
    assert before is not None
    assert after is not None
    assert after > before
    assert abs(after - sum(os.times()[:2])) < 0.5


def test_a_process_that_is_gone_has_none() -> None:
    assert cpu_seconds(2**22 + 1) is None
