"""`phone-agent setup`: fetch what a call needs on this machine. Quick where all is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import psutil
import typer

from agent import configuration
from agent.asterisk.bundles import bundles
from agent.models.choice import SMALL, default_llm
from agent.models.manifest import Manifest
from agent.models.store import ModelStore
from agent.personas import load_agents
from agent.settings import Settings

STEP_PERCENT = 10
Echo = Callable[[str], None]


class Purpose(StrEnum):
    """What is going to be done."""

    RUN = "run"
    DEMO = "demo"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be on this machine."""

    bundles: tuple[str, ...]
    """Names for `agent.asterisk.bundles`."""
    models: tuple[str, ...]
    """Names of the manifest."""


def setup(
    purpose: Annotated[Purpose, typer.Option("--for", help="What is going to be done.")] = Purpose.RUN,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
) -> None:
    """Fetch Asterisk and the models into the user's cache, checked; goes on where an interrupted set-up ended."""
    settings = configuration.load(config)
    store = ModelStore.of(settings.models)
    needs = needs_of(purpose, settings, store.manifest)
    bundles(needs.bundles, typer.echo)
    for name in needs.models:
        store.pull(name, percent_lines(name, typer.echo))
    typer.echo(f"ready: {', '.join((*needs.bundles, *needs.models))}")


def needs_of(purpose: Purpose, settings: Settings, manifest: Manifest) -> Needs:
    """What `purpose` needs. Tests take the models that tests are written for, whatever is configured."""
    if purpose is Purpose.TEST:
        defaults = Settings()
        return Needs(("asterisk", "sipp", "prompts", "voices"), (defaults.stt.model, SMALL, defaults.tts.voice))
    return Needs(("asterisk",), tuple(dict.fromkeys(name for name in _models(settings) if name in manifest.names)))


def _models(settings: Settings) -> Iterable[str]:
    """All that the configuration names, be they of the manifest or files of the operator's own."""
    if not settings.stt.uri:
        yield settings.stt.model
    if not settings.llm.base_url:
        auto = settings.llm.model == "auto"
        yield default_llm(psutil.virtual_memory().total) if auto else settings.llm.model
    if not settings.tts.uri:
        yield settings.tts.voice
        yield from (agent.voice for agent in load_agents(settings.agents.folder).values())


def percent_lines(name: str, echo: Echo) -> Callable[[int, int, str], None]:
    """Progress of a pull, as a line for every tenth of it: what scrolls by in a log stays readable."""
    shown = -STEP_PERCENT

    def report(done: int, total: int, what: str) -> None:
        nonlocal shown
        percent = 100 * done // total
        if percent >= shown + STEP_PERCENT:
            shown = percent
            echo(f"{name}: {percent} % of {total / 1e6:.0f} MB ({what})")

    return report
