"""What scripts are wanted for. From `goals.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files

from agent.domain.script_brief import ScriptBrief
from agent.errors import ConfigurationError


def goals(wanted: Sequence[str] = ()) -> dict[str, ScriptBrief]:
    """By name, in the order of the file; all where none is named. Raises ConfigurationError for a name that is not
    there."""
    table = tomllib.loads((files(__package__) / "goals.toml").read_text(encoding="utf-8"))
    if unknown := [name for name in wanted if name not in table]:
        raise ConfigurationError(f"There is no goal {unknown[0]!r}, only {', '.join(table)}.")
    return {name: ScriptBrief.model_validate(brief) for name, brief in table.items() if not wanted or name in wanted}
