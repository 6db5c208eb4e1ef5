"""Reads the configuration: a TOML file, then the environment, then secrets from their files."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from agent.errors import ConfigurationError
from agent.settings import Settings, TrunkSettings

PREFIX = "PHONE_AGENT_"
DELIMITER = "__"
DEFAULT_FILE = Path("phone-agent.toml")
HIDDEN = "********"


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `path`, overridden by `PHONE_AGENT_SECTION__KEY` of the environment.

    None stands for the file that `PHONE_AGENT_CONFIG` names, else `phone-agent.toml` in the working directory if there
    is one, else the defaults. Relative paths in the file are taken from the file's folder.
    Raises ConfigurationError: one sentence that names the key, for an unknown key the nearest known one.
    """
    if path is None and (named := environ.get(f"{PREFIX}CONFIG")):
        path = Path(named)
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    raw = _read(path) if path else {}
    for section, key, value in _overrides(environ):
        table = raw.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigurationError(f"{path}: {section} must be a table.")
        table[key] = value
    base = path.resolve().parent if path else Path.cwd()
    return _with_secrets(_validated(raw, source=str(path) if path else "environment"), base)


def to_toml(settings: BaseModel) -> str:
    """The settings as TOML, secrets hidden; what is not set is left out."""
    tables = []
    for name, section in settings:
        lines = [f"{key} = {_toml(value)}" for key, value in section if value is not None]
        tables.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(tables) + "\n"


def default_file() -> str:
    """A file with every key, its default and what it means, all commented out."""
    lines = [
        "# Configuration of Phone Agent. Every key is here with its default: take the # away to change one.",
        f"# The environment goes before this file: {PREFIX}STT__THREADS=4 sets threads of [stt].",
        "# A secret may stand in a file of its own, named by the key that ends in _file.",
    ]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            continue
        lines += ["", f"# {' '.join((section.__doc__ or '').split())}", f"[{name}]"]
        defaults = section()
        for key, info in section.model_fields.items():
            lines += [f"# {line}" for line in (info.description or "").splitlines()]
            value = getattr(defaults, key)
            lines.append(f"# {key} = {_toml('' if value is None else value, reveal=True)}")
    return "\n".join(lines) + "\n"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} does not exist; `phone-agent config default` prints one to start from."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error


def _overrides(environ: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    for name, text in environ.items():
        if name.startswith(PREFIX) and DELIMITER in name:
            section, _, key = name.removeprefix(PREFIX).lower().partition(DELIMITER)
            yield section, key, json.loads(text) if text.startswith("{") else text


def _validated(raw: Mapping[str, Any], *, source: str) -> Settings:
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, _known_keys(), n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else "; `phone-agent config default` lists all keys."
            raise ConfigurationError(f"{source}: there is no key {key}{hint}") from error
        raise ConfigurationError(f"{source}: {key}: {first['msg']}.") from error


def _known_keys() -> list[str]:
    keys: list[str] = []
    for name, field in Settings.model_fields.items():
        keys.append(name)
        keys += [f"{name}.{key}" for key in getattr(field.annotation, "model_fields", ())]
    return keys


def _with_secrets(settings: Settings, base: Path) -> Settings:
    """Fill in secrets from their files, and make paths absolute."""
    changed: dict[str, BaseModel] = {}
    for name, section in settings:
        update: dict[str, Any] = {}
        for key, value in section:
            if not isinstance(value, Path):
                continue
            update[key] = path = base / value.expanduser()
            secret = key.removesuffix("_file")
            if key.endswith("_file") and secret in type(section).model_fields:
                if getattr(section, secret).get_secret_value():
                    raise ConfigurationError(f"{name}: set {secret} or {key}, not both.")
                update[secret] = _secret(path, f"{name}.{key}")
        if update:
            changed[name] = section.model_copy(update=update)
    with_trunks = {
        name: _trunk_with_secret(name, trunk, base) if trunk.password_file is not None else trunk
        for name, trunk in settings.outbound.trunks.items()
    }
    changed["outbound"] = settings.outbound.model_copy(update={"trunks": with_trunks})
    return settings.model_copy(update=changed)


def _trunk_with_secret(name: str, trunk: TrunkSettings, base: Path) -> TrunkSettings:
    key = f"outbound.trunks.{name}"
    if trunk.password.get_secret_value():
        raise ConfigurationError(f"{key}: set password or password_file, not both.")
    path = base / (trunk.password_file or Path()).expanduser()
    return trunk.model_copy(update={"password_file": path, "password": _secret(path, f"{key}.password_file")})


def _secret(path: Path, key: str) -> SecretStr:
    try:
        return SecretStr(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{key}: {path} cannot be read: {type(error).__name__}.") from error


def _toml(value: object, *, reveal: bool = False) -> str:
    if isinstance(value, SecretStr):
        value = HIDDEN if value.get_secret_value() and not reveal else value.get_secret_value()
    if isinstance(value, BaseModel):
        value = {key: item for key, item in value if item is not None}
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(value, ensure_ascii=False)
