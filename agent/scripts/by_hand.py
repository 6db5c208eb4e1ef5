"""Scripts that people write, in YAML or JSON. Pure."""

from __future__ import annotations

import yaml
from pydantic import ValidationError

from agent.domain.script import CallScript

LARGEST = 200_000
"""Characters."""


class UnreadableScriptError(ValueError):
    """What is wrong, in one sentence, and where."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path
        """JSON pointer into the script; empty where the text is no YAML."""


class _NoAliases(yaml.SafeLoader):
    """YAML whose anchors cannot make a small text a huge document."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As the parent does. Raises UnreadableScriptError at an alias."""
        if self.check_event(yaml.AliasEvent):
            raise UnreadableScriptError("YAML aliases are not supported; write it out.")
        return super().compose_node(parent, index)


def script_of_text(text: str) -> CallScript:
    """The script that a text in YAML is; JSON is YAML as well. Raises UnreadableScriptError."""
    if len(text) > LARGEST:
        raise UnreadableScriptError(f"The script is longer than {LARGEST} characters.")
    try:
        document = yaml.load(text, _NoAliases)  # noqa: S506 - derived from SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UnreadableScriptError(f"This is no YAML: {error.problem}{where}.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, UnreadableScriptError):
            raise
        raise UnreadableScriptError("This is no YAML.") from None
    try:
        return CallScript.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        path = "".join(f"/{step}" for step in first["loc"])
        raise UnreadableScriptError(f"{path or 'The script'}: {first['msg']}.", path) from None
