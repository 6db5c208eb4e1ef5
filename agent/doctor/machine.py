"""This machine: descriptors, memory, disk and clock."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from agent.doctor.check import Check, broken, good, warning
from agent.models.store import default_folder
from agent.resources import PACKAGE
from agent.settings import Settings

FILES_PER_CALL = 6
"""Descriptors of the agent: the sound, two requests to Asterisk at the start and the end, ears, mind and mouth."""
FILES_FOR_ITSELF = 100
ENOUGH_CALLS = 50
FULL_MB, NEARLY_FULL_MB = 100, 1000
MODEL_OVERHEAD_MB = 300
"""What a model's process takes beside the model: measured 200 to 270 for ears and mouth."""
CLOCK_SKEW_S = 2.0
"""More, and the logs of both sides cannot be laid side by side."""
_DAY_S = 86_400
_MB = 1_000_000


def check_files(limit: int | None = None) -> Check:
    """How many calls the limit of open files allows."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    if soft == resource.RLIM_INFINITY:
        return good("files", "there is no limit of open files")
    calls = max(0, (soft - FILES_FOR_ITSELF) // FILES_PER_CALL)
    message = f"{soft} open files are allowed, enough for {calls} calls at once"
    remedy = "raise it: `ulimit -n 65536`, or LimitNOFILE=65536 in the unit of systemd."
    if not calls:
        return broken("files", "too_few_files", message, remedy)
    return good("files", message) if calls >= ENOUGH_CALLS else warning("files", "few_files", message, remedy)


def check_memory(model_bytes: list[int], available: int | None = None) -> Check:
    """Whether our own models, of these sizes, fit into what is free now."""
    available_mb = (psutil.virtual_memory().available if available is None else available) // _MB
    needed_mb = sum(size // _MB + MODEL_OVERHEAD_MB for size in model_bytes) + MODEL_OVERHEAD_MB
    message = f"{available_mb:,} MB of memory are free, about {needed_mb:,} MB are needed"
    if available_mb >= needed_mb:
        return good("memory", message)
    return warning(
        "memory", "little_memory", message,
        "end other programs, take a smaller llm.model, or set llm.base_url, stt.uri or tts.uri to another machine.",
    )  # fmt: skip


def check_disk(folders: dict[str, Path]) -> Check:
    """Whether there is room where we write: what it is for → folder, which need not exist yet."""
    free = {what: shutil.disk_usage(_existing(folder)).free // _MB for what, folder in folders.items()}
    what, least = min(free.items(), key=lambda item: item[1])
    message = f"{least:,} MB of disk are free for {what} ({_existing(folders[what])})"
    if least < FULL_MB:
        return broken("disk", "disk_full", message, "make room there.")
    if least < NEARLY_FULL_MB:
        return warning("disk", "disk_nearly_full", message, "make room there.")
    return good("disk", message)


def places(settings: Settings) -> dict[str, Path]:
    """Where the agent writes."""
    return {"models": settings.models.folder or default_folder(), "temporary files": Path(tempfile.gettempdir())}


def check_clock(asterisk_ahead_s: float | None, now: float | None = None) -> Check:
    """Whether this machine's clock can be right, and agrees with Asterisk's as far as that was seen."""
    now = time.time() if now is None else now
    installed = PACKAGE.stat().st_mtime
    set_it = "set the clock and keep it right with NTP (`timedatectl set-ntp true`)."
    if now < installed - _DAY_S:
        return warning("clock", "clock_wrong", "the clock stands before this software was installed", set_it)
    if asterisk_ahead_s is None:
        return good("clock", "the clock is plausible; it was not compared with Asterisk's")
    message = f"Asterisk's clock and this one differ by {abs(asterisk_ahead_s):.1f} s"
    if abs(asterisk_ahead_s) > CLOCK_SKEW_S:
        return warning("clock", "clocks_differ", message, f"on both machines, {set_it}")
    return good("clock", message)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.resolve().parents) if path.is_dir())
