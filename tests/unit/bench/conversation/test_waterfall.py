from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from agent.bench.conversation import waterfall
from agent.bench.conversation.bench import overridden
from agent.bench.conversation.plan import PROFILES
from agent.bench.conversation.stages import CHAIN, HELD
from agent.bench.conversation.table import conditions_line
from agent.errors import ConfigurationError
from agent.ops.conditions import conditions
from agent.ops.report import Report

STAGES = {"speech_ended": 10.0, "turn_ended": 400.0, **{name: 100.0 * n for n, name in enumerate(CHAIN[:-1], 1)}}


def _report(*latencies: float | None, control: str | None = None) -> Report:
    turns = [{"latency_ms": ms, "stages_ms": {k: v for k, v in STAGES.items() if k != HELD}} for ms in latencies]
    found = conditions(
        models=PROFILES["base"].models, seed=3, profile="base", control=control, control_says=control, settings={}
    )
    return Report("bench", found, details={"rows": {"latency": {"talks": [{"calls": 1, "turns": turns}]}}})


def _texts(path: Path) -> str:
    return " ".join(ET.parse(path).getroot().itertext())  # noqa: S314 - a file of our own


def test_the_picture_says_what_it_shows_and_under_which_conditions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib: Any = pytest.importorskip("matplotlib")
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    path = tmp_path / "picture.svg"
    waterfall.draw(_report(700.0, 900.0, None), path)
    texts = _texts(path)
    assert "one call: p50 800 ms" in texts
    assert "(2 answers)" in texts
    assert all(waterfall.SAYS[stage] in texts for stage in STAGES)
    assert "whisper-base" in texts


def test_a_picture_for_a_page(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "picture.png"
    waterfall.draw(_report(700.0), path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_nothing_answered_is_nothing_to_draw(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(ConfigurationError, match="nothing to draw"):
        waterfall.draw(_report(None), tmp_path / "picture.png")


def test_what_cannot_be_drawn_is_said_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="png"):
        waterfall.check(Path("picture.gif"), [])
    with pytest.raises(ConfigurationError, match="--rows"):
        waterfall.check(Path("picture.png"), ["cpu"])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"phone-agent\[bench\]"):
        waterfall.check(Path("picture.png"), ["latency"])


def test_conditions_are_told_in_one_line() -> None:
    told = conditions_line(_report(700.0, control="all comes 2 s later").conditions)
    assert "seed 3" in told
    assert "control: all comes 2 s later" in told
    assert "no control" in conditions_line(_report(700.0).conditions)


def test_settings_of_the_environment_are_told_and_secrets_hidden() -> None:
    environ = {"PHONE_AGENT_TURNS__PAUSE_MS": "150", "PHONE_AGENT_LLM__API_KEY": "hush", "PATH": "/bin"}
    assert overridden(environ) == {"PHONE_AGENT_LLM__API_KEY": "(hidden)", "PHONE_AGENT_TURNS__PAUSE_MS": "150"}
