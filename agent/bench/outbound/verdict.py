"""Whether each of many calls out came to its right end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.bench.sipp_callees import Kind
from agent.domain.call import CallStatus, EndedReason
from agent.ops.report import Failure

RIGHT = {
    Kind.ANSWERS: (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP),
    Kind.BUSY: (CallStatus.BUSY, EndedReason.BUSY),
    Kind.DECLINES: (CallStatus.FAILED, EndedReason.REJECTED),
    Kind.UNKNOWN: (CallStatus.FAILED, EndedReason.INVALID_DESTINATION),
    Kind.RINGS: (CallStatus.NO_ANSWER, EndedReason.NO_ANSWER),
}


@dataclass(frozen=True, slots=True)
class Ordered:
    """A call that was ordered."""

    number: str
    kind: Kind
    """What the callee is expected to do."""
    posted_at: float
    """When the order was sent, in seconds since 1970."""
    call_id: str = ""
    """Empty: the order was not accepted."""
    problem: str = ""
    """Why not."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the store has of it."""

    status: CallStatus
    reason: EndedReason | None
    answered: bool
    ended_at: float | None
    """In seconds since 1970."""
    ends_told: int
    """Events `call.ended`."""


def fault(ordered: Ordered, found: Recorded | None, *, died: bool = False) -> str | None:
    """What is wrong with the record of an accepted call, in words; None: nothing.

    `died`: the server was killed meanwhile. Then a call that was answered may be completed for any reason, and one that
    was not may have failed for any.
    """
    if found is None:
        return "it is not on record"
    if not found.status.terminal:
        return f"it is still {found.status}"
    if found.ends_told != 1:
        return f"its end was told {found.ends_told} times"
    if (found.status, found.reason) == RIGHT[ordered.kind]:
        return None
    if died and found.status is (CallStatus.COMPLETED if found.answered else CallStatus.FAILED):
        return None
    return f"a callee of the kind {ordered.kind.name.lower()}: {found.status}, {found.reason}"


def faults(pairs: Iterable[tuple[Ordered, Recorded | None]], *, died: bool = False) -> list[Failure]:
    """Every fault, by call."""
    return [Failure(one.call_id, why) for one, found in pairs if (why := fault(one, found, died=died)) is not None]
