"""What pydantic found wrong, as the errors of a problem."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.api.problem_types import VALIDATION_FAILED
from agent.api.problems import ApiProblem, FieldError

MAX_ERRORS = 20
MAX_PATH = 200
"""Characters of a field's path: its names are the client's, and may be long."""
Location = Literal["body", "query", "path", "header"]
ModelT = TypeVar("ModelT", bound=BaseModel)
_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}
_PLAIN = {"value_error": "invalid_value", "assertion_error": "invalid_value"}


def validated(model: type[ModelT], value: bytes | dict[str, Any], location: Location) -> ModelT:
    """`value` as a model: bytes are JSON, a dictionary holds texts of a query. Raises ApiProblem (422)."""
    try:
        return model.model_validate_json(value) if isinstance(value, bytes) else model.model_validate(value)
    except ValidationError as error:
        raise _problem(error, model, location) from None


def refused(field: str, location: Location, message: str, code: str) -> ApiProblem:
    """A 422 about one field."""
    return VALIDATION_FAILED.problem(errors=[FieldError(field=field, location=location, message=message, code=code)])


def path_text(path: Sequence[str | int]) -> str:
    """`("metadata", "tags", 3)` as `metadata.tags[3]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return text if len(text) <= MAX_PATH else text[: MAX_PATH - 1] + "…"


def _problem(error: ValidationError, model: type[BaseModel], location: Location) -> ApiProblem:
    details = error.errors(include_url=False, include_input=False)[:MAX_ERRORS]
    more = error.error_count() - len(details)
    return VALIDATION_FAILED.problem(
        f"Change the fields that `errors` names; {more} more are wrong." if more else "",
        errors=[_field_error(one, model, location) for one in details],
    )


def _field_error(detail: ErrorDetails, model: type[BaseModel], location: Location) -> FieldError:
    kind = detail["type"]
    return FieldError(
        field=path_text(detail["loc"]),
        location=location,
        message=_message(detail, model),
        code=_CODES.get(kind) or _PLAIN.get(kind) or kind,
    )


def _message(detail: ErrorDetails, model: type[BaseModel]) -> str:
    match detail["type"]:
        case "missing":
            return "This is required."
        case "extra_forbidden":
            name = str(detail["loc"][-1])
            known = model.model_fields if len(detail["loc"]) == 1 else {}
            near = difflib.get_close_matches(name[:MAX_PATH], known, n=1, cutoff=0.6)
            return (
                f"There is no such field; did you mean {near[0]}?" if near else "There is no such field; leave it out."
            )
        case "value_error" | "assertion_error":
            return detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        case _:
            return detail["msg"].rstrip(".") + "."
