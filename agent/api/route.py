"""How a resource declares what it answers. Validation and /openapi.json come from the same declaration."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from agent.api import problem_types as types
from agent.api.idempotency import Attempt
from agent.api.models import NoBody, NoQuery, QueryModel, RequestModel
from agent.api.problems import ProblemType
from agent.store.api_keys import ApiKey, Scope

BodyT = TypeVar("BodyT", bound=RequestModel)
QueryT = TypeVar("QueryT", bound=QueryModel)
BASE = "/v1"
WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ApiRequest(Generic[BodyT, QueryT]):
    """A request that was let in and found valid."""

    body: BodyT
    query: QueryT
    path: Mapping[str, str]
    """Parts of the path by name."""
    key: ApiKey | None
    """None where the route needs none, or admitted the request without one."""
    request_id: str
    http: web.Request
    """For what is beyond JSON: ranges, streams, WebSockets."""
    answer_headers: dict[str, str]
    """What is put here is sent with the answer."""
    attempt: Attempt = Attempt()  # noqa: RUF009 - frozen
    """At a POST with an `Idempotency-Key`."""


Handler = Callable[[ApiRequest[BodyT, QueryT]], Awaitable[BaseModel | web.StreamResponse | None]]


@dataclass(frozen=True, kw_only=True)
class Route(Generic[BodyT, QueryT]):
    """One method of one path."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    """Below `base`, such as `/calls/{id}`."""
    name: str
    """Its operationId, such as `list_calls`."""
    tag: str
    """The resource; groups the documentation."""
    summary: str
    handler: Handler[BodyT, QueryT]
    scope: Scope | None
    """What the key must have; None: no key is asked for."""
    admits: Callable[[web.Request], bool] | None = None
    """Whether a request may do without a key, since it carries something else; may raise ApiProblem (401)."""
    request: type[BodyT] = NoBody  # type: ignore[assignment]  # TypeVar defaults come with Python 3.13
    query: type[QueryT] = NoQuery  # type: ignore[assignment]  # the same
    response: type[BaseModel] | None = None
    """What the handler returns; None with no `media`: nothing, and 204."""
    media: Mapping[str, str] = field(default_factory=dict)
    """Media type → description, for a handler that returns an aiohttp response of its own."""
    head: bool = False
    """HEAD is answered, too; of routes with a `response` it always is."""
    also: Mapping[int, str] = field(default_factory=dict)
    """Further statuses that are no problem → description."""
    status: int = 200
    description: str = ""
    """Markdown is shown as it is."""
    problems: tuple[ProblemType, ...] = ()
    """Those that the handler itself raises."""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """Name → description."""
    request_example: Mapping[str, Any] | None = None
    response_example: Mapping[str, Any] | None = None
    base: str = BASE

    def __post_init__(self) -> None:
        """Raises ValueError where the declaration contradicts itself."""
        if self.request is not NoBody and not self.takes_body:
            raise ValueError(f"{self.name}: {self.method} takes no body")
        if self.response is not None and self.media:
            raise ValueError(f"{self.name}: declare response or media, not both")
        if unknown := self.path_parameters.keys() - set(self.parameter_names):
            raise ValueError(f"{self.name}: {self.path} has no {', '.join(sorted(unknown))}")
        for model in (self.request, self.query):
            if loose := _open_object(model):
                raise ValueError(f"{self.name}: {loose} lets unknown fields in; derive it from RequestModel")
        _check_example(self.name, self.request, self.request_example)
        _check_example(self.name, self.response, self.response_example)

    @property
    def full_path(self) -> str:
        """With its base."""
        return self.base + self.path

    @property
    def parameter_names(self) -> list[str]:
        """Names in the path, in their order."""
        return _PARAMETER.findall(self.path)

    @property
    def takes_body(self) -> bool:
        """Whether a body is read at all."""
        return self.method in WITH_BODY

    @property
    def idempotent_by_key(self) -> bool:
        """Whether `Idempotency-Key` is heeded."""
        return self.method == "POST" and self.scope is not None

    @property
    def answer_status(self) -> int:
        """Of success."""
        return 204 if self.response is None and not self.media else self.status

    @property
    def all_problems(self) -> tuple[ProblemType, ...]:
        """Those of the handler and those that the frame answers for it."""
        frame = (
            *types.ALWAYS,
            *(types.WITH_KEY if self.scope else ()),
            *(types.WITH_BODY if self.takes_body else ()),
            *(types.WITH_IDEMPOTENCY if self.idempotent_by_key else ()),
        )
        return tuple(dict.fromkeys((*self.problems, *frame)))


AnyRoute = Route[Any, Any]


@cache
def _open_object(model: type[BaseModel]) -> str | None:
    """A part of it that takes fields which nobody declared."""
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part and part.get("additionalProperties") is not False:
            return str(part.get("title", "a model"))
    return None


def _check_example(name: str, model: type[BaseModel] | None, example: Mapping[str, Any] | None) -> None:
    if example is None:
        return
    if model is None:
        raise ValueError(f"{name}: has an example and no model for it")
    try:
        model.model_validate_json(json.dumps(example), by_alias=True, by_name=True)
    except ValidationError as error:
        raise ValueError(f"{name}: its example does not fit {model.__name__}: {error}") from error
