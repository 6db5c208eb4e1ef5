"""Reading JSON that others send: one rule for every route of what is JSON at all."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from agent.api.problem_types import INVALID_JSON, VALIDATION_FAILED
from agent.api.problems import FieldError
from agent.api.validation import path_text

MAX_DEPTH = 32
"""Objects and lists within each other. Deeper ones serve to exhaust a parser; pydantic's own limit is near 200."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE = re.compile("[\ud800-\udfff]")
Path = tuple[str | int, ...]


def parsed(raw: bytes) -> Any:
    """What the bytes say. Raises ApiProblem.

    Not JSON (400): other encodings than UTF-8, NaN and Infinity, numbers that no float or 4,300 digits can hold.
    Refused (422): half of a surrogate pair, which is no text and which no database keeps; nesting beyond `MAX_DEPTH`.
    All other characters, NUL too, are taken as they are.
    """
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_refused, parse_float=_finite)
    except UnicodeDecodeError:
        raise INVALID_JSON.problem("The body is not UTF-8; send JSON in UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise INVALID_JSON.problem(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except ValueError as error:
        text = str(error) if isinstance(error, _NumberError) else "a number has too many digits"
        raise INVALID_JSON.problem(f"The body is not JSON: {text}.") from None
    _check(document, texts=_SURROGATE.search(raw) is not None)
    return document


class _NumberError(ValueError):
    """What Python would take for a number, though JSON does not have it or no float can hold it."""


def _refused(constant: str) -> float:
    raise _NumberError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise _NumberError("a number is too large")
    return number


def _check(document: Any, *, texts: bool) -> None:
    """Without recursion: the document decides how deep it goes."""
    waiting: list[tuple[Any, Path]] = [(document, ())]
    while waiting:
        value, path = waiting.pop()
        if texts and isinstance(value, str) and _LONE.search(value):
            raise _not_text(path)
        if not isinstance(value, dict | list):
            continue
        if len(path) >= MAX_DEPTH:
            raise _too_deep()
        if texts and isinstance(value, dict) and any(_LONE.search(name) for name in value):
            raise _not_text(path)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [(one, (*path, name)) for name, one in members if texts or isinstance(one, dict | list)]


def _not_text(path: Path) -> Exception:
    error = FieldError(
        field=path_text(path),
        message="This holds half of a surrogate pair, which is no character; send whole ones.",
        code="invalid_text",
    )
    return VALIDATION_FAILED.problem(errors=[error])


def _too_deep() -> Exception:
    error = FieldError(field="", message=f"This is nested deeper than {MAX_DEPTH} levels.", code="too_deep")
    return VALIDATION_FAILED.problem(errors=[error])
