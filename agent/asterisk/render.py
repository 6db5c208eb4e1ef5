"""Fills in the templates of `asterisk-config/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from agent.errors import ConfigurationError

_VARIABLE = re.compile(r"@([A-Z_]+)@")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f;\[\]]")


def fill_in(template: str, values: Mapping[str, str]) -> str:
    r"""The template with each `@NAME@` replaced by its value.

    Raises ConfigurationError for a variable without a value, and for a value that could end its line or its section
    (control characters such as `\n`, `;`, `[` and `]`), whatever was checked before.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ConfigurationError(f"The template variable @{name}@ has no value.")
        if _FORBIDDEN.search(values[name]):
            raise ConfigurationError(f"The value of @{name}@ holds a character that Asterisk's files cannot hold.")
        return values[name]

    return _VARIABLE.sub(value_of, template)


def render(templates: Path, values: Mapping[str, str]) -> dict[str, str]:
    """File name → text, of each `*.conf` directly in the folder."""
    return {path.name: fill_in(path.read_text("utf-8"), values) for path in sorted(templates.glob("*.conf"))}


def write_private(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files, readable by nobody else (0600); folders between are made (0700)."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text, "utf-8")


def modules(templates: Path) -> tuple[str, ...]:
    """The modules that the shipped configuration loads, such as `res_ari.so`."""
    return tuple(re.findall(r"^load = (\S+)", (templates / "modules.conf").read_text("utf-8"), re.M))
