"""`phone-agent scripts`: call scripts in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Check call scripts in files.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Scripts in YAML or JSON.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Tell what is wrong with scripts, and where.

    Exit status 0: all can be approved; 1: one cannot; 2: one cannot be read.
    """
    from agent.domain.script_finding import passes  # heavy, as the next
    from agent.scripts.by_hand import UnreadableScriptError, script_of_text
    from agent.scripts.checker import check as find

    good = True
    reports = []
    for file in files:
        try:
            findings = find(script_of_text(file.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{file} cannot be read: {error}.") from None
        except UnreadableScriptError as error:
            raise ConfigurationError(f"{file}: {error}") from None
        good = good and passes(findings)
        reports.append({"file": str(file), "findings": [finding.model_dump(mode="json") for finding in findings]})
        if not as_json:
            for finding in findings:
                where = f"{file}: {finding.path}: {finding.severity.value}"
                typer.echo(f"{where}: {finding.message} ({finding.code.value})")
    if as_json:
        typer.echo(json.dumps(reports))
    elif good:
        typer.echo("can be approved")
    raise typer.Exit(0 if good else 1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a call script."""
    from agent.domain.script import CallScript  # heavy

    typer.echo(json.dumps(CallScript.model_json_schema(), indent=2))
