"""`phone-agent config`: what is configured, and what goes into the configuration of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent import configuration, personas
from agent.ops import monitoring, systemd_unit

app = typer.Typer(no_args_is_help=True, help="Show and check the configuration; print files for other programs.")
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
    personas.check_trunks(settings.outbound.trunks, agents)
    typer.echo(f"The configuration is good: {len(agents)} agents, {len(settings.agents.numbers)} numbers.")


@app.command()
def systemd(
    config: ConfigFile = None,
    user: Annotated[str, typer.Option(help="Who runs the service.")] = "phone-agent",
) -> None:
    """Print a systemd unit that runs `serve` with this configuration and this installation."""
    settings = configuration.load(config)
    typer.echo(systemd_unit.unit(settings, config=config, user=user), nl=False)


@app.command()
def dashboard() -> None:
    """Print a dashboard for Grafana, as JSON."""
    typer.echo(monitoring.dashboard(), nl=False)


@app.command()
def alerts() -> None:
    """Print alert rules for Prometheus, as YAML."""
    typer.echo(monitoring.alerts(), nl=False)
