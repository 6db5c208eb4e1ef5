"""Programs of an unpacked Debian suite, run through that suite's own dynamic loader.

The loader is started by its path and told where its libraries are, so neither the machine's C library nor its
packages matter, and nothing has to be installed, mounted or changed by root.
"""

from __future__ import annotations

import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from agent.errors import SetupError

_MACHINES = {
    "x86_64": ("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),  # not tried: no such machine was at hand
}


@dataclass(frozen=True, slots=True)
class Prefix:
    """A folder into which packages were unpacked."""

    root: Path

    @property
    def libraries(self) -> Path:
        """Where the shared libraries are."""
        return self.root / "usr/lib" / _machine()[1]

    def argv(self, program: str, *arguments: str) -> list[str]:
        """The command that starts a program, given by its path in the prefix, such as `usr/sbin/asterisk`."""
        return [*self._loader(), str(self.root / program), *arguments]

    def missing_libraries(self, binary: Path) -> list[str]:
        """Names of the shared libraries that a program or module needs and that were not unpacked."""
        listing = subprocess.run([*self._loader(), "--list", str(binary)], capture_output=True, text=True, check=False)
        text = listing.stdout + listing.stderr
        return re.findall(r"(\S+) => not found", text) + re.findall(r"(\S+): cannot open shared object", text)

    def _loader(self) -> list[str]:
        return [str(self.libraries / _machine()[2]), "--library-path", str(self.libraries)]


def architecture() -> str:
    """Debian's name of this machine's kind: amd64 or arm64. Raises SetupError on others."""
    return _machine()[0]


def _machine() -> tuple[str, str, str]:
    machine = platform.machine()
    if machine not in _MACHINES:
        raise SetupError(f"There is no Asterisk for {machine} processors here, only for {', '.join(_MACHINES)}.")
    return _MACHINES[machine]
