"""What came of asking an application who takes a call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LookupOutcome(StrEnum):
    """How it answered."""

    ANSWERED = "answered"
    REJECTED = "rejected"
    """The caller is not to be answered."""
    FAILED = "failed"
    """Not in time, or not as agreed: the number's own agent takes the call."""


class Refusal(StrEnum):
    """What a caller who is not answered is told by the network."""

    BUSY = "busy"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question and what came of it."""

    outcome: LookupOutcome
    duration_s: float
    refusal: Refusal | None = None
    """With `rejected`."""
    code: str = ""
    """With `failed`: of the error."""
    problem: str = ""
    """The same as one sentence."""
