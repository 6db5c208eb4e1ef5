"""A script rehearsed by a real call: the command, its report and its recording."""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from pathlib import Path

import pytest

from tests.acceptance.theatre import LLM

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "agent" / "samples" / "scripts" / "appointment-reminder.yaml"
DISCLOSURE = "I am an automated assistant."
SOMETHING_LEFT_OUT = 1


async def test_a_callee_who_opts_out_is_called_heard_and_let_go_and_the_rest_is_told_as_not_come_to(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    rehearsal = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "scripts", "rehearse", str(SCRIPT), "--by", "call", "--callers", "opt_out",
        "--llm", LLM, "--keep", str(tmp_path / "kept"), "--json", str(report),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    output = (await rehearsal.communicate())[0].decode()

    assert rehearsal.returncode == SOMETHING_LEFT_OUT, output
    told = json.loads(report.read_text("utf-8"))
    (call,) = told["conversations"]
    assert (call["exit"], call["outcome"], call["opted_out"]) == ("do_not_call", "do_not_call", True), output
    assert (call["ended_reason"], call["troubles"], call["disclosures_missing"]) == ("agent_hangup", [], [])
    assert call["said"] == ["Please don't call me again."]
    assert DISCLOSURE in call["turns"][0]["text"]
    assert told["coverage"]["states"] == ["move"]
    assert told["coverage"]["exits"] == ["kept", "moved", "no_result"]
    with wave.open(str(tmp_path / "kept" / call["recording"]), "rb") as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)
