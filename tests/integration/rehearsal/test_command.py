"""`phone-agent rehearse` as a person runs it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import psutil

from tests.integration.rehearsal.conftest import FIXTURES

ROOT = Path(__file__).parents[3]


async def _rehearse(*arguments: str) -> Process:
    """A shell that starts tests in the background has them ignore SIGINT, and so would every child."""
    python = ["env", "--default-signal=INT", sys.executable]
    command = [*python, "-u", "-m", "agent", "rehearse", str(FIXTURES / "three-tones.yaml"), "--control", "echo"]
    return await asyncio.create_subprocess_exec(*command, *arguments, stdout=PIPE, stderr=STDOUT, cwd=ROOT)


async def test_it_prints_writes_its_report_and_says_by_its_status_that_a_scenario_failed(tmp_path: Path) -> None:
    process = await _rehearse("--json", str(tmp_path / "report.json"), "--keep", str(tmp_path / "kept"))
    output = (await process.communicate())[0].decode()
    assert process.returncode == 1, output
    assert "three tones: FAILED" in output
    report = json.loads((tmp_path / "report.json").read_text())
    assert [failure["what"] for failure in report["failures"]] == [
        "three tones: turn 1, agent_says_any",
        "three tones: turn 2, caller_heard_as",
        "three tones: turn 3, interrupted",
    ]
    assert report["conditions"]["control"] == ["echo"]
    assert report["conditions"]["versions"]["asterisk"].startswith("22.")
    measures = {measure["name"]: measure for measure in report["measures"]}
    assert measures["rehearse.voice_to_voice_p50"]["count"] == 3
    assert (tmp_path / "kept" / "three-tones-1.wav").stat().st_size > 8000


async def test_ctrl_c_in_mid_call_leaves_nothing_running(tmp_path: Path) -> None:
    process = await _rehearse("--keep", str(tmp_path))
    assert process.stdout is not None
    async for line in process.stdout:
        if b"answered" in line:
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2  # Asterisk and the echo
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 130
    _, left = await asyncio.to_thread(psutil.wait_procs, children, 10)  # killed with it, and so gone a moment later
    assert not left


async def test_a_broken_scenario_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("name: a\ncaller:\n  - hangup: {}\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "rehearse", str(path), stdout=PIPE, stderr=STDOUT, cwd=ROOT
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 2
    assert output == f"phone-agent: {path}:3: caller[1].hangup is not a known key (did you mean hang_up).\n"
