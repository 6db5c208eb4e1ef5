"""A back end that works with the API, and remembers what it was told is done."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from agent.domain.event_types import EventType
from tests.integration.serve.killed.inbox import Inbox
from tests.integration.serve.killed.moments import Kind, Moments, chance

MOST_ENDPOINTS = 10
NO_ANSWER = 0
NOT_NOW = {429, 503}
"""Too many requests, or the database was busy for too long: nothing was accepted."""


@dataclass
class Told:
    """What the API said."""

    metadata: dict[str, list[tuple[int, bool]]] = field(default_factory=lambda: defaultdict(list))
    """By call: what was sent, in its order, and whether it was answered with 2xx."""
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By idempotency key, of POSTs that were answered with 2xx: path and id of what was made."""
    requests: int = 0
    answered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Codes of problems."""
    wrong: list[str] = field(default_factory=list)
    """Answers that cannot be."""


class Clerk:
    def __init__(self, port: int, keys: list[str], inbox: Inbox, moments: Moments, seed: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self._keys = itertools.cycle(keys)
        self._inbox = inbox
        self._moments = moments
        self._chance = chance(seed, "clerk")
        self._numbers = itertools.count(1)
        self._unsure: dict[str, tuple[str, dict[str, Any]]] = {}
        self._endpoints = 0
        self._agent_id = ""
        self._session = aiohttp.ClientSession(self._root, timeout=aiohttp.ClientTimeout(total=60))
        self.up = asyncio.Event()
        """The server takes requests."""
        self.told = Told()

    async def close(self) -> None:
        await self._session.close()

    async def begin(self) -> str:
        """Have all events sent to the inbox; id of that endpoint."""
        status, agents = await self._ask("GET", "/v1/agents")
        assert status == 200
        self._agent_id = next(one["id"] for one in agents["data"] if one["name"] == "receptionist")
        body = {"url": self._inbox.url, "events": [str(kind) for kind in EventType]}
        status, endpoint = await self._ask("POST", "/v1/webhook_endpoints", body)
        assert status == 201, endpoint
        return str(endpoint["id"])

    async def work(self) -> None:
        """A request whenever something happens; never ends by itself."""
        duties: list[tuple[Callable[[], Any], int]] = [
            (self._note, 8), (self._add_number, 4), (self._add_endpoint, 1), (self._repeat, 3), (self._interfere, 3),
        ]  # fmt: skip
        while True:
            await self._moments.next()
            await self.up.wait()
            await self._chance.choices(*zip(*duties, strict=True))[0]()

    async def hang_up_all(self) -> None:
        """End every call that goes on."""
        for status in ("in-progress", "ringing"):
            _, page = await self._ask("GET", f"/v1/calls?limit=100&status={status}")
            for call in page["data"]:
                await self._ask("POST", f"/v1/calls/{call['id']}/hangup", {})

    async def _note(self) -> None:
        """Set a call's metadata."""
        if calls := self._inbox.calls():
            call_id, number = self._chance.choice(calls[-30:]), next(self._numbers)
            sent = self.told.metadata[call_id]
            sent.append((number, False))
            status, _ = await self._ask("PATCH", f"/v1/calls/{call_id}", {"metadata": {"number": number}})
            sent[-1] = (number, status == 200)
            self._expect(status, {NO_ANSWER, 200}, "PATCH")

    async def _add_number(self) -> None:
        body = {"number": f"+49309{next(self._numbers):06d}", "agent_id": self._agent_id}
        await self._make("/v1/phone_numbers", body, f"number-{next(self._numbers)}", {NO_ANSWER, 201})

    async def _add_endpoint(self) -> None:
        if self._endpoints < MOST_ENDPOINTS:
            self._endpoints += 1
            body = {"url": self._inbox.url, "events": ["ping"]}
            await self._make("/v1/webhook_endpoints", body, f"endpoint-{next(self._numbers)}", {NO_ANSWER, 201})

    async def _repeat(self) -> None:
        """Send again what got no answer: it is done once, or said to be under way still."""
        if self._unsure:
            key = self._chance.choice(list(self._unsure))
            path, body = self._unsure.pop(key)
            await self._make(path, body, key, {NO_ANSWER, 201, 409})

    async def _interfere(self) -> None:
        """Act on a call that may be over."""
        if calls := self._inbox.calls():
            action, body = self._chance.choice((("hangup", {}), ("say", {"text": "One moment."})))
            status, _ = await self._ask("POST", f"/v1/calls/{calls[-1]}/{action}", body)
            self._expect(status, {NO_ANSWER, 202, 409}, action)

    async def _make(self, path: str, body: dict[str, Any], key: str, expected: set[int]) -> None:
        status, made = await self._ask("POST", path, body, {"Idempotency-Key": key})
        self._expect(status, expected, f"POST {path}")
        if status == NO_ANSWER:
            self._unsure[key] = (path, body)
        elif status == 201:
            self.told.made[key] = (path, made["id"])

    def _expect(self, status: int, expected: set[int], what: str) -> None:
        if status not in expected | NOT_NOW:
            self.told.wrong.append(f"{what}: {status}")

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and body of the answer; NO_ANSWER where the server died before it was complete."""
        self.told.requests += 1
        self._moments.saw(Kind.REQUEST)
        try:
            sent = {"Authorization": f"Bearer {next(self._keys)}", **(headers or {})}
            async with self._session.request(method, path, json=body, headers=sent) as answer:
                found = answer.status, await answer.json()
        except (aiohttp.ClientError, OSError):
            return NO_ANSWER, None
        self.told.answered += 1
        if found[0] >= 400:
            self.told.refused[found[1]["code"]] += 1
        self._moments.saw(Kind.ANSWER)
        return found
