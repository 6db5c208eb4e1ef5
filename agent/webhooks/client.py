"""One request to an application: bounded in time and size, no redirect followed, only to allowed addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp

from agent import __version__
from agent.errors import WebhookError
from agent.webhooks.connector import RefusedAddressError, Targets

LONGEST_BODY = 64 * 1024
"""Bytes of an answer that are read."""
USER_AGENT = f"phone-agent/{__version__}"

TimeLimit = Callable[[float], AbstractAsyncContextManager[object]]
"""Like `asyncio.timeout`; tests have one of their own."""


class WebhookClient:
    """Sends requests; belongs to one event loop."""

    def __init__(self, targets: Targets, *, time_limit: TimeLimit = asyncio.timeout) -> None:
        self.targets = targets
        self.time_limit = time_limit
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(
        self, url: str, body: str, headers: Mapping[str, str], *, timeout_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a POST of JSON, whose body is still to be read, within `timeout_s` for all of it.

        Raises as `request` does.
        """
        async with self.request("POST", url, body, headers, timeout_s=timeout_s) as response:
            yield response

    @asynccontextmanager
    async def request(
        self, method: str, url: str, body: str | None, headers: Mapping[str, str], *, timeout_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The same for any method; `body`: JSON, or None for none.

        Raises WebhookError: `webhook_timeout`, `webhook_unreachable`, `webhook_bad_answer` (not HTTP), or TargetError.
        """
        json_body = {} if body is None else {"content-type": "application/json"}
        target = self.targets.policy.check_url(url)
        try:
            async with (
                self.time_limit(timeout_s),
                self._open_session().request(
                    method,
                    target,
                    data=None if body is None else body.encode(),
                    headers={**headers, **json_body, "accept-encoding": "identity"},
                    allow_redirects=False,
                ) as response,
            ):
                try:
                    yield response
                finally:
                    if not response.content.at_eof():
                        response.close()  # the rest is not wanted, so the connection cannot be used again
        except TimeoutError:
            raise WebhookError(f"The endpoint did not answer within {timeout_s:g} s.", code="webhook_timeout") from None
        except (aiohttp.ServerDisconnectedError, OSError) as error:
            cause = getattr(error, "os_error", error)
            if isinstance(cause, RefusedAddressError):
                raise cause.refusal from error
            raise _unreachable(cause) from error
        except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, ValueError) as error:
            raise WebhookError(
                f"The endpoint did not answer in HTTP ({type(error).__name__}).", code="webhook_bad_answer"
            ) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self.targets.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self.targets.connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"user-agent": USER_AGENT},
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
        return self._session


async def read_at_most(response: aiohttp.ClientResponse, most: int = LONGEST_BODY) -> bytes | None:
    """The body; None if it is longer. Raises aiohttp.ClientError where the connection breaks."""
    body = bytearray()
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _unreachable(error: BaseException) -> WebhookError:
    told = " ".join(str(error).split())[:200] or type(error).__name__
    return WebhookError(f"The endpoint could not be reached: {told}.", code="webhook_unreachable")
