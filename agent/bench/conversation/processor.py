"""Processor time and memory of several processes together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

GIGABYTE = 1e9


def used_s(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    """Seconds of processor time, the kernel's work for them included, since each began; without those that are gone."""
    found = {}
    for name, process in processes.items():
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        found[name] = times.user + times.system
    return found


def memory_gb(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    """What each holds of the machine's memory, in 10^9 bytes; pages of a file that several map count once.

    They count for the process that has most of them in memory. What a process alone has written counts for it. The
    proportional set size would do without this, but a program that has nothing to do with ours and maps the same
    model would make ours look smaller. Walks the page tables, some ten milliseconds for a gigabyte, in which the
    process cannot map memory: never do it beside a measurement of time. Without those that are gone.
    """
    held = {}
    for name, process in processes.items():
        try:
            held[name] = [Mapped.of(mapping) for mapping in process.memory_maps(grouped=True)]
        except psutil.NoSuchProcess:
            continue
    return {name: size / GIGABYTE for name, size in counted_once(held).items()}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one process has in memory of one file, or of what is no file. Bytes."""

    path: str
    own: int
    """Written by this process alone, or of no file."""
    of_file: int
    """Pages of the file as it is: the same for whoever maps it."""

    @classmethod
    def of(cls, mapping: Any) -> Mapped:
        """Of psutil's grouped `memory_maps`."""
        if not mapping.path.startswith("/"):
            return cls(mapping.path, mapping.pss, 0)
        return cls(mapping.path, mapping.private_dirty, mapping.rss - mapping.private_dirty)


def counted_once(held: Mapping[str, Iterable[Mapped]]) -> dict[str, int]:
    """By process the bytes that count for it."""
    total = dict.fromkeys(held, 0)
    largest: dict[str, tuple[int, str]] = {}
    for name, mappings in held.items():
        for one in mappings:
            total[name] += one.own
            largest[one.path] = max(largest.get(one.path, (0, name)), (one.of_file, name))
    for size, name in largest.values():
        total[name] += size
    return total
