"""Processor time and memory of several processes together."""

from __future__ import annotations

from collections.abc import Mapping

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
    """Proportional set size of each, in 10^9 bytes: a page that n processes share counts 1/n in each of them.

    So the sum is what they take of the machine: resident set sizes would count the libraries and the model files that
    several of them map once for each. Reading it walks the page tables, some ten milliseconds per gigabyte, in
    which the process cannot map memory: never do it beside a measurement of time. Without those that are gone.
    """
    found = {}
    for name, process in processes.items():
        try:
            found[name] = process.memory_full_info().pss / GIGABYTE
        except psutil.NoSuchProcess:
            continue
    return found
