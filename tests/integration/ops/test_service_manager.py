"""What systemd is told, over a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ops.service_manager import Pulse, ServiceManager

WELL = Pulse(healthy=True, status="2 calls")


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.setblocking(False)  # noqa: FBT003 - the standard library's
        yield bound


def heard(listening: socket.socket) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    while True:
        try:
            text = listening.recv(4096).decode()
        except BlockingIOError:
            return found
        found.append(dict(line.split("=", 1) for line in text.splitlines()))


async def beats(listening: socket.socket, *pulses: Pulse, late_s: float = 0.0, **environ: str) -> list[dict[str, str]]:
    """What is told in the first so many beats; `late_s`: how late the loop comes to each but the first."""
    manager = ServiceManager({"NOTIFY_SOCKET": listening.getsockname(), **environ})
    left = list(pulses)
    now = 0.0
    task: asyncio.Task[None] | None = None

    def pulse() -> Pulse:
        if len(left) == 1 and task is not None:
            task.cancel()
        return left.pop(0)

    def clock() -> float:
        nonlocal now
        now += late_s
        return now

    with pytest.MonkeyPatch.context() as patched:
        asleep = asyncio.sleep

        async def passes(seconds: float) -> None:
            nonlocal now
            now += seconds
            await asleep(0)

        patched.setattr("agent.ops.service_manager.asyncio.sleep", passes)
        task = asyncio.create_task(manager.beat(pulse, clock=clock))
        await asyncio.wait({task})
    manager.close()
    return heard(listening)


async def test_the_watchdog_is_fed_while_all_is_well(listening: socket.socket) -> None:
    told = await beats(listening, WELL, WELL, WELL, WATCHDOG_USEC="30000000")
    assert told == [{"STATUS": "2 calls", "WATCHDOG": "1"}] * 3


async def test_it_starves_where_something_has_ended_that_must_not(listening: socket.socket) -> None:
    ill = Pulse(healthy=False, status="2 calls")
    told = await beats(listening, WELL, ill, WELL, WATCHDOG_USEC="30000000")
    assert ["WATCHDOG" in fields for fields in told] == [True, False, True]


async def test_it_starves_where_the_loop_comes_late(listening: socket.socket) -> None:
    told = await beats(listening, WELL, WELL, WELL, late_s=1.0, WATCHDOG_USEC="30000000")
    assert ["WATCHDOG" in fields for fields in told] == [False, False, False]


async def test_while_it_drains_more_time_is_asked_for(listening: socket.socket) -> None:
    stopping = Pulse(healthy=True, status="1 calls", stopping=True)
    told = await beats(listening, stopping, stopping, WATCHDOG_USEC="30000000")
    assert [int(fields["EXTEND_TIMEOUT_USEC"]) for fields in told] == [30_000_000] * 2


async def test_without_a_watchdog_only_the_status_is_told(listening: socket.socket) -> None:
    assert await beats(listening, WELL, WELL) == [{"STATUS": "2 calls"}] * 2


async def test_a_watchdog_of_another_process_is_not_fed(listening: socket.socket) -> None:
    told = await beats(listening, WELL, WELL, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid() + 1))
    assert told == [{"STATUS": "2 calls"}] * 2


async def test_what_systemd_left_is_taken_from_the_environment_of_children(listening: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": listening.getsockname(), "WATCHDOG_USEC": "1", "HOME": "/"}
    ServiceManager(environ).close()
    assert environ == {"HOME": "/"}


async def test_abstract_sockets_are_known() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(f"\0phone-agent-test-{os.getpid()}")
        manager = ServiceManager({"NOTIFY_SOCKET": f"@phone-agent-test-{os.getpid()}"})
        manager.notify(READY=1)
        assert bound.recv(100) == b"READY=1"
        manager.close()


async def test_without_systemd_nothing_happens() -> None:
    manager = ServiceManager({})
    manager.notify(READY=1)
    await manager.beat(lambda: WELL)
    manager.close()


async def test_a_socket_that_is_gone_hurts_nobody(tmp_path: Path) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    manager.notify(READY=1)
    manager.close()
