"""The OpenAPI 3.1 document, made from the declared routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue, models_json_schema

from agent import __version__
from agent.api import idempotency, middleware, problems
from agent.api.models import NoBody
from agent.api.problems import Problem, ProblemType
from agent.api.route import AnyRoute
from agent.api.schema_examples import add_examples, example_of
from agent.api.schema_names import names_in, public_names, renamed

REF = "#/components/schemas/{model}"
BEARER = "bearer"
AUDIO_TOKEN = "audioToken"  # noqa: S105 - a name
SWITCHING_PROTOCOLS = 101
Schemas = Mapping[Any, JsonSchemaValue]
"""By model, and whether it is read or written."""
PROBLEM_EXAMPLE = {
    "type": "/docs#problem-validation_failed",
    "title": "The request does not fit",
    "status": 422,
    "detail": "Change the fields that `errors` names.",
    "code": "validation_failed",
    "errors": [
        {"field": "metadata.ticket", "in": "body", "message": "This must be a whole number.", "code": "int_type"}
    ],
    "request_id": "req_01JD8ZK3V5Q0W9N7X2M4T6R8CA",
}
DESCRIPTION = """\
Telephone calls on your own Asterisk.

Send `Authorization: Bearer KEY` with every request; `phone-agent keys create NAME --scope admin` makes a key.

Errors are problem details (RFC 9457) with a stable `code`, the fields at fault and a `request_id`.
Lists come in pages: pass `next_cursor` of one as `cursor` of the next. Every POST takes an `Idempotency-Key`: repeated
with the same key and body within 24 hours, it is done once and gets the first answer again.
Fields may be added to answers at any time; those of requests are checked, unknown ones are refused."""


def openapi(routes: Sequence[AnyRoute]) -> dict[str, Any]:
    """The document. Raises ValueError where an id or a schema cannot be told apart."""
    schemas, definitions = _described(frozenset(_models(routes)))
    named = definitions.get("$defs", {})
    names = public_names(named)
    schemas = {model: renamed(schema, names) for model, schema in schemas.items()}
    named = {names[name]: renamed(schema, names) for name, schema in named.items()}
    queries = {route.query: named.get(_name_in(schemas[route.query, "validation"])) for route in routes}
    for query in queries:
        named.pop(_name_in(schemas[query, "validation"]), None)
    add_examples(named, _examples(routes, schemas))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, schemas, queries[route.query] or {}, named)
        paths.setdefault(route.full_path, {})[route.method.lower()] = operation
    used = names_in([paths, named])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Phone Agent", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in named.items() if name in used},
            "headers": _headers(),
            "parameters": {"IdempotencyKey": _idempotency_key()},
            "securitySchemes": {
                BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key made by `phone-agent keys create`. Scopes: read, calls, admin; each includes "
                    "those before it.",
                },
                AUDIO_TOKEN: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Sec-WebSocket-Protocol",
                    "description": "For browsers: `phone-agent.audio, token.TOKEN` with a token of `audio_token`.",
                },
            },
        },
    }


@lru_cache(maxsize=4)
def _described(models: frozenset[tuple[type[BaseModel], JsonSchemaMode]]) -> tuple[Schemas, JsonSchemaValue]:
    """By pydantic, which takes a second for all of ours; what it gives is not changed by anybody."""
    return models_json_schema(sorted(models, key=str), by_alias=True, ref_template=REF)


def _models(routes: Iterable[AnyRoute]) -> set[tuple[type[BaseModel], JsonSchemaMode]]:
    models: set[tuple[type[BaseModel], JsonSchemaMode]] = {(Problem, "serialization")}
    for route in routes:
        models.add((route.query, "validation"))
        if route.request is not NoBody:
            models.add((route.request, "validation"))
        if route.response is not None:
            models.add((route.response, "serialization"))
    return models


def _examples(routes: Iterable[AnyRoute], schemas: Schemas) -> Iterator[tuple[JsonSchemaValue, Any]]:
    for route in routes:
        if route.request is not NoBody and route.request_example is not None:
            yield schemas[route.request, "validation"], dict(route.request_example)
        if route.response is not None and route.response_example is not None:
            yield schemas[route.response, "serialization"], dict(route.response_example)
    yield schemas[Problem, "serialization"], PROBLEM_EXAMPLE


def _name_in(schema: JsonSchemaValue) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _operation(route: AnyRoute, schemas: Schemas, query: JsonSchemaValue, named: Mapping[str, Any]) -> dict[str, Any]:
    needs = f"Needs the scope `{route.scope}`." if route.scope else "Needs no key."
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": f"{route.description}\n\n{needs}".strip(),
        "parameters": [*_path_parameters(route), *_query_parameters(query)],
        "responses": _responses(route, schemas, named),
        "security": [
            *([{BEARER: [str(route.scope)]}] if route.scope else []),
            *([{AUDIO_TOKEN: []}] if route.admits else []),
        ],
    }
    if route.idempotent_by_key:
        operation["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    if route.request is not NoBody:
        schema = schemas[route.request, "validation"]
        content = {"schema": schema, **(_example(route.request_example) or example_of(schema, named))}
        required = any(field.is_required() for field in route.request.model_fields.values())
        operation["requestBody"] = {"required": required, "content": {"application/json": content}}
    return operation


def _path_parameters(route: AnyRoute) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            **({"description": text} if (text := route.path_parameters.get(name)) else {}),
        }
        for name in route.parameter_names
    ]


def _query_parameters(schema: JsonSchemaValue) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": one.get("description", ""),
            "schema": _without_null({key: value for key, value in one.items() if key != "description"}),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is given or not; null cannot be written in a query string."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    return {**rest, **kinds[0]}


def _responses(route: AnyRoute, schemas: Schemas, named: Mapping[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done.", "headers": _header_refs("RequestId")}
    if route.scope:
        success["headers"].update(_header_refs("RateLimit", "RateLimitPolicy"))
    if route.idempotent_by_key:
        success["headers"].update(_header_refs("IdempotencyReplayed"))
    if route.response is not None:
        schema = schemas[route.response, "serialization"]
        content = {"schema": schema, **(_example(route.response_example) or example_of(schema, named))}
        success["content"] = {"application/json": content}
    if route.media:
        if route.answer_status != SWITCHING_PROTOCOLS:
            success["content"] = {kind: {} for kind in route.media}
        success["description"] = " ".join(filter(None, route.media.values()))
    by_status = sorted(route.all_problems, key=lambda one: one.status)
    failures = {str(status): _failure(list(kinds)) for status, kinds in groupby(by_status, lambda one: one.status)}
    also = {
        str(status): {**(success if status < 300 else {"headers": success["headers"]}), "description": text}
        for status, text in route.also.items()
    }
    return {str(route.answer_status): success, **also, **failures}


def _failure(kinds: list[ProblemType]) -> dict[str, Any]:
    refs = ["RequestId", *(["RetryAfter"] if any(kind.status in {429, 503} for kind in kinds) else [])]
    schema = {"$ref": REF.format(model=Problem.__name__)}
    examples = {kind.code: {"summary": kind.title, "value": _problem_example(kind)} for kind in kinds}
    return {
        "description": " ".join(f"`{kind.code}`: {kind.title}." for kind in kinds),
        "headers": _header_refs(*refs),
        "content": {problems.MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }


def _problem_example(kind: ProblemType) -> dict[str, Any]:
    return Problem(
        type=kind.uri,
        title=kind.title,
        status=kind.status,
        detail=kind.advice,
        code=kind.code,
        request_id="req_01JD8ZK3V5Q0W9N7X2M4T6R8CA",
    ).model_dump(mode="json", by_alias=True)


def _example(example: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if example is None else {"example": dict(example)}


def _header_refs(*names: str) -> dict[str, Any]:
    headers = {
        "RequestId": middleware.HEADER,
        "RateLimit": "RateLimit",
        "RateLimitPolicy": "RateLimit-Policy",
        "RetryAfter": "Retry-After",
        "IdempotencyReplayed": idempotency.REPLAYED,
    }
    return {headers[name]: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers() -> dict[str, Any]:
    texts = {
        "RequestId": "The client's own id, if it sent a plain token, else a new one; stands in the log, too.",
        "RateLimit": 'How many requests the key has left, and seconds until there are more: `"default";r=599;t=1`.',
        "RateLimitPolicy": 'How many requests a key has in how many seconds: `"default";q=600;w=60`.',
        "IdempotencyReplayed": "`true` where this is the answer that the first request with this key got.",
    }
    texts_of = {name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()}
    seconds = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
    return {**texts_of, "RetryAfter": seconds}


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": idempotency.HEADER,
        "in": "header",
        "required": False,
        "description": "Any text of the client's that names this one request, such as a UUID.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "6f1b1c9e-0c1d-4b8e-9d0f-3f6f0a7f6f55",
    }
