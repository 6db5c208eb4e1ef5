"""Unpacks packages side by side into one folder, as Debian lays them out, without installing anything."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.errors import SetupError

_MERGED = ("bin", "lib", "lib64", "sbin")  # merged /usr: packages may use either path


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archives: Iterable[Path], root: Path, exclude: Sequence[str]) -> None:
    """Put the files of the packages under `root`; no script of theirs is run, no owner is set.

    `exclude` holds tar patterns such as `./usr/share/man`. Symbolic links that lead out of `root` are taken away.
    Raises SetupError where a package is damaged or the disk is full.
    """
    for name in _MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    for archive in archives:
        _unpack_one(archive, root, exclude)
    for path in root.rglob("*"):
        if path.is_symlink() and path.readlink().is_absolute():
            path.unlink()


def _unpack_one(archive: Path, root: Path, exclude: Sequence[str]) -> None:
    tar = ["tar", "--extract", "--directory", str(root), "--keep-directory-symlink", "--no-same-owner"]
    tar += [f"--exclude={pattern}" for pattern in exclude]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as reading:
        writing = subprocess.run(tar, stdin=reading.stdout, capture_output=True, text=True, check=False)
        if reading.stdout is not None:
            reading.stdout.close()
    if reading.returncode or writing.returncode:
        if "No space left" in writing.stderr:
            raise SetupError(f"The disk of {root} is full; make room and try again.", code="disk_full")
        raise SetupError(f"{archive.name} cannot be unpacked: {writing.stderr.strip()[:200] or 'it is damaged'}.")
