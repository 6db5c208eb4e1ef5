"""Who answers which number in a rehearsal: the configuration's agents, and those that scenarios bring along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.domain.agent import Agent
from agent.errors import ConfigurationError
from agent.personas import load_agents
from agent.rehearsal.scenario import Scenario
from agent.settings import AgentsSettings


@dataclass(frozen=True, slots=True)
class Cast:
    """Agents by name, and the number that leads to each."""

    agents: Mapping[str, Agent]
    numbers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: AgentsSettings) -> Cast:
        """As configured. Raises ConfigurationError."""
        return cls(load_agents(settings.folder), dict(settings.numbers))

    def with_scenario(self, scenario: Scenario) -> Cast:
        """The cast in which the scenario's agent answers its number. Raises ConfigurationError for an unknown agent."""
        wanted = scenario.agent
        if wanted is None:
            return self
        if isinstance(wanted, Agent):
            agents, name = {**self.agents, wanted.name: wanted}, wanted.name
        else:
            agents, name = dict(self.agents), wanted
        if name not in agents:
            raise ConfigurationError(
                f"{scenario.name}: there is no agent {name}; known are {', '.join(sorted(agents))}."
            )
        return Cast(agents, {**self.numbers, scenario.to: name})

    def answers(self, scenario: Scenario) -> Agent | None:
        """The agent that the scenario would reach; None: nobody."""
        name = self.numbers.get(scenario.to)
        return None if name is None else self.agents.get(name)

    def uninterruptible(self) -> Cast:
        """The same agents, none of whom lets a caller interrupt."""
        changed = {name: agent.model_copy(update={"interruptible": False}) for name, agent in self.agents.items()}
        return Cast(changed, self.numbers)

    def write(self, folder: Path) -> None:
        """The agents as files that `agent.personas` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, agent in self.agents.items():
            (folder / f"{name}.yaml").write_text(agent.model_dump_json(), encoding="utf-8")  # JSON is YAML


def casts(settings: AgentsSettings, scenarios: Iterable[Scenario]) -> Iterator[tuple[Cast, list[Scenario]]]:
    """The scenarios in their order, in groups that one server can serve; each group with its cast.

    Two scenarios need two servers where they have different agents at one number, or different agents of one name.
    """
    configured = Cast.of(settings)
    cast, group = configured, list[Scenario]()
    for scenario in scenarios:
        alone = configured.with_scenario(scenario)
        together = cast.with_scenario(scenario)
        fits = together.answers(scenario) == alone.answers(scenario) and all(
            together.answers(earlier) == cast.answers(earlier) for earlier in group
        )
        if group and not fits:
            yield cast, group
            group = []
        cast = together if fits else alone
        group.append(scenario)
    if group:
        yield cast, group
