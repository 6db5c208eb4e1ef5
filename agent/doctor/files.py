"""What the operator wrote: the configuration and the agents."""

from __future__ import annotations

from pathlib import Path

from agent import configuration, personas
from agent.doctor.check import Check, broken, failed, good
from agent.domain.agent import Agent
from agent.errors import ConfigurationError
from agent.settings import Settings


def read_configuration(path: Path | None) -> tuple[Settings | None, Check]:
    """The settings, and what is to be said of them."""
    try:
        settings = configuration.load(path)
    except ConfigurationError as error:
        return None, failed("configuration", error, "correct it; `phone-agent config default` shows every key.")
    return settings, good("configuration", f"{path or 'the configuration'} can be read")


def read_agents(settings: Settings) -> tuple[dict[str, Agent], Check]:
    """The agents that answer, and what is to be said of them."""
    numbers = settings.agents.numbers
    try:
        agents = dict(personas.load_agents(settings.agents.folder))
        personas.check_numbers(numbers, agents)
        personas.check_trunks(settings.outbound.trunks, agents)
    except ConfigurationError as error:
        return {}, failed("agents", error, "correct the file of the agent, agents.numbers or outbound.trunks.")
    if not numbers:
        return agents, broken("agents", "no_numbers", "no number has an agent", "give agents.numbers at least one.")
    who = ", ".join(f"{number} → {name}" for number, name in list(numbers.items())[:5])
    return agents, good("agents", who if len(numbers) <= 5 else f"{who} and {len(numbers) - 5} more")
