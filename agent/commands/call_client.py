"""Orders a call through the API of a running server, and follows it as a back end would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from agent.commands.api_client import ApiClient, refusal

TERMINAL = frozenset({"completed", "busy", "no-answer", "canceled", "failed"})
ALIVE_S = 60.0
"""A stream is told to be alive more often than this; silence means that the line is dead."""
AGAIN_S = 1.0
ATTEMPTS = 60
"""So often a stream that broke off is taken up again before we give up: a server may be started anew meanwhile."""


class CallClient(ApiClient):
    """`async with CallClient(url, key)`: calls of one server. Every method raises ServerError."""

    async def order(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The call that the server has taken on."""
        return await self.post("/v1/calls", body)

    async def hang_up(self, call_id: str) -> None:
        """End it, or take it back while it waits."""
        await self.post(f"/v1/calls/{call_id}/hangup", {})

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
                    await refusal(stream)
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


async def _events(stream: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Number and event, of server-sent events as our server writes them: one line of data each."""
    number = ""
    async for raw in stream.content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("id: "):
            number = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield number, json.loads(line.removeprefix("data: "))
