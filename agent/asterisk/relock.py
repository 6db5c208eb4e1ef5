"""Writes the lock file anew from the mirror's present index: `python -m agent.asterisk.relock > …/packages.lock`.

For maintainers; try Asterisk with what it names before you commit it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent.asterisk.apt import Apt
from agent.asterisk.bundle_specs import SPECS, SUITE
from agent.asterisk.lock import Pin, pins_of
from agent.asterisk.mirror import keyring, mirror
from agent.asterisk.packages import closure

_HEADER = """\
# The packages with which this version of phone-agent was tried: bundle, architecture, package, version, sha256.
# Where the mirror has newer ones, its signed index is trusted within Asterisk 22, and a line says so.
# arm64 is resolved and not tried. Made by `python -m agent.asterisk.relock`.
"""


def pins(folder: Path) -> Iterator[Pin]:
    """All bundles for all architectures, as the mirror has them now."""
    for architecture in ("amd64", "arm64"):
        apt = Apt(folder / architecture, mirror(), SUITE, architecture, keyring())
        apt.update()
        index = apt.index()
        for spec in SPECS.values():
            yield from pins_of(spec.name, architecture, closure(index, spec.packages, spec.left_out))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        lines = [str(pin) for pin in sorted(pins(Path(scratch)))]
    sys.stdout.write(_HEADER + "\n".join(lines) + "\n")
