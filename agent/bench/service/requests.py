"""What a back end asks of the API: drawn by chance, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.domain.call import CallStatus, Direction

LIST, CALL, TRANSCRIPT, EVENTS, UPDATE = "list_calls", "get_call", "transcript", "events", "update_call"
READING = {LIST: 0.6, CALL: 0.16, TRANSCRIPT: 0.12, EVENTS: 0.12}
"""Shares where answers are timed."""
TRAFFIC = {LIST: 0.25, CALL: 0.35, TRANSCRIPT: 0.1, EVENTS: 0.1, UPDATE: 0.2}
"""Shares of a busy back end."""
_LISTS = {"first": 0.25, "deep": 0.25, "status": 0.15, "agent": 0.1, "created": 0.1, "long": 0.1, "oldest": 0.05}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    kind: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a back end knows of the calls; as JSON."""

    call_ids: Sequence[str]
    cursors: Sequence[str]
    """Of positions anywhere in the list."""
    agents: Sequence[str]
    since: str
    """Time of the oldest call, ISO 8601."""
    days: float
    """From then to the latest."""

    def draw(self, chance: random.Random, shares: Mapping[str, float]) -> Asked:
        """The next request."""
        kind = chance.choices(list(shares), list(shares.values()))[0]
        if kind == LIST:
            return Asked(kind, "GET", "/v1/calls", self._list(chance))
        path = f"/v1/calls/{chance.choice(self.call_ids)}"
        match kind:
            case "transcript" | "events":
                return Asked(kind, "GET", f"{path}/{kind}")
            case "update_call":
                return Asked(kind, "PATCH", path, body={"metadata": {"ticket": chance.randrange(10**6)}})
            case _:
                return Asked(kind, "GET", path)

    def _list(self, chance: random.Random) -> dict[str, str]:
        match chance.choices(list(_LISTS), list(_LISTS.values()))[0]:
            case "deep":
                return {"cursor": chance.choice(self.cursors)}
            case "status":
                status = chance.choice([one for one in CallStatus if one.terminal])
                return {"status": status, **({"cursor": chance.choice(self.cursors)} if chance.random() < 0.5 else {})}
            case "agent":
                return {"agent": chance.choice(self.agents)}
            case "created":
                after = datetime.fromisoformat(self.since) + timedelta(days=chance.uniform(0, self.days))
                before = after + timedelta(days=1)
                direction = chance.choice(list(Direction))
                return {
                    "created_after": after.isoformat(),
                    "created_before": before.isoformat(),
                    "direction": direction,
                }
            case "long":
                return {"limit": "100", "cursor": chance.choice(self.cursors)}
            case kind:
                return {"order": "asc"} if kind == "oldest" else {}
