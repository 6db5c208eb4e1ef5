"""`phone-agent run`: what it prints lets a softphone in, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from agent.models.choice import SMALL
from agent.testing.softphone import Softphone

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_S = 120
ENVIRONMENT = {
    "PHONE_AGENT_LLM__MODEL": SMALL,
    "PHONE_AGENT_MEDIA__PORT": "0",
    "PHONE_AGENT_HTTP__PORT": "0",
    "PHONE_AGENT_HTTP__METRICS_PORT": "0",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fixture of the session's loop, so that this loop's own sockets are there before leaks are looked for."""
    return tmp_path_factory.mktemp("run")


async def read_until(output: asyncio.StreamReader, wanted: str) -> str:
    """All lines up to the one with `wanted` in it."""
    lines: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        async for line in output:
            lines.append(line.decode())
            if wanted in lines[-1]:
                return "".join(lines)
    pytest.fail(f"it ended without {wanted!r}:\n{''.join(lines)}")


async def test_a_softphone_gets_in_as_told_and_ctrl_c_ends_everything(folder: Path) -> None:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "run", cwd=folder, env=os.environ | ENVIRONMENT, stdout=PIPE, stderr=STDOUT
    )
    assert running.stdout
    try:
        told = await read_until(running.stdout, "Ctrl-C")
        entry = re.search(r"server +([\d.]+):(\d+).*user +(\S+).*password +(\S+).*dial (\d+)", told, re.S)
        assert entry, told
        host, port, user, password, number = entry.groups()
        async with Softphone() as phone:
            recording = folder / "call.wav"
            call = await phone.call(host, int(port), number, recording=recording, user=user, password="not-" + password)
            assert not await call.answered
            call = await phone.call(host, int(port), number, recording=recording, user=user, password=password)
            assert await call.answered
            await asyncio.wait_for(call.agent_started(), PATIENCE_S)
            await call.hang_up()
        await read_until(running.stdout, "completed (caller_hangup)")
        children = psutil.Process(running.pid).children(recursive=True)
        assert children
        running.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(running.wait(), PATIENCE_S) == 0
        assert not [child for child in children if child.is_running()]
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
