"""Servers that start in a tenth of the time: forked from a process that has imported all that `serve` needs.

What runs is `phone-agent serve`, in a process of its own that is killed like any other; it only skips the imports. As a
program this is that process: it takes one request at a time (environment, log and the pipe for events), forks, and
tells the child's id and how it ended.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # of prctl(2)
READY, MOST_BYTES = "ready", 1 << 18


class Nursery:
    """The side of the test: `async with Nursery() as nursery`."""

    def __init__(self) -> None:
        ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket = ours
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Nursery:
        fd = self._theirs.fileno()
        self._process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", __spec__.name, str(fd), pass_fds=(fd,)
        )
        self._theirs.close()
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._socket.dup())
        assert await self._told() == READY
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._writer is not None
        assert self._process is not None
        self._writer.close()
        self._socket.close()
        with suppress(ProcessLookupError):
            self._process.kill()  # and with it a server that a test that failed has left
        await self._process.wait()

    async def fork(self, env: Mapping[str, str], log: Path, events_fd: int) -> int:
        """Start a server that writes its events to that descriptor; its process id."""
        request = json.dumps({"env": dict(env), "log": str(log)}).encode()
        socket.send_fds(self._socket, [request], [events_fd])
        return int(await self._told())

    async def ended(self) -> int:
        """How the server that was started last ended: its exit status, negative for a signal."""
        return int(await self._told())

    async def _told(self) -> Any:
        assert self._reader is not None
        return json.loads(await self._reader.readline())


def main() -> None:
    """Fork until the socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    import langchain_openai  # noqa: F401  # as the next: to have it imported

    import agent.app  # noqa: F401

    _tell(control, READY)
    while True:
        request, fds, _, _ = socket.recv_fds(control, MOST_BYTES, 1)
        if not request:
            return
        pid = os.fork()
        if not pid:
            control.close()
            _serve(json.loads(request), fds[0])
        os.close(fds[0])
        _tell(control, pid)
        _, status = os.waitpid(pid, 0)
        _tell(control, os.waitstatus_to_exitcode(status))


def _tell(control: socket.socket, what: object) -> None:
    control.sendall(json.dumps(what).encode() + b"\n")


def _serve(request: dict[str, Any], events_fd: int) -> None:
    """Be a server, to the end of the process."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for fd in (1, 2):
        os.dup2(log, fd)
    os.environ.clear()
    os.environ.update(request["env"])
    status = 1
    try:
        from agent.commands.serve import serve

        serve(config=None, events_fd=events_fd)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
