"""What `phone-agent scripts rehearse` does: in writing or by call, then the report."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import typer
from pydantic import ValidationError

from agent import configuration
from agent.domain.agent import Agent
from agent.domain.script import CallScript
from agent.domain.script_rehearsal import Caller, RehearsalReport, Rehearsed
from agent.errors import ConfigurationError
from agent.ops import logs
from agent.rehearsal.script_calls import ScriptCalls
from agent.scripts.rehearsal import rehearse
from agent.settings import LogSettings


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One command's run."""

    script: CallScript
    callers: str = ""
    agent: Path | None = None
    config: Path | None = None
    llm: str | None = None
    keep: Path | None = None

    def in_writing(self) -> RehearsalReport:
        """Without anybody being called."""
        done, came = asyncio.run(rehearse(self.script, today=_today()))
        for one in done:
            _tell(one)
        return RehearsalReport(coverage=came, conversations=done)

    def by_call(self) -> RehearsalReport:
        """Raises what ScriptCalls.run raises, and ConfigurationError for what the options name."""
        logs.configure(LogSettings(level="warning"))
        folder = self.keep or Path(tempfile.mkdtemp(prefix="phone-agent-rehearsal-"))
        folder.mkdir(parents=True, exist_ok=True)
        calls = ScriptCalls(
            self.script,
            folder,
            today=_today(),
            settings=configuration.load(self.config),
            agent=None if self.agent is None else _agent_of(self.agent),
            config=self.config,
            llm=self.llm,
            kinds=_kinds(self.callers),
            told=_tell,
        )
        try:
            return asyncio.run(calls.run())
        finally:
            if self.keep is None:
                shutil.rmtree(folder, ignore_errors=True)

    def write(self, report: RehearsalReport, file: Path) -> None:
        """Raises ConfigurationError."""
        try:
            file.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from None

    def told(self, report: RehearsalReport) -> bool:
        """Print what was come to; whether that is everything, and every call went as it should."""
        came = report.coverage
        left = {
            "states": came.states,
            "exits": came.exits,
            "slots": came.slots,
            "disclosures": came.disclosures,
        }
        for what, names in left.items():
            if names:
                typer.echo(f"nobody came to these {what}: {', '.join(names)}")
        typer.echo(f"coverage {came.share:.0%}")
        return not any(left.values()) and not any(one.troubles for one in report.conversations)


def _tell(one: Rehearsed) -> None:
    typer.echo(f"{one.caller.value}: {one.outcome or 'no outcome'} {dict(one.slots)}")
    for trouble in one.troubles or ():
        typer.echo(f"  {trouble}")


def _kinds(names: str) -> list[Caller]:
    try:
        return [Caller(name.strip()) for name in names.split(",") if name.strip()] or list(Caller)
    except ValueError:
        raise ConfigurationError(f"--callers {names!r}: known are {', '.join(Caller)}.") from None


def _agent_of(file: Path) -> Agent:
    try:
        return Agent.model_validate_json(file.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise ConfigurationError(f"{file} is no agent: {error}") from None


def _today() -> date:
    return datetime.now().astimezone().date()
