"""`phone-agent scripts`: call scripts, written by the language model and in files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.errors import ConfigurationError

if TYPE_CHECKING:
    from agent.domain.script import CallScript

app = typer.Typer(no_args_is_help=True, help="Write call scripts, check and rehearse them in files.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Scripts in YAML or JSON.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Tell what is wrong with scripts, and where.

    Exit status 0: all can be approved; 1: one cannot; 2: one cannot be read.
    """
    from agent.domain.script_finding import passes  # heavy, as the next
    from agent.scripts.checker import check as find

    good = True
    reports = []
    for file in files:
        findings = find(_read(file))
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
def write(
    goal: Annotated[str, typer.Argument(help="What the call is to achieve, and for whom it is made.")],
    out: Annotated[Path, typer.Option(help="Where to put it, as YAML.", show_default=False)],
    audience: Annotated[str, typer.Option(help="Who is called.")] = "",
    fact: Annotated[list[str] | None, typer.Option(help="NAME=SENTENCE: what may be told; may be repeated.")] = None,
    constraint: Annotated[list[str] | None, typer.Option(help="What is to be heeded; may be repeated.")] = None,
    forbidden: Annotated[list[str] | None, typer.Option(help="Words never to be said; may be repeated.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="NAME=EXAMPLE: what each call is given; may be repeated.")
    ] = None,
    language: Annotated[str, typer.Option(help="ISO 639-1, of all that is said.")] = "en",
    server: Annotated[str | None, typer.Option(help="URL of the server's API; else as the configuration says.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
) -> None:
    """Have the language model of the running server write a script, and put it into a file.

    The server keeps it as well, by the id that is told. The key of the API is taken from PHONE_AGENT_KEY; without it
    one is made for this command, and revoked after it.

    Exit status 0: it can be approved; 1: refused, failed, or something is wrong with it; 2: not possible.
    """
    from agent import configuration  # heavy, as the next
    from agent.commands.api_client import pairs, server_url
    from agent.commands.script_writing import write_script

    if out.is_dir() or not out.parent.is_dir():
        raise ConfigurationError(f"{out} cannot be written: there is no such folder, or it is one.")
    settings = configuration.load(config)
    body = {
        "goal": goal,
        "audience": audience,
        "facts": pairs("--fact", fact),
        "constraints": constraint or [],
        "forbidden": forbidden or [],
        "variables": pairs("--variable", variable),
        "language": language,
    }
    url = server or server_url(settings.http)
    raise typer.Exit(0 if asyncio.run(write_script(settings, url, body, out)) else 1)


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(help="A script in YAML or JSON.", show_default=False)],
    by: Annotated[str, typer.Option(help="writing, or call: real calls on an Asterisk of its own.")] = "writing",
    callers: Annotated[
        str, typer.Option(help="By call only these kinds of callees, with commas between them; empty: all.")
    ] = "",
    agent: Annotated[Path | None, typer.Option(help="An agent's file: by call its voice and phrases.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The agent's configuration file.")] = None,
    llm: Annotated[str | None, typer.Option(help="Another language model than the configuration's.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep recordings and logs of calls here.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
) -> None:
    """Lead a script through simulated callees, and tell what none of them came to.

    Exit status 0: everything was come to; 1: something was not; 2: it could not be rehearsed.
    """
    from agent.commands.script_rehearsal import Rehearsal  # heavy

    rehearsal = Rehearsal(_read(file), callers=callers, agent=agent, config=config, llm=llm, keep=keep)
    if by not in {"writing", "call"}:
        raise ConfigurationError(f"--by {by!r} is neither writing nor call.")
    report = rehearsal.by_call() if by == "call" else rehearsal.in_writing()
    if json_out is not None:
        rehearsal.write(report, json_out)
    raise typer.Exit(0 if rehearsal.told(report) else 1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a call script."""
    from agent.domain.script import CallScript  # heavy

    typer.echo(json.dumps(CallScript.model_json_schema(), indent=2))


def _read(file: Path) -> CallScript:
    """Raises ConfigurationError."""
    from agent.scripts.by_hand import UnreadableScriptError, script_of_text  # heavy

    try:
        return script_of_text(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
    except UnreadableScriptError as error:
        raise ConfigurationError(f"{file}: {error}") from None
