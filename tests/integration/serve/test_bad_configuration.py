"""What `phone-agent serve` does with a configuration that cannot work: one sentence, status 2, before any call."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.models.store import default_folder

LLM = "qwen2.5-coder-0.5b-instruct"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


async def refused(settings: Mapping[str, str]) -> str:
    """What it says; everything that is not under test is good."""
    good = {
        "MEDIA__PORT": "0", "HTTP__PORT": "0", "HTTP__METRICS_PORT": "0",
        "LLM__MODEL": LLM, "ASTERISK__ARI_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    environ = {f"PHONE_AGENT_{key}": value for key, value in {**good, **settings}.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "serve",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environ},
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 2, errors.decode()
    said = [line for line in errors.decode().splitlines() if line.startswith("phone-agent: ")]
    assert len(said) == 1, errors.decode()
    assert "Traceback" not in errors.decode()
    return said[0]


async def test_an_unknown_key_names_the_nearest_one() -> None:
    assert "did you mean stt.threads?" in await refused({"STT__TREADS": "3"})


async def test_a_number_that_leads_to_no_agent() -> None:
    said = await refused({"AGENTS__NUMBERS": '{"1000": "nobody"}'})
    assert '"1000" leads to the agent nobody' in said
    assert "receptionist" in said


@pytest.mark.parametrize("key", ["media.port", "http.port"])
async def test_a_taken_port_is_named_with_its_key(key: str, taken_port: int) -> None:
    said = await refused({key.replace(".", "__").upper(): str(taken_port)})
    assert str(taken_port) in said
    assert key in said


async def test_a_missing_model_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    assert "phone-agent models pull whisper-base" in await refused({"MODELS__FOLDER": str(tmp_path)})


async def test_a_damaged_model_is_not_used(tmp_path: Path) -> None:
    shutil.copytree(default_folder() / "whisper-base", tmp_path / "whisper-base")
    (tmp_path / "whisper-base" / "model.bin").write_bytes(b"not a model")
    said = await refused({"MODELS__FOLDER": str(tmp_path)})
    assert "whisper-base is damaged" in said
    assert "phone-agent models pull whisper-base" in said


async def test_a_wrong_password_is_told_before_the_models_are_loaded(tmp_path: Path) -> None:
    asterisk = AsteriskInstance(await asyncio.to_thread(bundle, "asterisk"), AsteriskConfig(), tmp_path)
    await asterisk.start()
    try:
        said = await refused({"ASTERISK__ARI_URL": asterisk.ari_url, "ASTERISK__ARI_PASSWORD": "wrong"})
    finally:
        await asterisk.stop()
    assert "ari_password" in said
