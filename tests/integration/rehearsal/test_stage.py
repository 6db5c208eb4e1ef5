from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from agent.asterisk.bundles import bundle
from agent.errors import ConfigurationError
from agent.rehearsal.cast import Cast
from agent.rehearsal.control import Control
from agent.rehearsal.stage import Stage
from agent.settings import AgentsSettings


async def test_both_are_there_inside_and_gone_after(tmp_path: Path) -> None:
    stage = Stage(bundle("asterisk"), Cast.of(AgentsSettings()), tmp_path, control=Control(echo=True))
    async with stage:
        pids = [stage.agent_pid, stage.asterisk.pid]
        assert all(psutil.pid_exists(pid) for pid in pids)
        assert (await stage.asterisk_version()).count(".") == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_an_agent_that_cannot_start_takes_asterisk_with_it(tmp_path: Path) -> None:
    environ = {**os.environ, "PHONE_AGENT_MEDIA__PRT": "1"}
    stage = Stage(bundle("asterisk"), Cast.of(AgentsSettings()), tmp_path, control=Control(echo=True), environ=environ)
    with pytest.raises(ConfigurationError, match="media"):
        await stage.__aenter__()
