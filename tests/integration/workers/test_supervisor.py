"""The supervisor with real processes that misbehave in the ways that processes do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from wyoming.event import Event

from agent.errors import ConfigurationError, SetupError
from agent.speech.wyoming import connect
from agent.workers import worker
from agent.workers.pulse import Pulse, wyoming_pulse
from agent.workers.supervisor import CRASH_LOOP, Supervisor, WorkerSpec

READY = 'print(\'{"ready": true, "uri": "test://"}\', flush=True)\n'
UNTIL_EOF = "sys.stdin.read()\n"


class Watch:
    """Lets a test wait for what the supervisor says and does, without looking at a clock."""

    def __init__(self) -> None:
        self.states: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.delays: list[float] = []
        self.go_on = asyncio.Semaphore(0)
        self.slept = asyncio.Queue[float]()

    def on_state(self, name: str, ready: bool) -> None:
        self.states.put_nowait((name, ready))

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        self.slept.put_nowait(seconds)
        await self.go_on.acquire()


Make = Callable[..., WorkerSpec]


@pytest.fixture
def script(tmp_path: Path) -> Make:
    def make(name: str, body: str, ready_s: float = 60) -> WorkerSpec:
        path = tmp_path / f"{name}.py"
        path.write_text("import os, signal, sys\n" + textwrap.dedent(body))
        return WorkerSpec(name, (str(path),), ready_s=ready_s)

    return make


@pytest.fixture
async def watch() -> Watch:
    return Watch()


async def test_workers_are_ready_when_start_returns_and_gone_when_stop_does(script: Make, watch: Watch) -> None:
    supervisor = Supervisor([script("a", READY + UNTIL_EOF), script("b", READY + UNTIL_EOF)], watch.on_state)
    await supervisor.start()
    pids = [supervisor.pid(name) for name in supervisor.names]
    assert all(supervisor.is_ready(name) for name in ("a", "b"))
    assert supervisor.uri("a") == "test://"
    await supervisor.stop()
    assert not any(supervisor.is_ready(name) for name in ("a", "b"))
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    seen = [watch.states.get_nowait() for _ in range(watch.states.qsize())]
    assert sorted(seen) == [("a", False), ("a", True), ("b", False), ("b", True)]


async def test_a_killed_worker_is_started_again(script: Make, watch: Watch) -> None:
    supervisor = Supervisor([script("a", READY + UNTIL_EOF)], watch.on_state, sleep=watch.sleep)
    await supervisor.start()
    assert await watch.states.get() == ("a", True)
    first = supervisor.pid("a")
    assert first
    os.kill(first, signal.SIGKILL)
    assert await watch.states.get() == ("a", False)
    await watch.slept.get()
    watch.go_on.release()
    assert await watch.states.get() == ("a", True)
    assert supervisor.restarts("a") == 1
    assert supervisor.pid("a") != first
    await supervisor.stop()


async def test_a_worker_that_hangs_can_be_killed_by_name(script: Make, watch: Watch) -> None:
    hangs = script("a", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "while True: signal.pause()\n")
    supervisor = Supervisor([hangs], watch.on_state, sleep=watch.sleep)
    await supervisor.start()
    assert await watch.states.get() == ("a", True)
    supervisor.kill("a")
    assert await watch.states.get() == ("a", False)
    await watch.slept.get()
    await supervisor.stop()


WYOMING = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from agent.workers.life import live
from agent.workers.wyoming_server import WyomingServer, pong

def forever():
    while True:
        pass

class Session:
    async def handle(self, event, send):
        if event.type == "ping":
            await pong(event, thread, send)
        else:
            thread.submit(forever)

async def main(life):
    server = WyomingServer("tcp://127.0.0.1:0", Session)
    life.ready(await server.start())
    await life.stopping.wait()

thread = ThreadPoolExecutor(1)
live(main)
"""


@pytest.fixture
def wyoming(tmp_path: Path) -> WorkerSpec:
    (tmp_path / "a.py").write_text(WYOMING)
    return WorkerSpec(
        "a",
        (str(tmp_path / "a.py"),),
        {"PYTHONPATH": str(Path(__file__).parents[3])},
        pulse=Pulse(wyoming_pulse, every_s=0.01, patience_s=2),
    )


async def _stop(supervisor: Supervisor) -> None:
    os.kill(supervisor.pid("a") or 0, signal.SIGSTOP)


async def _occupy(supervisor: Supervisor) -> None:
    async with connect(supervisor.uri("a")) as server:
        await server.send([Event("endless work")])
        await server.send([Event("ping")])
        async for _ in server.events():
            break


@pytest.mark.parametrize("hang", [_stop, _occupy])
async def test_a_worker_that_hangs_is_noticed_and_started_again(
    wyoming: WorkerSpec, watch: Watch, hang: Callable[[Supervisor], Awaitable[None]]
) -> None:
    supervisor = Supervisor([wyoming], watch.on_state, sleep=watch.sleep)
    await supervisor.start()
    assert await watch.states.get() == ("a", True)
    first = supervisor.pid("a")
    await wyoming_pulse(supervisor.uri("a"))
    await hang(supervisor)
    assert await watch.states.get() == ("a", False)
    await watch.slept.get()
    watch.go_on.release()
    assert await watch.states.get() == ("a", True)
    await wyoming_pulse(supervisor.uri("a"))
    assert supervisor.pid("a") != first
    assert supervisor.restarts("a") == 1
    await supervisor.stop()


async def test_one_late_answer_is_no_hang(script: Make, watch: Watch) -> None:
    felt = asyncio.Queue[str]()
    misses = [True, False, True, False]

    async def feel(uri: str) -> None:
        felt.put_nowait(uri)
        if misses and misses.pop(0):
            raise ConnectionError("busy")

    spec = replace(script("a", READY + UNTIL_EOF), pulse=Pulse(feel, every_s=0))
    supervisor = Supervisor([spec], watch.on_state, sleep=watch.sleep)
    await supervisor.start()
    assert [await felt.get() for _ in range(10)] == ["test://"] * 10
    assert supervisor.is_ready("a")
    await supervisor.stop()


async def test_a_worker_deaf_to_sigterm_is_killed_at_the_stop(
    script: Make, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STOP_GRACE_S", 0.05)
    deaf = script("a", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "while True: signal.pause()\n")
    supervisor = Supervisor([deaf], watch.on_state)
    await supervisor.start()
    pid = supervisor.pid("a")
    assert pid
    await supervisor.stop()
    assert not psutil.pid_exists(pid)


async def test_a_crash_loop_is_seen_and_slows_down(script: Make, watch: Watch) -> None:
    once_then_crash = script(
        "a",
        f"""
        import pathlib
        mark = pathlib.Path(__file__).with_suffix(".mark")
        if mark.exists(): sys.exit(1)
        mark.touch()
        {READY}
        """,
    )
    supervisor = Supervisor([once_then_crash], watch.on_state, clock=lambda: 0.0, sleep=watch.sleep)
    await supervisor.start()
    for _ in range(CRASH_LOOP - 1):
        await watch.slept.get()
        assert not supervisor.is_crash_looping("a")
        watch.go_on.release()
    await watch.slept.get()
    assert supervisor.is_crash_looping("a")
    assert watch.delays == [0.2, 0.4, 0.8, 1.6, 3.2]
    await supervisor.stop()


async def test_a_configuration_that_cannot_work_is_said_in_the_workers_own_words(script: Make) -> None:
    broken = script("a", "sys.stderr.write('noise\\nThe model is missing; run this.\\n'); sys.exit(2)\n")
    supervisor = Supervisor([broken, script("b", READY + UNTIL_EOF)])
    with pytest.raises(ConfigurationError, match=r"^The model is missing; run this\.$"):
        await supervisor.start()
    assert supervisor.pid("b") is None


async def test_a_first_start_that_crashes_is_an_error(script: Make) -> None:
    with pytest.raises(SetupError, match=r"worker a ended with status 3 \(oh dear\)"):
        await Supervisor([script("a", "sys.stderr.write('oh dear\\n'); sys.exit(3)\n")]).start()


async def test_a_first_start_that_hangs_is_an_error(script: Make) -> None:
    with pytest.raises(SetupError, match="not ready within"):
        await Supervisor([script("a", UNTIL_EOF, ready_s=0.2)]).start()


async def test_output_that_is_no_ready_line_is_passed_over(script: Make) -> None:
    noisy = script(
        "a", "print('x' * 200_000); print('[1]'); print('{}'); print('{\"ready\": 1}')\n" + READY + UNTIL_EOF
    )
    supervisor = Supervisor([noisy])
    await supervisor.start()
    assert supervisor.is_ready("a")
    await supervisor.stop()


async def test_a_log_of_any_size_does_not_stop_a_worker(script: Make) -> None:
    talks = script("a", "sys.stderr.write('word ' * 500_000 + '\\n'); sys.stderr.flush()\n" + READY + UNTIL_EOF)
    supervisor = Supervisor([talks])
    await supervisor.start()
    assert supervisor.is_ready("a")
    await supervisor.stop()


async def test_stop_before_start_and_stop_twice_do_nothing(script: Make) -> None:
    supervisor = Supervisor([script("a", READY + UNTIL_EOF)])
    await supervisor.stop()
    await supervisor.start()
    await supervisor.stop()
    await supervisor.stop()


async def test_secrets_go_by_environment_and_are_not_shown(script: Make) -> None:
    spec = script("a", "sys.exit(2 if os.environ['KEY'] != 's3cret' else 0)\n")
    spec = WorkerSpec(spec.name, spec.argv, {"KEY": "s3cret"})
    assert "s3cret" not in repr(spec)
    with pytest.raises(SetupError, match="status 0"):
        await Supervisor([spec]).start()


PARENT = """
import asyncio, os, sys
from agent.workers.supervisor import Supervisor, WorkerSpec

async def main():
    supervisor = Supervisor([WorkerSpec("ears", tuple(sys.argv[1:]))])
    await supervisor.start()
    print("pid", supervisor.pid("ears"), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

CHILD = """
import asyncio
from agent.workers.life import live

async def main(life):
    life.ready("test://")
    await life.stopping.wait()

live(main)
"""


async def _pid_of_child(stdout: asyncio.StreamReader) -> int:
    while line := (await stdout.readline()).decode():
        if line.startswith("pid "):
            return int(line.split()[1])
    raise AssertionError("the parent said no pid")


async def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "child.py").write_text(CHILD)
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        str(tmp_path / "parent.py"),
        str(tmp_path / "child.py"),
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert parent.stdout
    try:
        child = psutil.Process(await _pid_of_child(parent.stdout))
    finally:
        parent.kill()
        await parent.wait()
    await asyncio.to_thread(child.wait, 30)
    assert not child.is_running()
