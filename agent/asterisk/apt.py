"""apt with folders of its own: the machine's mirrors, proxies and keys are used, its package lists and state are not.

Fetching, resuming, signatures and the index's checksums are apt's work. Works as root and as an ordinary user.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.asterisk.packages import Package, parse_index
from agent.errors import SetupError

HELPER = "/usr/lib/apt/apt-helper"
_TAIL = 2000
"""Characters of apt's words that are looked at for a cause."""


@dataclass(frozen=True, slots=True)
class Apt:
    """A private view of one suite of one mirror."""

    folder: Path
    """Holds apt's lists and caches; may be thrown away at any time."""
    mirror: str
    suite: str
    architecture: str
    keyring: Path | None
    """None: whatever keys apt on this machine trusts."""
    retries: int = 3
    """How often apt tries a failed fetch again, with growing pauses."""

    def update(self) -> None:
        """Fetch the signed index. Raises SetupError with what to do."""
        for name in ("lists/partial", "archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        options = f"arch={self.architecture}" + (f" signed-by={self.keyring}" if self.keyring else "")
        (self.folder / "sources.list").write_text(f"deb [{options}] {self.mirror} {self.suite} main\n", "utf-8")
        (self.folder / "apt.conf").write_text(self._configuration(), "utf-8")
        self._run(["apt-get", "update", "-o", "APT::Update::Error-Mode=any"])

    def index(self) -> dict[str, Package]:
        """All packages of the suite. Takes a second or two; call it after `update`."""
        lists = sorted((self.folder / "lists").glob("*_Packages*"))
        if not lists:
            raise SetupError(f"{self.mirror} has no packages for {self.architecture} in {self.suite}.")
        return parse_index(line for path in lists for line in self._lines(path))

    def download(self, packages: Sequence[Package], into: Path, progress: Callable[[str], None]) -> None:
        """Fetch the packages into a folder, as `Package.filename`; what an earlier try left there is completed.

        Raises SetupError with what to do.
        """
        if not packages:
            return
        into.mkdir(parents=True, exist_ok=True)
        wanted = {package.name: package for package in packages}
        versions = [f"{package.name}={package.version}" for package in packages]
        printed = self._run(["apt-get", "download", "--print-uris", *versions])
        fetches: list[str] = []
        for address, name in re.findall(r"^'(\S+)' ([^_ ]+)_", printed, re.M):
            package = wanted.pop(name)
            fetches += [address, str(into / package.filename), f"SHA256:{package.sha256}"]
        if wanted:
            raise SetupError(f"apt offers no download of {', '.join(wanted)}.")
        self._run([HELPER, "download-file", *fetches], progress)

    def _lines(self, path: Path) -> Iterator[str]:
        command = [HELPER, *self._options(), "cat-file", str(path)]  # apt may keep its lists compressed
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as reading:
            yield from reading.stdout or ()
        if reading.returncode:
            raise SetupError(f"apt cannot read its own list {path}; delete {self.folder} and try again.")

    def _options(self) -> list[str]:
        return ["-c", str(self.folder / "apt.conf")]

    def _run(self, command: Sequence[str], progress: Callable[[str], None] | None = None) -> str:
        """What the command prints. Raises SetupError with apt's reason."""
        read_end, write_end = os.pipe()
        argv = [command[0], *self._options(), "-q", "-o", f"APT::Status-Fd={write_end}", *command[1:]]
        with (
            os.fdopen(read_end, encoding="utf-8", errors="replace") as status,
            (self.folder / "apt.log").open("w+", encoding="utf-8", errors="replace") as output,
        ):
            try:
                running = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    pass_fds=(write_end,), env={**os.environ, "LC_ALL": "C"},
                )  # fmt: skip
            except FileNotFoundError:
                raise SetupError(f"{command[0]} is missing; Asterisk is fetched by apt, as on Debian 12.") from None
            finally:
                os.close(write_end)
            with running:
                follow(status, progress)
            output.seek(0)
            text = output.read()
        if running.returncode:
            raise explained(text, self.mirror)
        return text

    def _configuration(self) -> str:
        at = self.folder
        return f"""\
Dir::State "{at}";
Dir::State::lists "{at}/lists";
Dir::State::status "{at}/status";
Dir::Cache "{at}";
Dir::Cache::archives "{at}/archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Log "{at}";
Dir::Etc::sourcelist "{at}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{self.architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{self.architecture}"; }};
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root"; // our folder is private, so that apt's own user could not write there
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "{self.retries}";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Acquire::http::Proxy::127.0.0.1 "DIRECT";
"""


def follow(status: Iterator[str], progress: Callable[[str], None] | None) -> None:
    """Read apt's progress (`dlstatus:file:percent:words`) to its end; tell of every tenth."""
    told = 0
    for line in status:
        parts = line.rstrip().split(":", 3)
        if progress is None or len(parts) < 4 or parts[0] != "dlstatus":
            continue
        tenth = int(float(parts[2])) // 10 * 10
        if tenth > told:
            told = tenth
            progress(f"{tenth} % – {parts[3]}")


def explained(text: str, mirror: str) -> SetupError:
    """A sentence with apt's reason, and what to do about it."""
    words = [line[2:].strip() for line in text[-_TAIL:].splitlines() if line.startswith(("E:", "W:"))]
    said = f" apt says: {' '.join(words[:2])[:400]}" if words else ""
    if re.search(r"NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|is not signed|[Ii]nvalid signature|couldn't be verified", text):
        return SetupError(
            f"{mirror} is not signed by Debian; install debian-archive-keyring, or use another mirror.{said}",
            code="bad_signature",
        )
    if re.search(r"No space left|enough free space", text):
        return SetupError(f"The disk is full; make room and try again.{said}", code="disk_full")
    if re.search(r"Hash Sum mismatch|unexpected size|mismatch", text):
        return SetupError(
            f"What {mirror} sent is damaged; try again, or use another mirror.{said}", code="bad_checksum"
        )
    if re.search(r"Release file .* (expired|not valid yet)", text):
        return SetupError(f"The index of {mirror} is out of date, or this machine's clock is wrong.{said}")
    return SetupError(
        f"{mirror} could not be reached; check the network and try again, what was fetched is kept.{said}",
        code="mirror_unreachable",
    )
