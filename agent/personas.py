"""Reads the files of agents (personas): NAME.toml or NAME.yaml in one folder."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from agent.domain.agent import Agent
from agent.errors import ConfigurationError
from agent.resources import PACKAGE

SAMPLES = PACKAGE / "samples" / "agents"


def load_agents(folder: Path | None) -> dict[str, Agent]:
    """All agents of `folder` by name; None stands for the samples that ship with the package.

    Raises ConfigurationError that names the file and the key.
    """
    folder = SAMPLES if folder is None else folder
    if not folder.is_dir():
        raise ConfigurationError(f"agents.folder: {folder} is no folder; create it or name another one.")
    agents: dict[str, Agent] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".toml", ".yaml", ".yml"}:
            agent = load_agent(path)
            if agent.name in agents:
                raise ConfigurationError(f"{path}: another file already holds an agent named {agent.name}.")
            agents[agent.name] = agent
    if not agents:
        raise ConfigurationError(f"agents.folder: {folder} holds no agent; put a NAME.toml or NAME.yaml there.")
    return agents


def load_agent(path: Path) -> Agent:
    """One agent; its name is the file's where the file does not say it. Raises ConfigurationError."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{path}: must hold keys and values, such as greeting and instructions.")
    return agent_from({"name": path.stem, **raw}, source=str(path))


def agent_from(raw: Mapping[str, Any], *, source: str) -> Agent:
    """An agent of plain values, as read from `source`. Raises ConfigurationError."""
    try:
        return Agent.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(first["loc"][-1]), _known_keys(), n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise ConfigurationError(f"{source}: {key} is no key of an agent{hint}") from error
        raise ConfigurationError(f"{source}: {key}: {first['msg']}.") from error


def check_numbers(numbers: Mapping[str, str], agents: Mapping[str, Agent]) -> None:
    """Every number leads to an agent that there is. Raises ConfigurationError."""
    for number, name in numbers.items():
        if name not in agents:
            raise ConfigurationError(
                f'agents.numbers: "{number}" leads to the agent {name}, which there is not; known: '
                f"{', '.join(sorted(agents))}."
            )


def check_trunks(trunks: Collection[str], agents: Mapping[str, Agent]) -> None:
    """Every destination of an agent has a line that there is. Raises ConfigurationError."""
    for name, agent in agents.items():
        lost = agent.call_control.out_of_reach(trunks)
        if lost is not None:
            known = f"known: {', '.join(sorted(trunks))}" if trunks else "there is none"
            raise ConfigurationError(
                f"The agent {name} hands callers over to {lost.name} over the line {lost.trunk}, which is none of "
                f"outbound.trunks; {known}."
            )


def _known_keys() -> list[str]:
    names = ("keys", "limits", "phrases", "recording", "after_call")
    nested = [Agent.model_fields[name].annotation for name in names]
    return [*Agent.model_fields, *(key for model in nested for key in getattr(model, "model_fields", ()))]
