"""The API of a running server, as a command reaches it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, Self

import aiohttp

from agent.errors import ConfigurationError, PhoneAgentError
from agent.settings import HttpSettings, Settings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.store.migrate import migrate

KEY: Final = "PHONE_AGENT_KEY"
REQUEST_S = 30.0
_ANY_ADDRESS: Final = {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound
NOT_OURS: Final = frozenset({"server_unreachable", "server_error", "unauthenticated", "missing_scope"})
"""Codes of a ServerError that is about the server or the key; any other one refuses what was asked."""


class ServerError(PhoneAgentError):
    """The server is not there, or refused what was asked (with the code of its problem)."""

    code = "server_error"


class ApiClient:
    """`async with ApiClient(url, key)`: one server's API. Every method raises ServerError."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str) -> dict[str, Any]:
        """What is there."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the server answers."""
        return await self._ask("POST", path, dict(body))

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            timeout = aiohttp.ClientTimeout(total=REQUEST_S)
            async with self._session.request(method, path, json=body, timeout=timeout) as answer:
                await refusal(answer)
                document: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away(error) from error
        return document

    def _away(self, error: Exception) -> ServerError:
        return ServerError(
            f"The server at {self._url} does not answer ({type(error).__name__}); start it by `phone-agent serve`, "
            "or name another one by --server.",
            code="server_unreachable",
        )


async def refusal(answer: aiohttp.ClientResponse) -> None:
    """Raises ServerError for an answer that is a problem."""
    if answer.status < 400:
        return
    try:
        problem: dict[str, Any] = await answer.json(content_type=None)
        fields = "; ".join(f"{one['field']}: {one['message']}" for one in problem.get("errors", ()))
        raise ServerError(f"{fields or problem['detail']} ({problem['code']})", code=problem["code"])
    except (ValueError, KeyError, TypeError):
        raise ServerError(f"The server answered {answer.status} and nothing that can be understood.") from None


def server_url(http: HttpSettings) -> str:
    """Of the server that this configuration is of. Raises ConfigurationError."""
    if http.port == 0:
        raise ConfigurationError("http.port is 0, any free one; name the server by --server http://127.0.0.1:PORT.")
    host = "127.0.0.1" if http.bind in _ANY_ADDRESS else http.bind
    return f"http://[{host}]:{http.port}" if ":" in host else f"http://{host}:{http.port}"


def pairs(option: str, given: Iterable[str] | None) -> dict[str, str]:
    """What an option NAME=VALUE was given with, by name. Raises ConfigurationError."""
    found = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"{option} {text!r}: write NAME=VALUE.")
        found[name] = value
    return found


@asynccontextmanager
async def key_for(settings: Settings, command: str) -> AsyncIterator[str]:
    """That of PHONE_AGENT_KEY, or one for this command alone. Raises StoreError where the record cannot be reached to
    make one."""
    if given := os.environ.get(KEY, "").strip():
        yield given
        return
    store = Store.of(settings.store)
    try:
        await migrate(store)
        keys = ApiKeys(store)
        key, secret = await keys.create(command, frozenset({Scope.READ, Scope.CALLS}), datetime.now(UTC))
        try:
            yield secret
        finally:
            await keys.revoke(key.id, datetime.now(UTC))
    finally:
        await store.close()
