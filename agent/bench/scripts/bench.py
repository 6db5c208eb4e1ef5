"""`bench scripts`: how often the language model writes a script that passes its check, in how many attempts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from agent.bench.scripts.goals import goals
from agent.dialog.lulls import Lulls
from agent.dialog.mind_background import BackgroundChat
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, FindingCode
from agent.errors import LanguageModelError
from agent.ops.conditions import conditions
from agent.ops.report import Failure, Report, measured
from agent.scripts.writer import Writer, Written
from agent.settings import Settings
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor

MODEL: Final = "qwen2.5-coder-1.5b-instruct"
NOWHERE: Final = {"uri": "tcp://127.0.0.1:9"}
"""Ears and mouth, which nothing asks."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    goals: tuple[str, ...] = ()
    """Names; none: all."""
    model: str = MODEL
    at_once: int = 1
    """Goals that are written for at the same time, each in a slot of its own: sooner done, each later."""
    control: bool = False
    """Negative control: one attempt, and what the model wrote is taken as it is."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One goal."""

    name: str
    written: Written
    seconds: float


async def bench_scripts(plan: Plan, folder: Path, *, command: str, progress: Progress) -> Report:
    """Have a script written for each goal. `folder` is for the model's process.

    A model that fails over a goal has not written it. Raises ConfigurationError, ModelError.
    """
    wanted = goals(plan.goals)
    llm = {"model": plan.model, "slots": plan.at_once}
    settings = Settings.model_validate({"stt": NOWHERE, "tts": NOWHERE, "llm": llm})
    fleet = Fleet(settings, folder)
    async with AsyncExitStack() as stack:
        # No pulse: on a busy machine it would only seem to hang.
        workers = Supervisor(replace(spec, pulse=None) for spec in fleet.specs)
        stack.push_async_callback(workers.stop)
        await workers.start()
        waiting, trials = iter(wanted.items()), dict[str, Trial]()

        async def write(slot: int) -> None:
            model = _model(fleet, slot)
            stack.push_async_callback(model.close)
            writer = Writer(model, attempts=1, mends=False) if plan.control else Writer(model)
            for name, brief in waiting:
                began = time.monotonic()
                trials[name] = Trial(name, await _written(writer, brief), time.monotonic() - began)
                progress(_line(trials[name]))

        async with asyncio.TaskGroup() as group:
            for slot in range(plan.at_once):
                group.create_task(write(slot), name=f"writer {slot}")
    report = Report(command, conditions(models={"llm": plan.model}, at_once=plan.at_once))
    judge(report, [trials[name] for name in wanted])
    return report


async def _written(writer: Writer, brief: ScriptBrief) -> Written:
    try:
        return await writer.write(brief)
    except LanguageModelError as error:
        return Written(None, (Finding(code=FindingCode.NO_SCRIPT, path="", message=str(error)),), 0)


def _model(fleet: Fleet, slot: int) -> BackgroundChat:
    return BackgroundChat(
        base_url=fleet.llm_base_url,
        api_key=fleet.llm_api_key,
        model=fleet.llm_model,
        lulls=Lulls(),
        slot=slot,
    )


def judge(report: Report, trials: Sequence[Trial]) -> None:
    """Put the figures into the report."""
    good = [trial for trial in trials if trial.written.good]
    times = sorted(trial.seconds for trial in trials)
    first = [trial for trial in good if trial.written.attempts == 1]
    whole = [trial for trial in good if not trial.written.left_out]
    report.measures = [
        measured("scripts.accepted", _percent(good, trials), count=len(trials)),
        measured("scripts.accepted_first", _percent(first, trials), count=len(trials)),
        measured("scripts.accepted_whole", _percent(whole, trials), count=len(trials)),
        measured("scripts.seconds_p50", times[len(times) // 2] if times else None, count=len(trials)),
        measured("scripts.seconds_max", times[-1] if times else None, count=len(trials)),
    ]
    report.failures = [
        Failure(trial.name, f"{finding.path}: {finding.message} ({finding.code.value})")
        for trial in trials
        if not trial.written.good
        for finding in trial.written.findings
    ]
    report.details = {"scripts": [_row(trial) for trial in trials]}


def _percent(part: Sequence[Trial], whole: Sequence[Trial]) -> float | None:
    return 100 * len(part) / len(whole) if whole else None


def _line(trial: Trial) -> str:
    outcome = "accepted" if trial.written.good else "not accepted"
    return f"{trial.name}: {outcome} after {trial.written.attempts} attempt(s), {trial.seconds:.0f} s"


def _row(trial: Trial) -> dict[str, Any]:
    written = trial.written
    return {
        "goal": trial.name,
        "accepted": written.good,
        "attempts": written.attempts,
        "left_out": [part.value for part in written.left_out],
        "seconds": round(trial.seconds, 1),
        "findings": [finding.model_dump(mode="json") for finding in written.findings],
        "script": written.script.model_dump(mode="json", exclude_defaults=True) if written.script else None,
    }
