"""Which problem an exception is."""

from __future__ import annotations

from aiohttp import web

from agent.api import problem_types as types
from agent.api.problems import ApiProblem, ProblemType
from agent.errors import StoreError

STORE_RETRY_S = 5
"""A locked database has mostly recovered by then; a full disk is found again at little cost."""


def problem_of(error: Exception) -> ApiProblem:
    """The problem to answer. What is unexpected becomes `internal_error` and says nothing of what happened."""
    match error:
        case ApiProblem():
            return error
        case StoreError():
            return types.STORE_ERROR.problem(headers={"Retry-After": str(STORE_RETRY_S)})
        case web.HTTPException():
            return _of_http(error)
        case _:
            return types.INTERNAL_ERROR.problem()


def _of_http(error: web.HTTPException) -> ApiProblem:
    """For what aiohttp raises: paths and methods without a route, bodies beyond its limit, bad WebSocket requests."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return types.METHOD_NOT_ALLOWED.problem(f"This path takes {allowed} only.", headers={"Allow": allowed})
    known = {
        404: types.NOT_FOUND,
        413: types.BODY_TOO_LARGE,
        415: types.UNSUPPORTED_MEDIA_TYPE,
        500: types.INTERNAL_ERROR,
    }
    if type_ := known.get(error.status):
        return type_.problem()
    if 400 <= error.status < 500:
        advice = types.BAD_REQUEST.advice
        return ProblemType(types.BAD_REQUEST.code, error.status, types.BAD_REQUEST.title, advice).problem()
    return types.INTERNAL_ERROR.problem()
