"""What all tables of the configuration have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Port = Annotated[int, Field(ge=1, le=65535)]

Host = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
"""A path; an empty string is none, so that a line of the default file can be taken as it stands."""


class Section(BaseModel):
    """One table of the file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def texts(value: object) -> list[str]:
    """A list of names; text with commas stands for one, as the environment has it."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]
