"""`bench media` with a handful of calls: real Asterisk, SIPp, and the echo process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.bench.echo_client import echo_agent
from agent.bench.media import bench_media
from agent.bench.plan import MediaPlan
from agent.bench.sipp import CallPlan, SippCallers
from agent.commands.bench import app
from agent.errors import ConfigurationError, SetupError


@pytest_asyncio.fixture
async def login(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """To a real Asterisk, as `echo_agent` wants it."""
    asterisk = AsteriskInstance(bundle("asterisk"), AsteriskConfig(), tmp_path / "asterisk")
    await asterisk.start()
    config = asterisk.config
    try:
        yield {"ari_url": asterisk.ari_url, "ari_user": config.ari_user, "ari_password": config.ari_password}
    finally:
        await asterisk.stop()


async def test_a_few_calls_make_a_whole_report(tmp_path: Path) -> None:
    said: list[str] = []
    report = await bench_media(
        MediaPlan((3, 2), seconds=2, rate=10), tmp_path, command="bench media --calls 3,2", progress=said.append
    )
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert document["failures"] == []
    measures = {measure["name"]: measure for measure in document["measures"]}
    assert (measures["media.calls_failed"]["value"], measures["media.calls_failed"]["count"]) == (0, 3)
    assert all(measure["value"] is not None for measure in measures.values())
    assert measures["media.echo_round_trip_p50"]["count"] == 2
    assert [step["calls"] for step in document["steps"]] == [3, 2]
    assert all(step["failures"] == [] for step in document["steps"])
    assert all(isinstance(step["good"], bool) for step in document["steps"])
    assert set(document["steps"][0]["cpu"]) == {"agent", "asterisk", "sipp", "other"}
    assert document["conditions"]["calls"] == 3
    assert document["conditions"]["versions"]["asterisk"].startswith("22.")
    assert said[-2:] == ["3 calls", "2 calls"]


async def test_callers_whom_nobody_answers_are_failed_calls(tmp_path: Path) -> None:
    """Asterisk without an agent says its apology and hangs up, long before the callers mean to."""
    asterisk = AsteriskInstance(bundle("asterisk"), AsteriskConfig(insecure_callers=True), tmp_path / "asterisk")
    await asterisk.start()
    callers = SippCallers(bundle("sipp"), tmp_path / "sipp")
    plan = CallPlan(calls=2, rate=10, hold_s=30)
    try:
        await callers.start(asterisk.config.sip_port, "1000", plan)
        outcome = await callers.finish(plan.limit_s)
    finally:
        await callers.stop()
        await asterisk.stop()
    assert (outcome.successful, outcome.failed) == (0, 2)
    assert "BYE" in outcome.words


async def test_an_agent_that_cannot_log_in_is_an_error_and_gone(
    login: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SetupError, match="did not start"):
        async with echo_agent(login | {"ari_password": "wrong-password"}):
            pass
    assert "ari_password" in capfd.readouterr().err


async def test_an_agent_that_dies_is_an_error_not_a_wait(login: dict[str, str]) -> None:
    async with echo_agent(login) as agent:
        os.kill(agent.pid, signal.SIGKILL)
        assert not await agent.standing(1, 1000)
        with pytest.raises(SetupError, match="without a result"):
            await agent.finish()


async def test_the_echo_process_ends_when_its_input_ends(login: dict[str, str]) -> None:
    async with echo_agent(login) as agent:
        result = await agent.finish()
    assert (result["calls"], result["sent"]) == ([], 0)


async def test_the_echo_process_dies_with_whoever_started_it(login: dict[str, str]) -> None:
    """A middle process starts it and is killed without a chance to clean up."""
    middle = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        f"""
import asyncio
from agent.bench.echo_client import echo_agent
async def main():
    async with echo_agent({login!r}) as agent:
        print(agent.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
""",
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert middle.stdout is not None
    orphan = psutil.Process(int(await middle.stdout.readline()))
    middle.kill()
    await middle.communicate()
    await asyncio.to_thread(psutil.wait_procs, [orphan], timeout=30)
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_the_command_refuses_what_is_no_number() -> None:
    result = CliRunner().invoke(app, ["media", "--calls", "lots"])
    assert isinstance(result.exception, ConfigurationError)
