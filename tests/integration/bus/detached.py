"""Servers of the tests' own that are no children of ours: helpers that they start are no leak of a test."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

START_S = 120
"""Longer than any server takes on a busy machine."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def needed(program: str, package: str) -> str:
    """Where a program is; fails the test with what to install."""
    found = shutil.which(program, path="/usr/lib/rabbitmq/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"{program} is needed for these tests: `apt-get install --no-install-recommends {package}`.")
    return found


def start(command: Sequence[str | Path], *, pid_file: Path, log: Path, environment: Mapping[str, str]) -> None:
    """Run a command in a session of its own; its pid is in `pid_file` when this returns."""
    note = 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"'
    with log.open("ab") as said:
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", note, pid_file, *command],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=True, env=dict(environment), cwd="/",
        )  # fmt: skip
    until(pid_file.exists, log)


def until(ready: Callable[[], bool], log: Path) -> None:
    """Wait for a server outside of this process; fails the test with the end of its log."""
    end = time.monotonic() + START_S
    while not ready():
        if time.monotonic() > end:
            pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


def kill(pid_file: Path, *, log: Path) -> None:
    """By SIGKILL, and wait until it is gone with its own children; the file is removed. Nothing without the file."""
    if not pid_file.exists():
        return
    with contextlib.suppress(psutil.NoSuchProcess, ValueError):
        process = psutil.Process(int(pid_file.read_text()))
        family = [process, *process.children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGKILL)
        _gone, alive = psutil.wait_procs(family, timeout=START_S)
        if alive:
            pytest.fail(f"cannot be killed: {alive}\n{log.read_text(errors='replace')[-4000:]}")
    pid_file.unlink(missing_ok=True)


def answers(port: int, greeting: bytes) -> bool:
    """Whether a server on loopback says anything to a greeting."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(greeting)
            return bool(connection.recv(1))
    except OSError:
        return False
