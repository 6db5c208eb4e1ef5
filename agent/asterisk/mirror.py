"""Which Debian mirror to use: the one that apt on this machine uses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.errors import SetupError

VARIABLE = "PHONE_AGENT_DEBIAN_MIRROR"
_SUITES = {"bullseye", "bookworm", "trixie", "forky", "duke", "sid"} | {
    *("oldoldstable", "oldstable", "stable", "testing", "unstable")
}
"""Of the main archive, whose mirrors carry all suites; those of security or of other distributions do not."""
_KEYRINGS = ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")


def mirror(environ: Mapping[str, str] = os.environ) -> str:
    """Base address of the mirror, without a slash at its end.

    `PHONE_AGENT_DEBIAN_MIRROR` goes before apt's own. Raises SetupError where there is none.
    """
    if named := environ.get(VARIABLE):
        return named.rstrip("/")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SetupError("apt-get and dpkg-deb are needed to get Asterisk; use Debian 12 or later, or install both.")
    # No release info: a machine on which `apt-get update` never ran has none, but has a mirror all the same.
    listing = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=False, env={**environ, "LC_ALL": "C"},
    )  # fmt: skip
    found = main_archive(listing.stdout.splitlines())
    if found is None:
        raise SetupError(f"apt on this machine knows no Debian mirror; set {VARIABLE} to the address of one.")
    return found


def main_archive(lines: Iterable[str]) -> str | None:
    """The first mirror of the main archive, from lines of `suite address`."""
    for line in lines:
        suite, _, address = line.partition(" ")
        if suite in _SUITES and address:
            return address.rstrip("/")
    return None


def keyring() -> Path | None:
    """Debian's own keys; None where only apt's general ones are there."""
    candidates = (Path("/usr/share/keyrings") / name for name in _KEYRINGS)
    return next((path for path in candidates if path.exists()), None)
