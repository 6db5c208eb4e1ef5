"""`Idempotency-Key`: a POST that is repeated, since its answer was lost, is done once.

Where the process dies after a handler has committed and before its answer is kept, the request is done a second time
once it counts as abandoned, unless the handler uses its `Attempt`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.api.problem_types import IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, TIMED_OUT
from agent.api.problems import ApiProblem
from agent.api.validation import refused
from agent.errors import StoreError
from agent.store import idempotency_keys
from agent.store.idempotency_keys import ABANDONED_AFTER, Claim, Earlier, IdempotencyKeys, KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
RETRY_AFTER_S = 2
RUN_LIMIT_S = ABANDONED_AFTER.total_seconds() - 10
"""A handler is ended well before its request counts as abandoned: two never run at once."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location")

log = structlog.get_logger()


def key_of(request: web.Request) -> str | None:
    """The header of a request. Raises ApiProblem (422)."""
    values = request.headers.getall(HEADER, [])
    if not values:
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        raise refused(HEADER, "header", "Send one key of 1 to 255 visible ASCII characters.", "invalid_idempotency_key")
    return values[0]


def fingerprint(request: web.Request, document: Any) -> str:
    """SHA-256 of what is asked for. Spaces and the order of fields do not make another request."""
    body = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256("\n".join((request.method, request.raw_path, body)).encode()).hexdigest()


async def _forgotten(_connection: AsyncConnection, _resource_id: str) -> None:
    """There is no key."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """For a handler that makes something."""

    made: str | None = None
    """Id of what an earlier attempt made before its process died: to be shown, not made again."""
    makes: Callable[[AsyncConnection, str], Awaitable[None]] = _forgotten
    """Keeps the id of what is made; to be called in the transaction that makes it."""


class Idempotency:
    """Runs a request once for each key."""

    def __init__(self, keys: IdempotencyKeys, now: Callable[[], datetime]) -> None:
        self._keys = keys
        self._now = now

    async def once(
        self,
        api_key_id: str,
        key: str,
        request: str,
        work: Callable[[Attempt], Awaitable[web.StreamResponse]],
        request_id: str,
    ) -> web.StreamResponse:
        """The answer of `work`, or the one that it gave the first time.

        Answers are kept unless they are 5xx: those may be tried again, and so may work that raised.
        Raises ApiProblem, StoreError, and what `work` raises.
        """
        claim = Claim(api_key_id, key, request, self._now())
        claimed = await self._keys.claim(claim)
        if isinstance(claimed, Earlier):
            return _again(claimed, request)

        async def makes(connection: AsyncConnection, resource_id: str) -> None:
            await idempotency_keys.makes(connection, claim, resource_id)

        attempt = Attempt(claimed.made, makes)
        try:
            async with asyncio.timeout(RUN_LIMIT_S) as limit:
                answer = await _answer_of(lambda: work(attempt), request_id)
        except Exception as error:
            await self._release(claim)
            if isinstance(error, TimeoutError) and limit.expired():
                raise TIMED_OUT.problem(headers={"Retry-After": str(RETRY_AFTER_S)}) from error
            raise
        if answer.status >= 500 or not isinstance(answer, web.Response):
            await self._release(claim)
            return answer
        await self._finish(claim, answer)
        return answer

    async def _finish(self, claim: Claim, answer: web.Response) -> None:
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        try:
            await self._keys.finish(claim, KeptAnswer(answer.status, headers, answer.text or ""))
        except StoreError as error:  # done is done: the client is told so
            log.warning("api.answer_not_kept", error=str(error))

    async def _release(self, claim: Claim) -> None:
        try:
            await self._keys.release(claim)
        except StoreError as error:  # it counts as abandoned in a minute
            log.warning("api.idempotency_key_not_released", error=str(error))


async def _answer_of(work: Callable[[], Awaitable[web.StreamResponse]], request_id: str) -> web.StreamResponse:
    """A handler that says no has answered, too: 404 and 409 are kept like 201."""
    try:
        return await work()
    except ApiProblem as problem:
        return problem.response(request_id)


def _again(earlier: Earlier, request: str) -> web.Response:
    if earlier.request != request:
        raise IDEMPOTENCY_KEY_REUSED.problem()
    if earlier.answer is None:
        raise IDEMPOTENCY_KEY_IN_USE.problem(headers={"Retry-After": str(RETRY_AFTER_S)})
    kept = earlier.answer
    return web.Response(
        status=kept.status, body=kept.body.encode() if kept.body else None, headers={**kept.headers, REPLAYED: "true"}
    )
