"""`phone-agent config`: what is configured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent import configuration, personas

app = typer.Typer(no_args_is_help=True, help="Show and check the configuration.")
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")]


@app.command()
def show(config: ConfigFile = None) -> None:
    """Print the configuration in force, secrets hidden."""
    typer.echo(configuration.to_toml(configuration.load(config)), nl=False)


@app.command()
def default() -> None:
    """Print a commented file with every key."""
    typer.echo(configuration.default_file(), nl=False)


@app.command()
def check(config: ConfigFile = None) -> None:
    """Check the configuration and the agents' files."""
    settings = configuration.load(config)
    agents = personas.load_agents(settings.agents.folder)
    personas.check_numbers(settings.agents.numbers, agents)
    typer.echo(f"The configuration is good: {len(agents)} agents, {len(settings.agents.numbers)} numbers.")
