"""What was made just before the process died is not made again by the same request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.store.schema import idempotency_keys
from tests.integration.api.resources.conftest import Office

NIGHT = {"name": "night", "greeting": "Good evening.", "instructions": "Be brief."}


@pytest.mark.parametrize("path", ["/v1/agents", "/v1/phone_numbers", "/v1/webhook_endpoints", "/v1/calls"])
async def test_it_is_shown_instead(office: Office, path: str) -> None:
    bodies: dict[str, Any] = {"/v1/agents": NIGHT, "/v1/webhook_endpoints": {"url": "https://8.8.8.8/hooks"}}
    if path == "/v1/phone_numbers":
        _, agent = await office.send("POST", "/v1/agents", NIGHT)
        bodies[path] = {"number": "+4930999", "agent_id": agent["id"]}
    bodies["/v1/calls"] = {"to": "+493012345678", "agent": "desk"}
    key = {"Idempotency-Key": "k"}
    status, first = await office.send("POST", path, bodies[path], headers=key)
    assert status == 201, first
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    async with office.house.store.write() as connection:
        unfinished = idempotency_keys.update().values(status=None, headers=None, body=None, created_at=long_ago)
        await connection.execute(unfinished)
    assert await office.send("POST", path, bodies[path], headers=key) == (201, first)
    _, listed = await office.send("GET", path)
    assert [one["id"] for one in listed["data"]].count(first["id"]) == 1
    assert len(listed["data"]) == (1 if path in {"/v1/webhook_endpoints", "/v1/calls"} else 2)
