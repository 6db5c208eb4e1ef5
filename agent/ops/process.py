"""What a process that carries calls asks of the kernel: open files, and sound before other work."""

from __future__ import annotations

import os
import resource
import sys

import structlog

log = structlog.get_logger()

PRIORITY = 1
"""The lowest of real time: before all ordinary processes, after whatever else an operator has put above them."""


def allow_many_files() -> None:
    """Raise the limit on open files as far as it goes: calls take a handful each, and 1024 are used up by about 150."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def put_sound_first() -> bool:
    """Ask for real-time scheduling of the calling thread; whether it was granted (root, CAP_SYS_NICE, RLIMIT_RTPRIO).

    A frame is due every 20 ms, and an ordinary process may wait longer than that for a core while others compute.
    Asterisk's own `highpriority` does the same. Neither model workers nor threads inherit it. The kernel keeps 5 % of
    the time for others whatever happens (`sched_rt_runtime_us`).
    """
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError:
        log.info("server.ordinary_priority", hint="LimitRTPRIO=1 in the systemd unit lets sound go first under load")
        return False
    log.info("server.realtime_priority", priority=PRIORITY)
    return True
