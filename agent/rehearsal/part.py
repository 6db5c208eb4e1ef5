"""What all mappings of a scenario file have in common."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class Part(BaseModel):
    """A mapping of the file; a key that it does not know is an error that names the nearest one it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    near = difflib.get_close_matches(str(key), cls.model_fields, n=1, cutoff=0.5)
                    hint = f"did you mean {near[0]}" if near else f"known are {', '.join(cls.model_fields)}"
                    raise PydanticCustomError(
                        "unknown_key", "is not a known key ({hint})", {"key": str(key), "hint": hint}
                    )
        return data


def exactly_one(part: BaseModel, *names: str) -> None:
    """Raises PydanticCustomError unless one of these fields is given, and only one."""
    if sum(getattr(part, name) is not None for name in names) != 1:
        either = ", ".join(names[:-1])
        raise PydanticCustomError("one_of", "needs either {either} or {last}", {"either": either, "last": names[-1]})
