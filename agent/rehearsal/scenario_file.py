"""Reads scenario files; what is wrong with one is said in a sentence that names the file and the line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.errors import ConfigurationError
from agent.rehearsal.scenario import Scenario

_SUFFIXES = {".yaml", ".yml"}


class ScenarioError(ConfigurationError):
    """Scenario files that cannot be used; `problems` has one sentence for each fault."""

    code = "scenario_invalid"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_scenario(path: Path) -> Scenario:
    """The scenario in the file `path`. Raises ScenarioError with all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([f"{path}: cannot be read ({error})."]) from error
    root, document = _parse(path, text)
    if not isinstance(document, dict):
        raise ScenarioError([f"{path}:1: a scenario is a mapping with the keys name, caller and expect."])
    try:
        return Scenario.model_validate(document, context={"folder": path.parent})
    except ValidationError as error:
        problems = [_sentence(path, root, details) for details in _own_faults(error.errors())]
        raise ScenarioError(list(dict.fromkeys(problems))) from error


def load_scenarios(paths: Iterable[Path]) -> list[tuple[Path, Scenario]]:
    """All scenarios of files and folders (their *.yaml and *.yml, by name), in the order given.

    Raises ScenarioError with the faults of all files together.
    """
    problems: list[str] = []
    loaded: list[tuple[Path, Scenario]] = []
    for path in paths:
        files = sorted(f for f in path.iterdir() if f.suffix in _SUFFIXES) if path.is_dir() else [path]
        if not files:
            problems.append(f"{path}: there is no scenario (*.yaml) in this folder.")
        for file in files:
            try:
                loaded.append((file, load_scenario(file)))
            except ScenarioError as error:
                problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return loaded


def scenario_schema() -> str:
    """The JSON Schema of a scenario file, as published in `docs/scenario.schema.json`."""
    schema = Scenario.model_json_schema(mode="validation")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


def _parse(path: Path, text: str) -> tuple[yaml.Node | None, object]:
    """The nodes, which know their lines, and the plain data made of them."""
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        repeated = [] if root is None else list(_repeated_keys(root))
        document = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError([f"{path}:{line}: this is not YAML: {error.problem}."]) from error
    except yaml.YAMLError as error:
        raise ScenarioError([f"{path}:1: this is not YAML: {str(error).splitlines()[0]}."]) from error
    if repeated:
        raise ScenarioError([f"{path}:{line}: {key} stands here a second time." for line, key in repeated])
    return root, document


def _repeated_keys(root: yaml.Node) -> Iterator[tuple[int, str]]:
    left, visited = [root], set()
    while left:
        node = left.pop()
        if id(node) in visited:  # an alias: it may even contain itself
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            left += node.value
        if isinstance(node, yaml.MappingNode):
            left += [value for _, value in node.value]
            keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            names = [key.value for key in keys]
            yield from ((key.start_mark.line + 1, key.value) for at, key in enumerate(keys) if key.value in names[:at])


def _own_faults(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without lists that are too short only because their entries are faulty."""
    places = [details["loc"] for details in errors]
    return [
        details
        for details in errors
        if details["type"] != "too_short"
        or not any(
            len(place) > len(details["loc"]) and place[: len(details["loc"])] == details["loc"] for place in places
        )
    ]


def _sentence(path: Path, root: yaml.Node | None, details: ErrorDetails) -> str:
    context: dict[str, Any] = details.get("ctx", {})
    location: tuple[int | str, ...] = (*details["loc"], *context.get("at", ()))
    if details["type"] == "unknown_key":
        location = (*location, context["key"])
    line, where = _find(root, location)
    match details["type"]:
        case "missing":
            said = f"{_within(where)}the key {location[-1]} is missing"
        case "too_short":
            said = f"{where}: needs at least one entry"
        case "extra_forbidden":
            said = f"{where} is not a known key"
        case "unknown_key":
            said = f"{where} {details['msg']}"
        case _:
            said = f"{where}: {details['msg'][:1].lower()}{details['msg'][1:]}" if where else details["msg"]
            if where == "to" and details["type"] == "string_type":
                said += "; put the number in quotes"
    return f"{path}:{line}: {said}."


def _within(where: str) -> str:
    return f"{where}: " if where else ""


def _find(root: yaml.Node | None, location: Sequence[int | str]) -> tuple[int, str]:
    """Line (from 1) and readable name of a place, as near as the file has it.

    Parts of `location` that the file does not have, such as the names of union members, are passed over.
    """
    node, line, where = root, 1, ""
    for part in location:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == part:
                    node, line, where = value, key.start_mark.line + 1, f"{where}.{part}" if where else str(part)
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line, where = node.start_mark.line + 1, f"{where}[{part + 1}]"
    return line, where
