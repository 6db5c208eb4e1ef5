"""The application that has the agent under rehearsal call somebody: its key, and POST /v1/calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from agent.domain.agent import Agent
from agent.errors import TelephonyError
from agent.rehearsal.scenario import Scenario
from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.testing.softphone.wire import Address

LINE = "rehearsal-line"
"""Name of the only trunk, in Asterisk and in the agent's settings."""
_TIMEOUT = aiohttp.ClientTimeout(total=30)


def line_settings() -> Mapping[str, str]:
    """[outbound], where every number leads to the softphone and may be called at any time."""
    trunk = {"endpoint": LINE, "max_calls": 100, "calls_per_second": 100, "caller_id": "+493023125999"}
    open_to_all = {"allow": "+", "deny": "", "hours": "", "stopped": "false"}
    return {**open_to_all, "trunks": json.dumps({LINE: trunk})}


async def new_key(database: Path) -> str:
    """A key for a server that is not started yet; makes its database."""
    store = Store.of(StoreSettings(file=database))
    try:
        await migrate(store)
        _, secret = await ApiKeys(store).create("rehearsal", frozenset({Scope.CALLS}), datetime.now(UTC))
    finally:
        await store.close()
    return secret


async def order(scenario: Scenario, server: Address, key: str) -> str:
    """Have the agent call; returns the call's id. Raises TelephonyError where it does not take the order."""
    agent = scenario.agent.name if isinstance(scenario.agent, Agent) else scenario.agent
    body: dict[str, Any] = {
        "to": scenario.to,
        "agent": agent,
        "variables": scenario.variables,
        "ring_timeout_seconds": scenario.ring_timeout_s,
    }
    url, headers = f"http://{server[0]}:{server[1]}/v1/calls", {"Authorization": f"Bearer {key}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.post(url, json=body, headers=headers) as response,
        ):
            answer = await response.json()
            if response.status != 201:
                raise TelephonyError(f"The agent does not take the order: {answer.get('detail', response.status)}")
            call_id: str = answer["id"]
            return call_id
    except (aiohttp.ClientError, TimeoutError) as error:
        raise TelephonyError(f"The agent does not take the order ({type(error).__name__}).") from error
