"""Whether files have the bytes that the manifest says: in full, or at a glance with the help of a stamp."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from agent.models.manifest import ModelFile

STAMP = ".verified.json"
_BLOCK = 1 << 20


def sha256_of(path: Path) -> str:
    """Checksum of a whole file: about one second per gigabyte."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def wrong_file(folder: Path, files: Iterable[ModelFile]) -> str:
    """What is wrong with the first file that is not as it must be, reading all of them; nothing if all is well."""
    for file in files:
        path = folder / file.name
        if not path.is_file():
            return f"{file.name} is missing"
        if (size := path.stat().st_size) != file.size:
            return f"{file.name} has {size:,} bytes instead of {file.size:,}"
        if sha256_of(path) != file.sha256:
            return f"{file.name} has another checksum"
    return ""


def write_stamp(folder: Path, files: Iterable[ModelFile]) -> None:
    """Remember that these files were just read in full and are right."""
    seen = {file.name: [file.size, (folder / file.name).stat().st_mtime_ns, file.sha256] for file in files}
    draft = folder / f"{STAMP}.new"
    draft.write_text(json.dumps(seen), encoding="utf-8")
    draft.replace(folder / STAMP)


def is_stamped(folder: Path, files: Iterable[ModelFile]) -> bool:
    """Whether nothing changed since the files were found right: sizes, times of change, and what the manifest says."""
    with suppress(OSError, ValueError):
        seen = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        now = {}
        for file in files:
            found = (folder / file.name).stat()
            if found.st_size != file.size:
                return False
            now[file.name] = [found.st_size, found.st_mtime_ns, file.sha256]
        return bool(seen == now)
    return False
