"""The helper without which Asterisk gives up its real-time priority again.

With `highpriority` Asterisk starts `astcanary` from its folder of programs and looks every two minutes whether that
ordinary process still gets to run: if not, real-time threads have taken the whole machine, and Asterisk steps down. A
canary that could not be started looks the same, so it must be found, and run through the suite's own loader.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from agent.asterisk.prefix import Prefix

_PROGRAM = "usr/sbin/astcanary"


def write_canary(folder: Path, prefix: Prefix) -> None:
    """Put a script `astcanary` into the folder, which is made. What it starts dies with Asterisk."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    script = folder / "astcanary"
    command = shlex.join(["setpriv", "--pdeathsig", "KILL", "--", *prefix.argv(_PROGRAM)])
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
    script.chmod(0o700)
