"""The demo, and rehearsals with a real agent: what they must pass, and what must fail them."""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from pathlib import Path

import pytest
import pytest_asyncio

from agent.rehearsal.control import Control
from agent.rehearsal.moments import nobody
from agent.rehearsal.rehearsal import Plan, Rehearsed, Show, rehearse
from agent.rehearsal.scenario_file import load_scenarios
from tests.acceptance.theatre import LLM

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "scenarios"


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def _loop_of_the_session() -> None:
    """Its sockets are there before the first test counts its own."""


async def _rehearse(folder: Path, *names: str, control: Control | None = None) -> list[Rehearsed]:
    show = Show(progress=lambda _line: None, curtain=lambda _scenario: nobody, done=lambda _rehearsed: None)
    scenarios = load_scenarios(FIXTURES / f"{name}.yaml" for name in names)
    done, _ = await rehearse(scenarios, Plan(folder, llm=LLM, control=control), show)
    return done


def _failed(rehearsed: Rehearsed) -> list[str]:
    return [f"{verdict.what}: {verdict.reason}" for verdict in rehearsed.judgement.verdicts if not verdict.passed]


async def test_the_demo_works_and_leaves_its_recording_and_report(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "demo", "--llm", LLM, "--folder", str(tmp_path / "demo"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    output = (await demo.communicate())[0].decode()
    report = json.loads((tmp_path / "demo" / "report.json").read_text())
    assert demo.returncode == 0, output
    assert report["failures"] == []
    (scenario,) = report["scenarios"]
    said = [(line["who"], line.get("interrupted")) for line in scenario["turns"] if line["turn"] in {1, 2, 3}]
    assert said == [
        ("caller", None),
        ("agent", False),
        ("caller", None),
        ("agent", True),
        ("caller", None),
        ("agent", False),
    ]
    assert "Lakeside Dental, good day." in output
    with wave.open(scenario["recording"], "rb") as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)
        assert recording.getnframes() / 8000 > scenario["turns"][-1]["end_s"]


async def test_a_silent_caller_is_asked_and_then_left_and_an_interrupted_agent_stops(tmp_path: Path) -> None:
    silent, interrupted = await _rehearse(tmp_path, "quick-silence", "greeting-interrupted")
    assert _failed(silent) == []
    assert _failed(interrupted) == []


async def test_without_barge_in_an_interruption_must_fail(tmp_path: Path) -> None:
    (done,) = await _rehearse(tmp_path, "greeting-interrupted", control=Control(barge_in=False))
    assert {verdict.what for verdict in done.judgement.verdicts if not verdict.passed} == {"turn 0, interrupted"}
