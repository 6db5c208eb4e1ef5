"""What each measure must reach: read from `targets.toml`, which alone holds the figures."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_FILE = Path(__file__).with_name("targets.toml")


@dataclass(frozen=True, slots=True)
class Target:
    """One measure: its unit, which way is good, and the figures that an issue asked for."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    issue: int
    """Number of the issue that asked for the measure."""
    says: str
    """What is measured, in one line."""
    must: float | None = None
    aim: float | None = None

    def reached(self, value: float | None, bound: float | None) -> bool | None:
        """Whether `value` is at least as good as `bound`; None where there is no bound.

        A value that could not be measured (None) reaches nothing.
        """
        if bound is None:
            return None
        if value is None:
            return False
        return value <= bound if self.better == "lower" else value >= bound


@cache
def targets() -> Mapping[str, Target]:
    """All known measures by name, such as `media.late_frames`, in the order of the file."""
    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Target(name=name, **fields) for name, fields in _leaves(document, "")}


def _leaves(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in table.items():
        if "unit" in value:
            yield prefix + key, value
        else:
            yield from _leaves(value, f"{prefix}{key}.")
