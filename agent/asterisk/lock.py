"""The lock file: the exact packages with which this version of phone-agent was tried.

One package a line: bundle, architecture, name, version, sha256; `#` begins a comment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.asterisk.packages import Package
from agent.errors import SetupError

_LINE = re.compile(
    r"(?P<bundle>[a-z]+) (?P<architecture>[a-z0-9]+) (?P<name>[a-z0-9][a-z0-9+.-]*) "
    r"(?P<version>[A-Za-z0-9.+~:-]+) (?P<sha256>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One line of the lock file."""

    bundle: str
    architecture: str
    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.bundle} {self.architecture} {self.name} {self.version} {self.sha256}"


def parse(text: str) -> list[Pin]:
    """The lines of a lock file. Raises SetupError that names the line which is none."""
    pins = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise SetupError(f"packages.lock, line {number}: this is no `bundle architecture package version sha256`.")
        pins.append(Pin(**match.groupdict()))
    return pins


def pins_of(bundle: str, architecture: str, packages: Iterable[Package]) -> list[Pin]:
    """What the lock file says when these packages are the tried ones."""
    return sorted(Pin(bundle, architecture, p.name, p.version, p.sha256) for p in packages)


def fingerprint(pins: Iterable[Pin]) -> str:
    """Names a set of pins in twelve hexadecimal digits."""
    return hashlib.sha256("\n".join(map(str, sorted(pins))).encode()).hexdigest()[:12]


def moved_on(pins: Sequence[Pin], packages: Sequence[Package]) -> list[str]:
    """What the index has otherwise than the lock, such as `libssl3t64 3.6.6-1 (tried: 3.6.5-1)`.

    Raises SetupError where a package of the same version has other bytes: one of both was tampered with.
    """
    tried = {pin.name: pin for pin in pins}
    differences = []
    for package in packages:
        pin = tried.pop(package.name, None)
        if pin is None or pin.version != package.version:
            differences.append(f"{package.name} {package.version} (tried: {pin.version if pin else 'without it'})")
        elif pin.sha256 != package.sha256:
            raise SetupError(
                f"The mirror's {package.name} {package.version} is not the one that was tried: its sha256 differs. "
                "Use another mirror.",
                code="bad_checksum",
            )
    return differences + [f"no {name}" for name in tried]
