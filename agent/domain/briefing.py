"""What the application says of one call before it is answered, and the agent as it is with that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.domain.agent import Agent, RecordingConsent
from agent.domain.outbound import ScriptRef
from agent.domain.script import CallScript
from agent.domain.scripted import scripted
from agent.domain.variables import Value, rendered


@dataclass(frozen=True, slots=True)
class Briefing:
    """Of one call."""

    variables: Mapping[str, Value] = field(default_factory=dict)
    greeting: str = ""
    """Takes the place of the agent's; empty: that one."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    max_duration_s: float | None = None
    """Takes the place of the agent's; None: that one."""
    record: bool | None = None
    """False: the call is not recorded, whatever the agent's setting; True and None: as that says."""
    detect_machine: bool | None = None
    """Whether to find out if a machine has answered; None: as the agent says."""
    script: ScriptRef | None = None
    """Which plan the conversation follows; None: that of the agent, if it has one."""
    plan: CallScript | None = None
    """That plan."""


NOTHING = Briefing()


def briefed(agent: Agent, briefing: Briefing = NOTHING, script: CallScript | None = None) -> Agent:
    """The agent with all variables in their places; those that the application did not give are the agent's own.

    `script`: in place of the briefing's plan; where neither is given it is the agent's own, if it has one.
    """
    variables = {**agent.variables, **briefing.variables}
    limits, recording = agent.limits, agent.recording
    if briefing.max_duration_s is not None:
        limits = limits.model_copy(update={"max_duration_s": briefing.max_duration_s})
    if briefing.record is False:
        recording = recording.model_copy(update={"consent": RecordingConsent.OFF})
    if (plan := script or briefing.plan or agent.script) is not None:
        agent = scripted(agent, plan, variables)
    voicemail: dict[str, object] = {"message": rendered(agent.voicemail.message, variables).strip()}
    if briefing.detect_machine is not None:
        voicemail["detect"] = briefing.detect_machine
    return agent.model_copy(
        update={
            "greeting": rendered(briefing.greeting or agent.greeting, variables).strip(),
            "voicemail": agent.voicemail.model_copy(update=voicemail),
            "notice": rendered(agent.notice, variables).strip(),
            "instructions": rendered(agent.instructions, variables),
            "facts": tuple(rendered(fact, variables) for fact in agent.facts),
            "limits": limits,
            "recording": recording,
        }
    )
