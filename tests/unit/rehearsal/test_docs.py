"""What is documented is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.ops.targets import targets
from agent.rehearsal.expectation import CallExpectation, Expectation
from agent.rehearsal.scenario import Answer, Background, Connect, Line, Overlap, Scenario, Step, Utterance
from agent.rehearsal.sounds import SoundName

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(
    "part", [Scenario, Step, Answer, Utterance, Overlap, Connect, Background, Line, Expectation, CallExpectation]
)
def test_every_key_of_a_scenario_is_explained(part: type[Scenario]) -> None:
    text = (DOCS / "rehearsals.md").read_text(encoding="utf-8")
    assert not [key for key in part.model_fields if key not in text]


@pytest.mark.parametrize("name", SoundName)
def test_every_built_in_sound_is_explained(name: str) -> None:
    assert f"`{name}`" in (DOCS / "rehearsals.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({re.sub(r"\.(sqlite|postgresql)\.", ".STORE.", name) for name in targets()}))
def test_every_measure_is_explained(name: str) -> None:
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    stem, _, last = name.rpartition("_")
    words = name.rpartition(".")[2].split("_")
    families = ["_".join(words[:count]) for count in range(1, len(words))]
    listed = name in text or (stem in text and f"`_{last}`" in text)
    assert listed or any(f"{family}_*`" in text for family in families)
