"""The life of a worker process: ready when it can work, gone when its parent is.

Protocol with the supervisor: one JSON line `{"ready": true, "uri": ...}` on standard output; the end of standard input
means that the parent died; SIGTERM means stop; exit status 2 and one sentence on standard error mean that the
configuration cannot work, so that trying again is of no use until somebody changes it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

from agent.errors import PhoneAgentError

BROKEN = 2
GRACE_S = 3.0
"""Between the parent's death and the hard end, if the work in hand does not let go."""


class Life:
    """What a worker knows of its own beginning and end."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self.stopping = asyncio.Event()

    def ready(self, uri: str) -> None:
        """Tell the supervisor that requests to `uri` are answered from now on, at full speed."""
        os.write(self._answers, json.dumps({"ready": True, "uri": uri}).encode() + b"\n")


def live(main: Callable[[Life], Awaitable[None]], *, nice: int = 0) -> NoReturn:
    """Run `main` until it returns; it watches `life.stopping`. Ends the process, without waiting for its threads.

    `nice`: how far this process stands back behind Asterisk and `serve`, for whom 20 ms are a deadline.
    """
    os.nice(nice)
    answers = os.dup(1)
    os.dup2(2, 1)  # native libraries print; only the ready line may reach the supervisor
    status = 0
    try:
        asyncio.run(_run(main, answers))
    except PhoneAgentError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the sentence that the supervisor shows to a person
        status = BROKEN
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a native thread in mid-computation must not hold up the end


async def _run(main: Callable[[Life], Awaitable[None]], answers: int) -> None:
    life = Life(answers)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, life.stopping.set)
    if _is_pipe(0):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
        threading.Thread(target=_watch_parent, args=(loop, life.stopping), daemon=True).start()
    else:
        loop.add_signal_handler(signal.SIGINT, life.stopping.set)
    await main(life)


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _watch_parent(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stopping.set)
    time.sleep(GRACE_S)
    os._exit(1)
