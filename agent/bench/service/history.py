"""Calls of the past three months of a company that does not exist: rows for the store, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ulid import ULID

from agent.domain.call import CallStatus, Direction, EndedReason
from agent.domain.call_resource import CallResource
from agent.domain.event_types import EventType

DAYS = 90
AGENTS = {"receptionist": 0.6, "sales": 0.25, "support": 0.145, "night-desk": 0.005}
"""Share of the calls that each takes."""
SENTENCES = (
    "Lakeside Dental, good day. How can I help you?",
    "Hello, I would like to know whether you are open on Saturday.",
    "On Saturday the practice is open from nine until one.",
    "And what does a check-up cost?",
    "A check-up costs sixty dollars and takes about thirty minutes.",
    "That is all, thank you. Goodbye.",
    "Thank you for calling Lakeside Dental. Goodbye.",
)
_OUTCOMES = {
    Direction.INBOUND: (
        (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP, 0.6),
        (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP, 0.3),
        (CallStatus.CANCELED, EndedReason.CALLER_HANGUP, 0.06),
        (CallStatus.FAILED, EndedReason.LIMIT_EXCEEDED, 0.04),
    ),
    Direction.OUTBOUND: (
        (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP, 0.6),
        (CallStatus.NO_ANSWER, EndedReason.NO_ANSWER, 0.25),
        (CallStatus.BUSY, EndedReason.BUSY, 0.15),
    ),
}


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call, as rows."""

    call: dict[str, Any]
    turns: list[dict[str, Any]]
    events: list[dict[str, Any]]


def history(seed: int, count: int, now: datetime, *, span: timedelta = timedelta(days=DAYS)) -> Iterator[PastCall]:
    """So many calls, the oldest first, the latest just over at `now`."""
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    for number in range(count):
        yield _past_call(chance, now - span * ((count - number) / count))


def _past_call(chance: random.Random, created_at: datetime) -> PastCall:
    direction = Direction.INBOUND if chance.random() < 0.8 else Direction.OUTBOUND
    outcomes = _OUTCOMES[direction]
    status, reason, _ = chance.choices(outcomes, [share for *_, share in outcomes])[0]
    call_id = f"call_{_ulid(chance, created_at)}"
    answered_at = created_at + timedelta(seconds=chance.uniform(0.05, 8)) if status is CallStatus.COMPLETED else None
    ended_at = (answered_at or created_at) + timedelta(seconds=chance.expovariate(1 / 60))
    call: dict[str, Any] = {
        "id": call_id,
        "direction": direction,
        "status": status,
        "caller": f"+4930{chance.randrange(10**7):07d}",
        "callee": f"+4930{chance.randrange(100):07d}",
        "agent": chance.choices(list(AGENTS), list(AGENTS.values()))[0],
        "agent_version": chance.randint(1, 5),
        "server": "bench",
        "created_at": created_at,
        "answered_at": answered_at,
        "ended_at": ended_at,
        "ended_reason": reason,
        "hangup_cause": 16,
        "sip_code": None,
        "latency": None,
        "metadata": {"ticket": chance.randrange(10**6)} if chance.random() < 0.6 else {},
        "variables": {},
    }
    turns = list(_turns(chance, call_id)) if answered_at else []
    if turns:
        call["latency"] = {"answers": len(turns) // 2, "p50_ms": 640.0, "p95_ms": 910.0, "max_ms": 910.0}
    events = list(_events(chance, call, turns))
    call["last_sequence"] = len(events)
    return PastCall(call, turns, events)


def _turns(chance: random.Random, call_id: str) -> Iterator[dict[str, Any]]:
    at = 0.1
    for index in range(1 + min(int(chance.expovariate(0.7)), 20)):
        text = SENTENCES[index % len(SENTENCES)]
        lasts = len(text) / 15
        yield {
            "call_id": call_id,
            "turn_index": index,
            "speaker": "caller" if index % 2 else "agent",
            "text": text,
            "started_at": at,
            "ended_at": at + lasts,
            "interrupted": chance.random() < 0.05,
            "timings": {},
        }
        at += lasts + 0.7


def _events(chance: random.Random, call: dict[str, Any], turns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    public = {name: value for name, value in call.items() if name not in {"caller", "callee", "server"}}
    resource = CallResource.model_validate({**public, "from": call["caller"], "to": call["callee"]})
    shown = {"call": resource.as_json()}
    told: list[tuple[EventType, datetime, dict[str, Any]]] = [
        (EventType.CALL_CREATED, call["created_at"], shown),
        (EventType.CALL_RINGING, call["created_at"], shown),
    ]
    if call["answered_at"]:
        told.append((EventType.CALL_ANSWERED, call["answered_at"], shown))
        for turn in turns:
            data = {"turn": {"index": turn["turn_index"], "speaker": turn["speaker"], "text": turn["text"]}}
            at = call["answered_at"] + timedelta(seconds=turn["ended_at"])
            told.append((EventType.CALL_TURN_COMPLETED, at, data))
    told.append((EventType.CALL_ENDED, call["ended_at"], shown))
    if call["answered_at"]:
        told.append((EventType.CALL_TRANSCRIPT_READY, call["ended_at"], shown))
    for sequence, (kind, at, data) in enumerate(told, 1):
        yield {
            "id": f"evt_{_ulid(chance, at)}",
            "type": kind,
            "call_id": call["id"],
            "sequence": sequence,
            "at": at,
            "data": data,
        }


def _ulid(chance: random.Random, at: datetime) -> ULID:
    return ULID.from_bytes(int(at.timestamp() * 1000).to_bytes(6, "big") + chance.randbytes(10))
