"""`bench conversation`: every row in a house of its agents, and one report of all."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.asterisk.bundles import bundle
from agent.bench.conversation.house import House, Progress
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings, Row
from agent.bench.conversation.rows import all_rows, chosen
from agent.configuration import PREFIX
from agent.errors import PhoneAgentError, SetupError
from agent.ops.conditions import conditions
from agent.ops.process import put_sound_first
from agent.ops.processor_speed import processor_speed
from agent.ops.report import Failure, Report

_SECRETS = ("KEY", "PASSWORD")


@dataclass(frozen=True, slots=True)
class Done:
    """A row that was run."""

    row: Row
    findings: Findings
    load_average: tuple[float, float]
    """Of one minute, when it began and when it ended."""
    processor_speed: tuple[float, float]
    """See there, at the same moments."""


async def bench_conversation(plan: Plan, *, command: str, progress: Progress) -> tuple[Report, list[Done]]:
    """Run the rows that the plan names.

    A row that cannot be measured is a failure of it, and the others go on. Raises ConfigurationError for a row or
    control that there is not, SetupError where nothing could be measured at all.
    """
    rows = chosen(all_rows(), plan.rows, plan.control)
    put_sound_first()  # the telephones' events: the moment of an answer is taken when it is seen
    prefix = await asyncio.to_thread(bundle, "asterisk", progress)
    report = Report(command, _conditions(plan, rows))
    done: list[Done] = []
    for number, (_, group) in enumerate(itertools.groupby(rows, key=lambda row: dict(row.agents)), 1):
        await _run_group(list(group), prefix, plan, plan.folder / f"house-{number}", report, done, progress)
    if not done:
        raise SetupError(f"Nothing could be measured: {report.failures[0].reason}")
    report.measures = [measure for one in done for measure in one.findings.measures]
    report.failures += [failure for one in done for failure in one.findings.failures]
    report.details = {"rows": {one.row.name: _details(one) for one in done}}
    return report, done


async def _run_group(
    rows: Sequence[Row], prefix: Path, plan: Plan, folder: Path, report: Report, done: list[Done], progress: Progress
) -> None:
    """Rows with the same agents, in one house; a house that breaks down is replaced for the rows that are left."""
    left = list(rows)
    while left:
        control = None if plan.control is None else left[0].controls[plan.control]
        place = folder / left[0].name
        try:
            progress("Starting Asterisk and the agent")
            async with _house(prefix, place, left[0], plan, control, progress) as house:
                report.conditions["versions"]["asterisk"] = await house.stage.asterisk_version()
                while left:
                    load, speed = os.getloadavg()[0], await asyncio.to_thread(processor_speed)
                    findings = await left[0].run(house, plan)
                    speeds = (speed, await asyncio.to_thread(processor_speed))
                    done.append(Done(left.pop(0), findings, (load, os.getloadavg()[0]), speeds))
        except PhoneAgentError as error:
            report.failures.append(Failure(left.pop(0).name if left else "house", str(error)))


def _house(prefix: Path, folder: Path, row: Row, plan: Plan, control: Control | None, progress: Progress) -> House:
    return House(
        prefix,
        folder,
        agents=row.agents,
        profile=plan.profile,
        control=control.stage if control else None,
        settings=control.settings if control else None,
        progress=progress,
    )


def _conditions(plan: Plan, rows: Sequence[Row]) -> dict[str, Any]:
    return conditions(
        models={**plan.profile.models, "caller": "recorded people and hibari-tts"},
        seed=plan.seed,
        profile=plan.profile.name,
        turns=plan.turns,
        calls=list(plan.calls),
        rows=[row.name for row in rows],
        control=plan.control,
        control_says=None if plan.control is None else rows[0].controls[plan.control].says,
        settings=overridden(os.environ),
    )


def overridden(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment changes of the agent's settings, secrets hidden: such figures do not compare."""
    return {
        name: "(hidden)" if any(word in name for word in _SECRETS) else value
        for name, value in sorted(environ.items())
        if name.startswith(PREFIX)
    }


def _details(one: Done) -> dict[str, Any]:
    findings = one.findings
    return {
        "conditions": {
            **findings.conditions,
            "load_average": list(one.load_average),
            "processor_speed_mb_s": list(one.processor_speed),
        },
        "failed": len(findings.failures),
        "notes": list(findings.notes),
        **findings.details,
    }
