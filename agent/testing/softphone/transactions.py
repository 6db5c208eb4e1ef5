"""Transactions over UDP (RFC 3261 17): what to send again and when to give up. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from agent.testing.softphone.sip import Request, Response

T1_S = 0.5
"""Estimated round trip, in seconds (RFC 3261 17.1.1.1): the first retransmission; a transaction dies after 64 of it."""
T2_PER_T1 = 8  # T2 = 4 s: longest pause between two retransmissions
T4_PER_T1 = 10  # T4 = 5 s: how long a message may stay in the network
LIFETIME_PER_T1 = 64  # timers B, D, F, H, J


class State(StrEnum):
    """Where a client transaction stands."""

    WAITING = "waiting"
    """Calling or Trying: nothing was answered yet."""
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    """A final answer came; repetitions of it are taken care of."""
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an input."""

    send: bytes | None = None
    deliver: bool = False
    """The response is news for the user of the transaction."""
    timed_out: bool = False


class ClientTransaction:
    """A request of ours until it is answered for good (figures 5 and 6 of RFC 3261)."""

    def __init__(self, request: Request, *, now: float, t1_s: float = T1_S) -> None:
        self.request = request
        self.state = State.WAITING
        self.due: float | None = now + t1_s
        """When `on_timer` is to be called; None: never."""
        self._t1 = t1_s
        self._invite = request.method == "INVITE"
        self._interval = t1_s
        self._gives_up = now + LIFETIME_PER_T1 * t1_s
        self._ack: bytes | None = None
        self._expiring = False

    def on_timer(self, now: float) -> Step:
        """Call when `due` has come; earlier calls do nothing."""
        if self.due is None or now < self.due:
            return Step()
        if self.state is State.COMPLETED:
            self._finish()
            return Step()
        if now >= self._gives_up:
            self._finish()
            return Step(timed_out=True)
        longest = self._t1 * T2_PER_T1
        doubled = 2 * self._interval
        self._interval = (
            doubled if self._invite else longest if self.state is State.PROCEEDING else min(doubled, longest)
        )
        self.due = min(now + self._interval, self._gives_up)
        return Step(send=self.request.encode())

    def on_response(self, response: Response, now: float) -> Step:
        """A response with this transaction's branch came."""
        if self.state is State.COMPLETED:
            return Step(send=self._ack if response.status >= 300 else None)
        if self.state is State.TERMINATED:
            return Step()
        if response.status < 200:
            self.state = State.PROCEEDING
            if self._invite:  # the other side rings; how long is for the user to decide
                self.due = self._gives_up if self._expiring else None
            return Step(deliver=True)
        if self._invite and response.status < 300:
            self._finish()
            return Step(deliver=True)
        self.state = State.COMPLETED
        self._ack = acknowledge_failure(self.request, response).encode() if self._invite else None
        self.due = now + self._t1 * (LIFETIME_PER_T1 if self._invite else T4_PER_T1)
        return Step(send=self._ack, deliver=True)

    def expire(self, now: float) -> None:
        """Our INVITE was cancelled: the final answer may take another lifetime and no longer (RFC 3261 9.1)."""
        if self._invite and self.state is State.PROCEEDING:
            self._expiring = True
            self.due = self._gives_up = now + LIFETIME_PER_T1 * self._t1

    def _finish(self) -> None:
        self.state, self.due = State.TERMINATED, None


class AnswerRepeater:
    """Our 2xx to an INVITE, sent again until it is acknowledged (RFC 3261 13.3.1.4)."""

    def __init__(self, response: Response, *, now: float, t1_s: float = T1_S) -> None:
        self.due: float | None = now + t1_s
        """When `on_timer` is to be called; None: never."""
        self._wire = response.encode()
        self._interval = t1_s
        self._longest = t1_s * T2_PER_T1
        self._gives_up = now + LIFETIME_PER_T1 * t1_s

    def on_timer(self, now: float) -> Step:
        """Call when `due` has come; earlier calls do nothing."""
        if self.due is None or now < self.due:
            return Step()
        if now >= self._gives_up:
            self.due = None
            return Step(timed_out=True)
        self._interval = min(2 * self._interval, self._longest)
        self.due = min(now + self._interval, self._gives_up)
        return Step(send=self._wire)

    def on_acknowledged(self) -> None:
        """The ACK came."""
        self.due = None


def acknowledge_failure(request: Request, response: Response) -> Request:
    """The ACK of a final answer that is not 2xx: part of the INVITE's own transaction (RFC 3261 17.1.1.3)."""
    return _sibling(request, "ACK", to=response.get("To"))


def cancel(request: Request) -> Request:
    """The CANCEL of an INVITE that is still unanswered (RFC 3261 9.1)."""
    return _sibling(request, "CANCEL", to=request.get("To"))


def _sibling(request: Request, method: str, *, to: str) -> Request:
    number, _ = request.cseq
    kept = [(name, request.get(name)) for name in ("Via", "From", "Call-ID", "Max-Forwards")]
    routes = [("Route", value) for value in request.all("Route")]
    headers = (*kept, ("To", to), ("CSeq", f"{number} {method}"), *routes)
    return replace(request, method=method, headers=headers, body=b"")
