"""`phone-agent setup`: fetch what a call needs on this machine. Quick where all is there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import psutil
import typer

from agent import configuration
from agent.asterisk.bundles import bundles
from agent.commands import models
from agent.models.choice import PLUMBING, SMALL, needed
from agent.settings import Settings


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
    needs = needs_of(purpose, configuration.load(config), psutil.virtual_memory().total)
    for name, folder in bundles(needs.bundles, typer.echo).items():
        typer.echo(f"{name}: {folder}")
    if needs.models:
        models.pull(list(needs.models), config)


def needs_of(purpose: Purpose, settings: Settings, memory_bytes: int) -> Needs:
    """What `purpose` needs on a machine with so much memory. The demo and the tests do not ask what is configured."""
    match purpose:
        case Purpose.RUN:
            return Needs(("asterisk",), needed(settings, memory_bytes))
        case Purpose.DEMO:
            return Needs(("asterisk",), needed(Settings(), memory_bytes))
        case Purpose.TEST:
            stt, tts = Settings().stt.model, Settings().tts.voice
            return Needs(("asterisk", "sipp", "prompts", "voices"), (stt, SMALL, PLUMBING, tts))
