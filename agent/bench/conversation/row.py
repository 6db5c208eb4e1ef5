"""A row of the bench: one thing that is measured in conversations, with what shows that it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.bench.conversation.house import House, Settings
from agent.bench.conversation.plan import Plan
from agent.domain.agent import Agent
from agent.ops.report import Failure, Measure
from agent.rehearsal.control import Control as StageControl


@dataclass(frozen=True, slots=True)
class Control:
    """A negative control: what is done on purpose so that the row must miss its mark.

    What the house can do is in `stage` and `settings`; whatever else there is the row does itself where
    `plan.control` names it.
    """

    says: str
    """What is done, in one line."""
    stage: StageControl = field(default_factory=StageControl)
    """Done to the sound path or the agents."""
    settings: Settings = field(default_factory=dict)
    """Section → key → value, over the profile's."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one row found."""

    measures: tuple[Measure, ...]
    """Made by `agent.ops.report.measured`, names `conversation.…`."""
    failures: tuple[Failure, ...] = ()
    """Runs that could not be measured, each with its reason: they are counted beside the row's figures."""
    notes: tuple[str, ...] = ()
    """Lines printed under the table: what a figure does not say alone."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """By name of a measure how many runs failed for it; a measure that is not named has all of `failures`."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What JSON can hold: every observation, so that a figure can be looked into."""
    conditions: Mapping[str, Any] = field(default_factory=dict)
    """What this row adds to the conditions, such as the share of recorded voices."""


class Row(Protocol):
    """One entry of `agent.bench.conversation.rows`. It keeps nothing between two runs."""

    @property
    def name(self) -> str:
        """As `--rows` takes it."""

    @property
    def agents(self) -> Mapping[str, Agent]:
        """Who answers, by the number dialled. Rows next to each other with equal agents share one house."""

    @property
    def controls(self) -> Mapping[str, Control]:
        """By the name that `--control` takes. At least one."""

    async def run(self, house: House, plan: Plan) -> Findings:
        """Make calls in the house and measure. Raises SetupError where nothing can be measured at all."""
