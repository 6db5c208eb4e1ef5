"""The doctor with real models: the sentence is really spoken, carried, understood, and a question answered."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from tests.acceptance.theatre import LLM

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskInstance]:
    instance = AsteriskInstance(bundle("asterisk"), AsteriskConfig(), tmp_path_factory.mktemp("doctor"))
    await instance.start()
    try:
        yield instance
    finally:
        await instance.stop()


async def test_a_healthy_installation_is_not_broken_for_a_call_was_made_and_answered(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    config = asterisk.config
    settings = tmp_path / "phone-agent.toml"
    settings.write_text(
        f'[asterisk]\nari_url = "{asterisk.ari_url}"\nari_password = "{config.ari_password}"\n'
        f'ami_port = {config.ami_port}\nami_password = "{config.ami_password}"\n'
        f'[media]\nport = 0\n[http]\nport = 0\n[llm]\nmodel = "{LLM}"\n'
        "deadline_s = 120\n[stt]\ndeadline_s = 60\n[tts]\ndeadline_s = 60\n"  # other tests may need the machine too
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "doctor", "--json", "--config", str(settings),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answer, _ = await process.communicate()
    checks = {check["name"]: check for check in json.loads(answer)["checks"]}
    not_well = {name: check for name, check in checks.items() if check["status"] not in {"good", "warning"}}
    assert not_well == {}
    assert process.returncode in {0, 1}
    assert "through a call" in checks["ears"]["message"]
    assert checks["ears"]["code"] != "stt_misheard"
    assert checks[f"model {LLM}"]["code"] == "ok"
