"""The command `phone-agent`."""

from __future__ import annotations

import sys

import typer

from agent import __version__
from agent.commands import (
    bench,
    bus,
    call,
    config,
    demo,
    doctor,
    erase,
    keys,
    migrate,
    models,
    rehearse,
    run,
    scripts,
    serve,
    setup,
)
from agent.errors import PhoneAgentError

BROKEN = 2
"""Exit status where nothing was begun, since the configuration or the machine cannot do it."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Answers and places telephone calls on your own Asterisk.",
)
app.command()(serve.serve)
app.command()(run.run)
app.command()(call.call)
app.command()(demo.demo)
app.command()(rehearse.rehearse)
app.command()(doctor.doctor)
app.command()(setup.setup)
app.command()(migrate.migrate)
app.command()(erase.erase)
app.add_typer(bench.app, name="bench")
app.add_typer(models.app, name="models")
app.add_typer(config.app, name="config")
app.add_typer(keys.app, name="keys")
app.add_typer(scripts.app, name="scripts")
app.add_typer(bus.app, name="bus")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line. An error of ours is one sentence and exit status 2."""
    try:
        app()
    except PhoneAgentError as error:
        typer.echo(f"phone-agent: {error}", err=True)
        sys.exit(BROKEN)
    except KeyboardInterrupt:
        sys.exit(130)
