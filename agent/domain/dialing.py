"""How a call goes out: the ways it may take, one after the other, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from agent.domain.call import Call


class DialResult(StrEnum):
    """What came of one attempt."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID_DESTINATION = "invalid_destination"
    CANCELED = "canceled"
    TRUNK_FAILED = "trunk_failed"
    """The trunk is congested, dead or unknown to Asterisk: another one may reach the number."""


@dataclass(frozen=True, slots=True)
class Dial:
    """One attempt: made by the program from a trunk of the configuration and a validated number, of nothing else."""

    trunk: str
    """Its name in the configuration."""
    endpoint: str
    """Its endpoint in Asterisk."""
    number: str
    """In E.164, as the trunk wants it: with the plus or without."""
    caller_id: str = ""
    """The number to show, in E.164; empty: the trunk's own choice."""
    ring_timeout_s: float = 30
    telephone: bool = False
    """The endpoint is a telephone of its own: no number is dialled."""


@dataclass(frozen=True, slots=True)
class DialOutcome:
    """What came of an attempt, as the network said it."""

    result: DialResult
    sip_code: int | None = None
    hangup_cause: int | None = None
    """Q.850."""


class Route(Protocol):
    """The ways that are left to a call."""

    async def next(self, failed: DialOutcome | None) -> Dial | None:
        """The way to try now, once it may be tried; None: there is none (left).

        `failed` is what came of the one before, a TRUNK_FAILED; None at the first.
        """


class CallPlacer(Protocol):
    """Who can place calls: the switchboard."""

    async def place(self, call: Call, route: Route) -> Call:
        """Lead a queued outbound call to its one terminal status, and return it as it is then.

        The first way is asked for at once. A call that is canceled before it was dialled needs none. One that could
        not be dialled at all, since the server ends, comes back `queued`, as it was.
        """
