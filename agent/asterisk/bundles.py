"""Asterisk, SIPp and recorded voices, from Debian's packages: fetched once, into the user's cache, without root."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import platformdirs

from agent.asterisk import lock
from agent.asterisk.bundle_specs import SPECS
from agent.asterisk.prefix import architecture
from agent.asterisk.store import BundleStore, Progress, quiet
from agent.resources import shipped


def bundle(name: str, progress: Progress = quiet) -> Path:
    """The folder with a bundle's unpacked files: `asterisk`, `sipp`, `prompts`, `voices` or `music`.

    See `bundles`."""
    return bundles([name], progress)[name]


def bundles(names: Sequence[str], progress: Progress = quiet) -> dict[str, Path]:
    """Name → folder; what is not in the cache yet is fetched, and `progress` gets a line for each step.

    Blocks: milliseconds where all is there, seconds to minutes otherwise. To ask for several at once reads the index
    once. Raises SetupError with what to do.
    """
    return default_store().obtain([SPECS[name] for name in names], progress)


def default_store() -> BundleStore:
    """The one in the user's cache, with the shipped lock file."""
    pins = lock.parse((shipped("asterisk-config") / "packages.lock").read_text("utf-8"))
    return BundleStore(platformdirs.user_cache_path("phone-agent") / "debian", pins, architecture())
