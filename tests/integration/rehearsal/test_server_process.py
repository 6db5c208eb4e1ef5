"""The child process of a rehearsal, with small programs in place of `phone-agent serve`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.errors import ConfigurationError, SetupError
from agent.rehearsal.server_process import ServerProcess

PRELUDE = """
import json, os, signal, sys
out = os.fdopen(int(sys.argv[sys.argv.index("--events-fd") + 1]), "w", buffering=1)
def tell(kind): print(json.dumps({"type": kind}), file=out)
"""


def _server(folder: Path, code: str) -> ServerProcess:
    return ServerProcess([sys.executable, "-c", PRELUDE + code], env=os.environ, log=folder / "agent.log")


async def test_it_is_ready_when_it_says_so_and_gone_when_stopped(tmp_path: Path) -> None:
    server = _server(tmp_path, "tell('server.ready'); signal.pause()")
    await server.start()
    process = psutil.Process(server.pid)
    await server.stop()
    assert not process.is_running()
    await server.stop()


async def test_its_events_are_heard_until_the_end(tmp_path: Path) -> None:
    server = _server(
        tmp_path,
        """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
tell("server.ready"); signal.sigwait([signal.SIGTERM]); tell("last.words")
""",
    )
    seen: list[Any] = []
    with server.feed.listening(seen.append):
        await server.start()
        await server.stop()
    assert [event["type"] for event in seen] == ["server.ready", "last.words"]


async def test_a_broken_configuration_is_told_in_its_own_words(tmp_path: Path) -> None:
    server = _server(tmp_path, "print('There is no key x.', file=sys.stderr); sys.exit(2)")
    with pytest.raises(ConfigurationError, match="There is no key x"):
        await server.start()


async def test_an_end_before_ready_is_told_with_its_status(tmp_path: Path) -> None:
    server = _server(tmp_path, "print('boom', file=sys.stderr); sys.exit(3)")
    with pytest.raises(SetupError, match=r"status 3.*boom"):
        await server.start()


async def test_one_that_never_gets_ready_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.rehearsal.server_process.READY_TIMEOUT_S", 0.1)
    server = _server(tmp_path, "signal.pause()")
    with pytest.raises(SetupError, match="not ready after"):
        await server.start()
    assert not psutil.pid_exists(server.pid)


async def test_one_that_ignores_the_polite_way_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.rehearsal.server_process.STOP_TIMEOUT_S", 0.1)
    server = _server(
        tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN); tell('server.ready')\nwhile True: signal.pause()"
    )
    await server.start()
    await server.stop()
    assert not psutil.pid_exists(server.pid)


async def test_it_dies_with_whoever_started_it(tmp_path: Path) -> None:
    """A middle process starts it and is killed without a chance to clean up."""
    middle = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        f"""
import asyncio, os, sys
from pathlib import Path
from agent.rehearsal.server_process import ServerProcess
async def main():
    server = ServerProcess([sys.executable, "-c", {PRELUDE!r} + "tell('server.ready'); signal.pause()"],
                           env=os.environ, log=Path({str(tmp_path / "agent.log")!r}))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
""",
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert middle.stdout is not None
    orphan = psutil.Process(int(await middle.stdout.readline()))
    middle.kill()
    await middle.communicate()
    await asyncio.to_thread(psutil.wait_procs, [orphan], timeout=30)
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
