"""Which problem an exception is."""

from __future__ import annotations

from aiohttp import web

from agent.api import problem_types as types
from agent.api.problems import ApiProblem, ProblemType
from agent.errors import (
    LanguageModelError,
    MediaError,
    ModelError,
    PhoneAgentError,
    SpeechToTextError,
    StoreError,
    TelephonyError,
    TextToSpeechError,
    WebhookError,
)

RETRY_S = 5
"""A locked database has mostly recovered by then, a model process that died is back; a full disk is found again at
little cost."""
UNAVAILABLE = 503
_OF_PARTS: dict[tuple[type[PhoneAgentError], ...], ProblemType] = {
    (StoreError,): types.STORE_ERROR,
    (TelephonyError, MediaError): types.TELEPHONY_ERROR,
    (LanguageModelError, SpeechToTextError, TextToSpeechError, ModelError): types.MODEL_UNAVAILABLE,
    (WebhookError,): types.WEBHOOK_ERROR,
}


def problem_of(error: Exception) -> ApiProblem:
    """The problem to answer. What is unexpected becomes `internal_error` and says nothing of what happened."""
    match error:
        case ApiProblem():
            return error
        case PhoneAgentError():
            return _of_part(error)
        case web.HTTPException():
            return _of_http(error)
        case _:
            return types.INTERNAL_ERROR.problem()


def _of_part(error: PhoneAgentError) -> ApiProblem:
    type_ = next((type_ for kinds, type_ in _OF_PARTS.items() if isinstance(error, kinds)), types.INTERNAL_ERROR)
    return type_.problem(headers={"Retry-After": str(RETRY_S)} if type_.status == UNAVAILABLE else None)


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
