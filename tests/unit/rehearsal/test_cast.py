from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigurationError
from agent.personas import load_agents
from agent.rehearsal.cast import Cast, casts
from agent.rehearsal.control import Control
from agent.rehearsal.scenario import Scenario
from agent.settings import AgentsSettings

SETTINGS = AgentsSettings(numbers={"1000": "receptionist"})


def _agent(name: str = "parrot", greeting: str = "Hello.") -> dict[str, str]:
    return {"name": name, "greeting": greeting, "instructions": "Repeat."}


def _scenario(name: str, **fields: Any) -> Scenario:
    return Scenario.model_validate({"name": name, "caller": [{"hang_up": {}}], **fields})


def test_a_scenario_without_an_agent_gets_whom_the_configuration_names() -> None:
    cast = Cast.of(SETTINGS).with_scenario(_scenario("a"))
    assert cast.numbers == {"1000": "receptionist"}


def test_a_scenario_brings_its_agent_to_its_number() -> None:
    cast = Cast.of(SETTINGS).with_scenario(_scenario("a", to="1234", agent=_agent()))
    assert cast.numbers == {"1000": "receptionist", "1234": "parrot"}
    assert cast.agents["parrot"].greeting == "Hello."


def test_an_unknown_agent_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"a: there is no agent nobody; known are receptionist"):
        Cast.of(SETTINGS).with_scenario(_scenario("a", agent="nobody"))


def test_what_is_written_is_what_the_agent_reads(tmp_path: Path) -> None:
    cast = Cast.of(SETTINGS).with_scenario(_scenario("a", agent=_agent(greeting="Grüß „Gott“: #1")))
    cast.write(tmp_path)
    assert load_agents(tmp_path) == cast.agents


def test_nobody_interrupts_an_uninterruptible_cast(tmp_path: Path) -> None:
    cast = Cast.of(SETTINGS).uninterruptible()
    assert [agent.interruptible for agent in cast.agents.values()] == [False]
    assert Cast.of(SETTINGS).agents["receptionist"].interruptible


@pytest.mark.parametrize(
    ("scenarios", "groups"),
    [
        ([_scenario("a"), _scenario("b", agent="receptionist"), _scenario("c", to="2000", agent=_agent())], ["abc"]),
        ([_scenario("a"), _scenario("b", agent=_agent()), _scenario("c", agent=_agent())], ["a", "bc"]),
        ([_scenario("a", agent=_agent()), _scenario("b"), _scenario("c")], ["a", "bc"]),
        (
            [_scenario("a", to="1", agent=_agent()), _scenario("b", to="2", agent=_agent(greeting="Hi."))],
            ["a", "b"],
        ),
        ([_scenario("a", to="9999")], ["a"]),
        ([], []),
    ],
)
def test_scenarios_share_a_server_where_they_can(scenarios: list[Scenario], groups: list[str]) -> None:
    found = list(casts(SETTINGS, scenarios))
    assert ["".join(scenario.name for scenario in group) for _, group in found] == groups
    for cast, group in found:
        for scenario in group:
            assert cast.answers(scenario) == Cast.of(SETTINGS).with_scenario(scenario).answers(scenario)


def test_controls_are_read_and_told_again() -> None:
    control = Control.parse(["echo", "delay=300", "no-barge-in"])
    assert control == Control(echo=True, delay_ms=300, barge_in=False)
    assert Control.parse(control.words) == control
    assert Control.parse([]).words == []


@pytest.mark.parametrize("word", ["ecco", "delay", "delay=", "delay=310", "delay=-20", "delay=20000", "delay=x"])
def test_a_control_that_cannot_be_is_refused(word: str) -> None:
    with pytest.raises(ConfigurationError, match="--control"):
        Control.parse([word])
