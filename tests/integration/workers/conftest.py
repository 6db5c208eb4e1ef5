"""Real workers with real models, one of each for the tests of a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.configuration import load
from agent.models.store import ModelStore

KEY = "test-key"


@dataclass(frozen=True)
class Running:
    """A worker that said it is ready."""

    uri: str
    process: subprocess.Popen[bytes]


@contextmanager
def worker(name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"agent.workers.{name}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ) | dict(env or {}),
    )
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, f"{name} ended with {process.wait()}"
        yield Running(json.loads(line)["uri"], process)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


@pytest.fixture(scope="session")
def models() -> ModelStore:
    store = ModelStore.of(load().models)
    for name in ("whisper-base", "en_US-joe-medium", "smollm2-135m"):
        store.pull(name)
    return store


@pytest.fixture(scope="module")
def ears(models: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    socket = tmp_path_factory.mktemp("ears") / "s"
    with worker("ears", "--uri", f"unix://{socket}", "--model", str(models.path("whisper-base"))) as running:
        yield running


@pytest.fixture(scope="module")
def mouth(models: ModelStore) -> Iterator[Running]:
    with worker("mouth", "--uri", "tcp://127.0.0.1:0", "--voice", str(models.path("en_US-joe-medium"))) as running:
        yield running


@pytest.fixture(scope="module")
def slot_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slots")


@pytest.fixture(scope="module")
def mind(models: ModelStore, slot_folder: Path) -> Iterator[Running]:
    arguments = ["--model", str(models.path("smollm2-135m")), "--slots", "3", "--slot-folder", str(slot_folder)]
    with worker("mind", *arguments, env={"PHONE_AGENT_MIND_KEY": KEY}) as running:
        yield running
