"""The server under ears and mouth: fair to clients, deaf to those who have gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from wyoming.event import Event

from agent.errors import ConfigurationError, SpeechToTextError
from agent.speech.stt import WyomingSpeechToText
from agent.workers.ears import EarsSession
from agent.workers.whisper import Understood
from agent.workers.wyoming_server import Send, WyomingServer


class SlowWhisper:
    """Says how loud each utterance was, one at a time, each only when the test lets it."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.heard: list[str] = []

    def transcribe(self, samples: NDArray[np.float32], language: str, terms: tuple[str, ...]) -> Understood:
        self.heard.append(str(round(float(np.median(samples)) * 100)))
        self.begun.release()
        self.go_on.acquire()
        return Understood(self.heard[-1], 0.5)


@pytest.fixture
async def whisper(tmp_path: Path) -> AsyncIterator[SlowWhisper]:
    slow = SlowWhisper()
    with ThreadPoolExecutor(1) as thread:
        server = WyomingServer(
            f"unix://{tmp_path / 's'}",
            lambda: EarsSession(slow, thread, Event("info")),  # type: ignore[arg-type] # a stand-in
        )
        await server.start()
        yield slow
        slow.go_on.release(100)
        await server.close()
    assert not (tmp_path / "s").exists()


def loud(percent: int) -> bytes:
    return np.full(1600, percent * 328, dtype="<i2").tobytes()


async def test_each_client_is_served_in_turn_and_work_of_the_gone_is_dropped(
    whisper: SlowWhisper, tmp_path: Path
) -> None:
    stt = WyomingSpeechToText(f"unix://{tmp_path / 's'}", 60)
    first = asyncio.create_task(stt.transcribe(loud(10), language="en"))
    await asyncio.to_thread(whisper.begun.acquire)
    waiting = [asyncio.create_task(stt.transcribe(loud(percent), language="en")) for percent in (20, 30, 40)]
    # the server has read the requests once it answers a later one of the same kind
    await _answered(tmp_path)
    waiting[1].cancel()
    await asyncio.gather(waiting[1], return_exceptions=True)
    await _answered(tmp_path)
    whisper.go_on.release(3)
    texts = [(await task).text for task in (first, waiting[0], waiting[2])]
    assert texts == ["10", "20", "40"]
    assert whisper.heard == ["10", "20", "40"]


async def _answered(tmp_path: Path) -> None:
    """Several round trips, after which the server has seen what was sent and closed before."""
    from wyoming.info import Describe

    from agent.speech.wyoming import connect

    for _ in range(5):
        async with connect(f"unix://{tmp_path / 's'}") as server:
            await server.send([Describe().event()])
            await anext(server.events())


class Clumsy:
    """A session with a bug, and with an error of ours."""

    async def handle(self, event: Event, send: Send) -> None:
        if event.type == "transcribe":
            raise SpeechToTextError("No such luck.")
        if event.type == "audio-stop":
            raise ZeroDivisionError
        await send(Event("pong"))


async def test_a_bug_costs_one_connection_and_an_error_is_told(tmp_path: Path) -> None:
    server = WyomingServer("tcp://127.0.0.1:0", Clumsy)
    stt = WyomingSpeechToText(await server.start(), 60)
    for _ in range(2):
        with pytest.raises(SpeechToTextError, match="No such luck"):
            await stt.transcribe(loud(1), language="en")
    await server.close()


@pytest.mark.parametrize(
    "uri", ["tcp://127.0.0.1", "http://127.0.0.1:0", "unix:///no/such/folder/s", "tcp://300.0.0.1:0"]
)
async def test_where_nobody_can_listen(uri: str) -> None:
    with pytest.raises(ConfigurationError):
        await WyomingServer(uri, Clumsy).start()


async def test_a_taken_port_is_said() -> None:
    first = WyomingServer("tcp://127.0.0.1:0", Clumsy)
    taken = await first.start()
    with pytest.raises(ConfigurationError, match="Cannot listen"):
        await WyomingServer(taken, Clumsy).start()
    await first.close()


async def test_a_socket_file_that_a_killed_predecessor_left_is_no_hindrance(tmp_path: Path) -> None:
    uri = f"unix://{tmp_path / 's'}"
    (tmp_path / "s").touch()
    server = WyomingServer(uri, Clumsy)
    await server.start()
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0
    await server.close()
