"""What a process that carries calls asks for: open files, sound before other work, short turns of its threads."""

from __future__ import annotations

import os
import resource
import sys

import structlog

log = structlog.get_logger()

PRIORITY = 1
"""The lowest of real time: before all ordinary processes, after whatever else an operator has put above them."""

SWITCH_S = 0.001


def take_short_turns() -> None:
    """Let a thread keep the interpreter from others for 1 ms at most, instead of 5.

    The event loop gets it back that much sooner, and the database's thread, which needs it several times for each
    statement, does not wait for a busy loop each time: a transaction takes half as long then (47 ms became 22, with a
    loop that does something else for 2 ms at a time).
    """
    sys.setswitchinterval(SWITCH_S)


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
