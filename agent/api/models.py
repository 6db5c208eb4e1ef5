"""What every model of the API has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RequestModel(BaseModel):
    """What a client sends. Unknown fields are refused; a number in quotes is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class QueryModel(BaseModel):
    """The query string, where everything is text: numbers are read from it. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ResponseModel(BaseModel):
    """What a client is answered. Fields may be added in time, so clients ignore those they do not know."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class NoBody(RequestModel):
    """For requests that say everything in their path: no body, or `{}`."""


class NoQuery(QueryModel):
    """No parameters."""
