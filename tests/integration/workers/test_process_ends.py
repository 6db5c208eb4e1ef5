"""How each worker process ends: by its parent's end, by SIGTERM, and with one sentence where it cannot begin."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.models.store import ModelStore
from tests.integration.workers.conftest import worker


@pytest.fixture
def arguments(models: ModelStore, tmp_path: Path) -> dict[str, list[str]]:
    return {
        "ears": ["--uri", f"unix://{tmp_path / 'e'}", "--model", str(models.path("whisper-base"))],
        "mouth": ["--uri", f"unix://{tmp_path / 'm'}", "--voice", str(models.path("en_US-joe-medium"))],
        "mind": ["--model", str(models.path("smollm2-135m"))],
    }


WORKERS = ["ears", "mouth", "mind"]


@pytest.mark.parametrize("name", WORKERS)
def test_ends_with_its_parents_end_of_the_pipe(name: str, arguments: dict[str, list[str]], tmp_path: Path) -> None:
    with worker(name, *arguments[name]) as running:
        assert running.process.stdin
        running.process.stdin.close()
        assert running.process.wait(60) == 0
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", WORKERS)
def test_ends_by_sigterm(name: str, arguments: dict[str, list[str]]) -> None:
    with worker(name, *arguments[name]) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0


def ends(name: str, *options: str) -> tuple[int, str]:
    """Exit status and the last line on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", f"agent.workers.{name}", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "option", "made", "sentence"),
    [
        ("ears", "--model", None, "holds no Whisper model; run `phone-agent models pull`."),
        ("ears", "--model", "model.bin", "run `phone-agent models verify`."),
        ("mouth", "--voice", None, "holds no Piper voice; run `phone-agent models pull`."),
        ("mouth", "--voice", "voice.onnx", "run `phone-agent models verify`."),
        ("mind", "--model", None, "is no model file; run `phone-agent models pull`."),
        ("mind", "--model", "mind.gguf", "run `phone-agent models verify`."),
    ],
)
def test_a_missing_or_damaged_model_is_one_sentence_and_status_2(
    name: str, option: str, made: str | None, sentence: str, tmp_path: Path
) -> None:
    model = tmp_path / "nothing"
    if made:
        (tmp_path / made).write_bytes(b"this is no model" * 100)
        (tmp_path / f"{made}.json").write_text("{}")
        model = tmp_path if name == "ears" else tmp_path / made
    address = [] if name == "mind" else ["--uri", f"unix://{tmp_path / 's'}"]
    status, last = ends(name, *address, option, str(model))
    assert status == 2
    assert last.endswith(sentence)


def test_a_taken_port_is_one_sentence_and_status_2(arguments: dict[str, list[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ends("mind", *arguments["mind"], "--port", str(port)) == (
            2,
            f"Port {port} on 127.0.0.1 cannot be used for the language model: Address already in use.",
        )
        status, last = ends("ears", *arguments["ears"][2:], "--uri", f"tcp://127.0.0.1:{port}")
        assert (status, last.startswith(f"Cannot listen on tcp://127.0.0.1:{port}")) == (2, True)


def test_a_backend_that_is_not_installed_is_one_sentence_and_status_2(arguments: dict[str, list[str]]) -> None:
    without = "import sys; sys.modules['llama_cpp'] = sys.modules['uvicorn'] = None; "
    code = without + "from agent.workers import mind; mind.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments["mind"], "--backend", "llama-cpp-python"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'phone-agent[llama-cpp-python]'" in done.stderr
