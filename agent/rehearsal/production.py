"""A rehearsal from curtain to report, for the command line."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.status import Status
from rich.text import Text

from agent.errors import ConfigurationError
from agent.models.choice import default_llm
from agent.ops.conditions import conditions
from agent.ops.report import Report
from agent.rehearsal.moments import Watcher
from agent.rehearsal.narrator import Narrator, print_outcome, turn_table
from agent.rehearsal.rehearsal import Plan, Rehearsed, Show, rehearse
from agent.rehearsal.results import report
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.stage_table import stage_table
from agent.rehearsal.timeline import draw
from agent.testing.voice import SEED


@dataclass(slots=True)
class Production:
    """One command's run."""

    command: str
    """As the report states it."""
    plan: Plan
    console: Console
    discard: bool = False
    """Remove the plan's folder afterwards, unless something failed."""
    timeline: Path | None = None
    """Folder for a picture of each call."""
    recordings: list[Path] = field(default_factory=list)
    """Of the calls that were placed."""
    _spinner: Status | None = None

    async def run(self, scenarios: Sequence[tuple[Path, Scenario]], *, json_out: Path | None) -> bool:
        """Play, judge, print, write the report; whether every scenario passed.

        Raises what `rehearse` raises, and ConfigurationError where the report cannot be written.
        """
        passed = False
        try:
            began = self._conditions()
            done, version = await rehearse(scenarios, self.plan, self._show())
            began["versions"]["asterisk"] = version
            result = report(self.command, began, done)
            passed = not result.failures
            self.console.print(result.table())
            if json_out is not None:
                _write(result, json_out)
        finally:
            self._stop_spinner()
            if self.discard and passed:
                shutil.rmtree(self.plan.folder, ignore_errors=True)
        if self.discard and not passed:
            self.console.print(f"Recordings and logs are in {self.plan.folder}", highlight=False, soft_wrap=True)
        return passed

    def _conditions(self) -> dict[str, Any]:
        settings = self.plan.settings()
        control = self.plan.control
        llm = settings.llm.model
        return conditions(
            models={
                "stt": settings.stt.uri or settings.stt.model,
                "llm": default_llm(psutil.virtual_memory().total) if llm == "auto" else llm,
                "tts": settings.tts.uri or settings.tts.voice,
                "caller": "hibari-tts",
            },
            seed=SEED,
            control=control.words if control else [],
        )

    def _show(self) -> Show:
        return Show(progress=self._progress, curtain=self._curtain, done=self._done)

    def _progress(self, line: str) -> None:
        if not self.console.is_terminal:
            self.console.print(Text(line, style="dim"), soft_wrap=True)
        elif self._spinner is None:
            self._spinner = self.console.status(Text(line, style="dim"))
            self._spinner.start()
        else:
            self._spinner.update(Text(line, style="dim"))

    def _stop_spinner(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def _curtain(self, scenario: Scenario) -> Watcher:
        self._stop_spinner()
        self.console.print()
        self.console.rule(Text(scenario.name, style="bold"), align="left")
        return Narrator(self.console)

    def _done(self, rehearsed: Rehearsed) -> None:
        self.recordings.append(rehearsed.recording)
        if self.timeline is not None:
            draw(rehearsed, self.timeline / f"{rehearsed.recording.stem}.svg")
        self.console.print()
        self.console.print(turn_table(rehearsed))
        if (stages := stage_table(rehearsed.judgement.turns)) is not None:
            self.console.print(stages)
        print_outcome(self.console, rehearsed)


def _write(result: Report, path: Path) -> None:
    try:
        result.write(path)
    except OSError as error:
        raise ConfigurationError(f"The report cannot be written to {path}: {error.strerror}.") from error
