"""The list of models: what they are, which bytes they must have, and where they can come from."""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from agent.errors import ConfigurationError, ModelError
from agent.resources import shipped


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) != name:
        raise ValueError(f"{name!r} is not a plain path inside a folder")
    return name


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Inside = Annotated[str, StringConstraints(min_length=1), AfterValidator(_inside)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(_Strict):
    """A file as it must be in the end."""

    name: Name
    size: int = Field(gt=0)
    """Bytes."""
    sha256: Sha256


class Take(_Strict):
    """A part of a package."""

    path: Inside
    """Inside the package's archive."""
    append_to: Name
    """Name of the model's file to which these bytes are appended, in the order of the manifest."""


class Package(_Strict):
    """One package of the Python package index, pinned to its bytes."""

    package: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$")]
    sha256: Sha256
    """Of the wheel."""
    take: tuple[Take, ...] = Field(min_length=1)


class PackageSource(_Strict):
    """Packages, from wherever this machine's pip takes packages."""

    kind: Literal["packages"]
    packages: tuple[Package, ...] = Field(min_length=1)
    files: tuple[ModelFile, ...] = ()
    """Where the bytes differ from the model's own list: another conversion of the same weights."""

    @property
    def label(self) -> str:
        """For people."""
        first = self.packages[0]
        more = f" and {len(self.packages) - 1} more" if len(self.packages) > 1 else ""
        return f"package {first.package} {first.version}{more}"


class HubSource(_Strict):
    """A repository of the usual model hub, through the hub's own client."""

    kind: Literal["hub"]
    repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, StringConstraints(pattern=r"^[\w.-]+$")]
    paths: dict[str, Inside] = Field(default_factory=dict)
    """The model's file name → path in the repository, where they differ."""
    files: tuple[ModelFile, ...] = ()
    """As in `PackageSource`."""

    @property
    def label(self) -> str:
        """For people."""
        return f"hub {self.repository} at {self.revision[:12]}"


Source = Annotated[PackageSource | HubSource, Field(discriminator="kind")]


class Model(_Strict):
    """One entry."""

    name: Name
    kind: Literal["stt", "llm", "tts"]
    summary: str
    licence: str
    languages: tuple[str, ...] = Field(min_length=1)
    """ISO 639-1 codes, or `multilingual`."""
    serve: str
    """What a worker opens: a file of `files`, or `.` for the folder."""
    files: tuple[ModelFile, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    """In the order in which they are tried."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def variants(self) -> tuple[tuple[ModelFile, ...], ...]:
        """Every complete set of files that is this model: its own, and those of sources with other bytes."""
        return (self.files, *(source.files for source in self.sources if source.files))

    def files_of(self, source: PackageSource | HubSource) -> tuple[ModelFile, ...]:
        """What `source` must yield."""
        return source.files or self.files

    @model_validator(mode="after")
    def _fits_together(self) -> Model:
        if self.serve != "." and self.serve not in {file.name for file in self.files}:
            raise ValueError(f"serve: {self.serve!r} is not one of its files")
        for source in self.sources:
            expected = {file.name for file in self.files_of(source)}
            if source.kind == "hub":
                if not set(source.paths) <= expected:
                    raise ValueError(f"{source.label}: paths name files that the model does not have")
                continue
            written = {take.append_to for package in source.packages for take in package.take}
            if written != expected:
                raise ValueError(f"{source.label}: writes {sorted(written)} where {sorted(expected)} is expected")
        return self


class Manifest(_Strict):
    """All entries."""

    format: Literal[1]
    model: tuple[Model, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(model.name for model in self.model)

    def get(self, name: str) -> Model:
        """The entry; raises ModelError (`model_unknown`) with the names that there are."""
        for model in self.model:
            if model.name == name:
                return model
        raise ModelError(f"There is no model {name!r}; there is {', '.join(self.names)}.", code="model_unknown")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Manifest:
        twice = {name for name in self.names if self.names.count(name) > 1}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} is there twice")
        return self


def load_manifest(path: Path | None = None) -> Manifest:
    """The manifest that ships, or the one at `path`. Raises ConfigurationError that names the entry."""
    path = path or shipped("models/manifest.toml")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return Manifest.model_validate(raw)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(f"{path}: {_where(raw, first['loc'])}: {first['msg']}.") from error


def _where(raw: dict[str, object], location: tuple[int | str, ...]) -> str:
    """`model whisper-base, files 0, sha256` out of pydantic's ("model", 0, "files", 0, "sha256")."""
    entries = raw.get("model")
    match location:
        case ("model", int(index), *rest) if isinstance(entries, list) and isinstance(entries[index], dict):
            name = entries[index].get("name", f"number {index + 1}")
            parts = [f"model {name}", *(str(part) for part in rest)]
        case _:
            parts = [str(part) for part in location] or ["manifest"]
    return ", ".join(parts)
