"""Reading a request as its route declares it."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from aiohttp import web
from multidict import MultiMapping

from agent.api.json_body import parsed
from agent.api.models import QueryModel, RequestModel
from agent.api.problem_types import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    MAX_BODY_BYTES,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
)
from agent.api.route import BodyT, QueryT
from agent.api.validation import refused, validated

LARGE_BODY_BYTES = 32_768
"""From here on a body is read in a thread: the event loop has sound to send every 20 ms."""
MAX_PATH_PART = 255
CLOSE = {"Connection": "close"}
"""Where the rest of a body is not read, the next request cannot be told from it."""


async def body_of(request: web.Request, model: type[BodyT]) -> tuple[BodyT, Any]:
    """The body as its model, and as plain JSON. No body at all is `{}`. Raises ApiProblem."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BODY_TOO_LARGE.problem(headers=CLOSE)
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BODY_TOO_LARGE.problem(headers=CLOSE) from None
    except web.RequestPayloadError:
        text = "The body cannot be unpacked; send what Content-Encoding says, or none."
        raise BAD_REQUEST.problem(text, headers=CLOSE) from None
    if raw and request.content_type != "application/json":
        raise UNSUPPORTED_MEDIA_TYPE.problem(headers={"Accept": "application/json"})
    if len(raw) < LARGE_BODY_BYTES:
        return _understood(raw or b"{}", model)
    return await asyncio.to_thread(_understood, raw, model)


def _understood(raw: bytes, model: type[BodyT]) -> tuple[BodyT, Any]:
    document = parsed(raw)
    return validated(model, raw, "body"), document


def query_of(query: MultiMapping[str], model: type[QueryT]) -> QueryT:
    """The query string as its model; only a field that is a list may be given more than once. Raises ApiProblem."""
    values: dict[str, Any] = {}
    for name in dict.fromkeys(query):
        given = query.getall(name)
        if any("\0" in text for text in (name, *given)):
            raise refused(name, "query", "This holds the character NUL; leave it out.", "invalid_text")
        if _is_list(model, name):
            values[name] = given
        elif len(given) > 1:
            raise refused(name, "query", "This was given more than once; give it once.", "repeated")
        else:
            values[name] = given[0]
    return validated(model, values, "query")


def path_of(parts: Mapping[str, str]) -> Mapping[str, str]:
    """The parts of the path. What can be no id of anything is not found. Raises ApiProblem (404)."""
    if not all(part.isprintable() and len(part) <= MAX_PATH_PART for part in parts.values()):
        raise NOT_FOUND.problem()
    return parts


def _is_list(model: type[RequestModel | QueryModel], name: str) -> bool:
    field = model.model_fields.get(name)
    if field is None:
        return False
    kinds = get_args(field.annotation) if get_origin(field.annotation) in {Union, types.UnionType} else ()
    return any(get_origin(kind) in {list, set, tuple, frozenset} for kind in (field.annotation, *kinds))
