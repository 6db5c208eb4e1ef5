"""Orders a call through the API of a running server, and follows it as a back end would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from agent.errors import PhoneAgentError

TERMINAL = frozenset({"completed", "busy", "no-answer", "canceled", "failed"})
REQUEST_S = 30.0
ALIVE_S = 60.0
"""A stream is told to be alive more often than this; silence means that the line is dead."""
AGAIN_S = 1.0
ATTEMPTS = 60
"""So often a stream that broke off is taken up again before we give up: a server may be started anew meanwhile."""


class ServerError(PhoneAgentError):
    """The server is not there, or refused what was asked (with the code of its problem)."""

    code = "server_error"


class CallClient:
    """`async with CallClient(url, key)`: one server's API. Every method raises ServerError."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"})

    async def __aenter__(self) -> CallClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def order(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The call that the server has taken on."""
        return await self._post("/v1/calls", body)

    async def hang_up(self, call_id: str) -> None:
        """End it, or take it back while it waits."""
        await self._post(f"/v1/calls/{call_id}/hangup", {})

    async def follow(self, call_id: str) -> AsyncIterator[dict[str, Any]]:
        """Events of the call, from its first to the one that tells its end; goes on where a stream broke off."""
        last, failures = "", 0
        while True:
            try:
                async with self._session.get(
                    f"/v1/calls/{call_id}/events/stream",
                    params={"partials": "false"},
                    headers={"Last-Event-ID": last} if last else {},
                    timeout=aiohttp.ClientTimeout(sock_read=ALIVE_S),
                ) as stream:
                    await _check(stream)
                    async for number, event in _events(stream):
                        last, failures = number, 0
                        yield event
                        if event["type"] == "call.ended":
                            return
            except (aiohttp.ClientError, TimeoutError) as error:
                failures += 1
                if failures >= ATTEMPTS:
                    raise self._away(error) from error
            await asyncio.sleep(AGAIN_S)

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            timeout = aiohttp.ClientTimeout(total=REQUEST_S)
            async with self._session.post(path, json=dict(body), timeout=timeout) as answer:
                await _check(answer)
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


async def _check(answer: aiohttp.ClientResponse) -> None:
    if answer.status < 400:
        return
    try:
        problem: dict[str, Any] = await answer.json(content_type=None)
        fields = "; ".join(f"{one['field']}: {one['message']}" for one in problem.get("errors", ()))
        raise ServerError(f"{fields or problem['detail']} ({problem['code']})", code=problem["code"])
    except (ValueError, KeyError, TypeError):
        raise ServerError(f"The server answered {answer.status} and nothing that can be understood.") from None


async def _events(stream: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Number and event, of server-sent events as our server writes them: one line of data each."""
    number = ""
    async for raw in stream.content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("id: "):
            number = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield number, json.loads(line.removeprefix("data: "))
