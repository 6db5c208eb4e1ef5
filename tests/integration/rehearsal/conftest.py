from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.rehearsal.control import Control
from agent.rehearsal.moments import nobody
from agent.rehearsal.rehearsal import Plan, Rehearsed, Show, rehearse
from agent.rehearsal.scenario_file import load_scenario

FIXTURES = Path(__file__).parents[2] / "fixtures" / "scenarios"

Rehearse = Callable[..., Awaitable[Rehearsed]]


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearse:
    """Plays one scenario of the fixtures as a real call."""
    show = Show(progress=lambda _line: None, curtain=lambda _scenario: nobody, done=lambda _rehearsed: None)

    async def play(name: str, *controls: str) -> Rehearsed:
        path = FIXTURES / f"{name}.yaml"
        plan = Plan(tmp_path / "-".join([name, *controls]), control=Control.parse(controls))
        (done,), _ = await rehearse([(path, load_scenario(path))], plan, show)
        return done

    return play
