"""`phone-agent doctor`: what works, what does not, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent.doctor.check import exit_status
from agent.ops import logs
from agent.settings import LogSettings


def doctor(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of text.")] = False,
    quick: Annotated[bool, typer.Option(help="Do not start the models: no sentence is spoken and answered.")] = False,
) -> None:
    """Check everything that a call needs, and make one.

    Exit status 0: good; 1: warnings; 2: broken.
    """
    from agent.doctor.examination import examine  # heavy
    from agent.doctor.text import document, line, summary

    logs.configure(LogSettings(level="error"))
    console = Console(highlight=False, soft_wrap=True)
    checks = examine(config, quick=quick, tell=lambda check: None if as_json else console.print(line(check)))
    typer.echo(document(checks) if as_json else f"\n{summary(checks)}")
    raise typer.Exit(exit_status(checks))
