"""Calls that are to be placed, and the ways that they may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.domain.call import Call, CallStatus, Direction
from agent.domain.dialing import Dial, DialOutcome

FIRST = Dial(trunk="berlin", endpoint="trunk-1", number="+493012345", ring_timeout_s=20)
SECOND = Dial(trunk="munich", endpoint="trunk-2", number="493012345", ring_timeout_s=20)
UNKNOWN = Dial(trunk="lost", endpoint="unknown", number="+493012345")


@dataclass
class Ways:
    """A Route: some ways, and what was told of them."""

    dials: Sequence[Dial] = (FIRST,)
    failed: list[DialOutcome | None] = field(default_factory=list)

    async def next(self, failed: DialOutcome | None) -> Dial | None:
        self.failed.append(failed)
        count = len(self.failed)
        return self.dials[count - 1] if count <= len(self.dials) else None


def queued(name: str = "call_out") -> Call:
    return Call(
        id=name,
        direction=Direction.OUTBOUND,
        caller="+4930999",
        callee="+493012345",
        agent="receptionist",
        status=CallStatus.QUEUED,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
