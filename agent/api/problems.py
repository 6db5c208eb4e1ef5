"""Problem details (RFC 9457): how the API says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from pydantic import Field

from agent.api.models import ResponseModel
from agent.errors import PhoneAgentError

MEDIA_TYPE = "application/problem+json"


class FieldError(ResponseModel):
    """What is wrong with one field."""

    field: str
    """Its path, such as `metadata.name` or `numbers[3]`; empty for the whole."""
    location: Literal["body", "query", "path", "header"] = Field(default="body", serialization_alias="in")
    """Where in the request it is."""
    message: str
    """One sentence for a person."""
    code: str
    """Stable; for programs."""


class Problem(ResponseModel):
    """Why a request was not done."""

    type: str
    """Where this kind of problem is explained."""
    title: str
    """The kind of problem, for a person."""
    status: int
    detail: str
    """This problem, and what to do about it."""
    code: str
    """The kind of problem, for programs; never changes."""
    errors: list[FieldError] = Field(default_factory=list)
    """Fields at fault, where it is due to some; the first twenty."""
    request_id: str
    """Stands in the log of the server, too."""


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem. Routes declare those they may answer, and the documentation lists them."""

    code: str
    status: int
    title: str
    advice: str
    """What a client does about it; the detail, where nothing more exact is known."""

    def problem(
        self, detail: str = "", *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> ApiProblem:
        """One such problem, to be raised."""
        return ApiProblem(self, detail or self.advice, errors=errors, headers=headers)

    @property
    def uri(self) -> str:
        """Relative to this server, whose documentation explains it without internet."""
        return f"/docs#problem-{self.code}"


class ApiProblem(PhoneAgentError):  # noqa: N818 - the word of RFC 9457
    """Raised by a handler: the request ends with this problem."""

    def __init__(
        self,
        type_: ProblemType,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code=type_.code)
        self.type = type_
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def response(self, request_id: str) -> web.Response:
        """The answer."""
        problem = Problem(
            type=self.type.uri,
            title=self.type.title,
            status=self.type.status,
            detail=self.detail,
            code=self.type.code,
            errors=self.errors,
            request_id=request_id,
        )
        answer = web.Response(
            status=self.type.status,
            text=problem.model_dump_json(by_alias=True),
            content_type=MEDIA_TYPE,
            headers=self.headers,
        )
        if self.headers.get("Connection") == "close":
            answer.force_close()
        return answer
