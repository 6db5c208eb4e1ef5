"""The kinds of problems that any route may answer. Resources add their own beside their routes."""

from __future__ import annotations

from agent.api.problems import ProblemType

MAX_BODY_BYTES = 1_000_000

INVALID_JSON = ProblemType("invalid_json", 400, "The body is not JSON", "Send one JSON object in UTF-8.")
BAD_REQUEST = ProblemType("bad_request", 400, "The request cannot be understood", "See the documentation at /docs.")
UNAUTHENTICATED = ProblemType(
    "unauthenticated",
    401,
    "No valid API key",
    "Send the header `Authorization: Bearer KEY` with a key that `phone-agent keys create` made and nobody revoked.",
)
MISSING_SCOPE = ProblemType(
    "missing_scope", 403, "The API key may not do this", "Use a key that has the scope which the documentation names."
)
NOT_FOUND = ProblemType("not_found", 404, "There is no such thing", "Check the path and the id in it.")
METHOD_NOT_ALLOWED = ProblemType(
    "method_not_allowed", 405, "The method does not fit the path", "Use a method that the header Allow names."
)
WRONG_STATE = ProblemType(
    "wrong_state", 409, "Not possible in the present state", "Fetch the resource and look at its status."
)
IDEMPOTENCY_KEY_IN_USE = ProblemType(
    "idempotency_key_in_use",
    409,
    "The first request with this key is still running",
    "Repeat the request after the time that Retry-After names.",
)
BODY_TOO_LARGE = ProblemType("body_too_large", 413, "The body is too large", "Send at most 1 MB.")
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported_media_type", 415, "The body has another content type", "Send the body as `application/json`."
)
VALIDATION_FAILED = ProblemType(
    "validation_failed", 422, "The request does not fit", "Change the fields that `errors` names."
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency_key_reused",
    422,
    "The key belongs to another request",
    "Use a new Idempotency-Key for a new request, the same key only to repeat the same one.",
)
RATE_LIMITED = ProblemType(
    "rate_limited", 429, "Too many requests with this key", "Wait as long as Retry-After says, then repeat the request."
)
INTERNAL_ERROR = ProblemType(
    "internal_error", 500, "Something broke", "Repeat the request later; give request_id to whoever runs this server."
)
STORE_ERROR = ProblemType(
    "store_error",
    503,
    "The database does not answer",
    "Nothing was acknowledged: repeat the request after the time that Retry-After names.",
)
TELEPHONY_ERROR = ProblemType("telephony_error", 502, "Asterisk did not do it", "Try again; see /readyz.")
WEBHOOK_ERROR = ProblemType(
    "webhook_error", 502, "An application did not answer as it should", "Look at its log, then try again."
)
MODEL_UNAVAILABLE = ProblemType(
    "model_unavailable",
    503,
    "A model does not answer",
    "Repeat the request after the time that Retry-After names; see /readyz.",
)
TIMED_OUT = ProblemType(
    "timed_out",
    503,
    "The request took too long",
    "It was ended: look whether it had an effect, or repeat it with the same Idempotency-Key.",
)

ALWAYS = (BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, VALIDATION_FAILED, INTERNAL_ERROR, STORE_ERROR)
"""Of every route: for a path, a query or a fault that has nothing to do with what it does."""
WITH_KEY = (UNAUTHENTICATED, MISSING_SCOPE, RATE_LIMITED)
WITH_BODY = (INVALID_JSON, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
WITH_IDEMPOTENCY = (IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, TIMED_OUT)
OF_PARTS = (TELEPHONY_ERROR, WEBHOOK_ERROR, MODEL_UNAVAILABLE)
"""Errors of our own parts, wherever a handler lets one through: routes that use a part declare its kind."""
FRAME = (*ALWAYS, *WITH_KEY, *WITH_BODY, *WITH_IDEMPOTENCY, *OF_PARTS, WRONG_STATE)
