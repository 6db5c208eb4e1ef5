"""What the application says of one call before it is answered, and the agent as it is with that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.domain.agent import Agent
from agent.domain.variables import Value, rendered


@dataclass(frozen=True, slots=True)
class Briefing:
    """Of one call."""

    variables: Mapping[str, Value] = field(default_factory=dict)
    greeting: str = ""
    """Takes the place of the agent's; empty: that one."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Briefing()


def briefed(agent: Agent, briefing: Briefing = NOTHING) -> Agent:
    """The agent with all variables in their places; those that the application did not give are the agent's own."""
    variables = {**agent.variables, **briefing.variables}
    return agent.model_copy(
        update={
            "greeting": rendered(briefing.greeting or agent.greeting, variables).strip(),
            "notice": rendered(agent.notice, variables).strip(),
            "instructions": rendered(agent.instructions, variables),
            "facts": tuple(rendered(fact, variables) for fact in agent.facts),
        }
    )
