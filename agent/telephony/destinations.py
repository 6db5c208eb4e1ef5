"""From a destination of an agent's to a way that can be dialled."""

from __future__ import annotations

from agent.domain.destination import Destination
from agent.domain.destination import destination as number_called
from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.domain.limits import OutboundLimits, where_refusal
from agent.domain.prices import price_micros
from agent.domain.transfer import TransferDestination, TransferFailure
from agent.settings import OutboundSettings

_FAILURES = {
    DialResult.BUSY: TransferFailure.BUSY,
    DialResult.NO_ANSWER: TransferFailure.NO_ANSWER,
    DialResult.REJECTED: TransferFailure.REJECTED,
    DialResult.INVALID_DESTINATION: TransferFailure.UNREACHABLE,
    DialResult.TRUNK_FAILED: TransferFailure.UNREACHABLE,
    DialResult.CANCELED: TransferFailure.CANCELED,
}


class NoWayError(Exception):
    """The destination cannot be called; `reason` says why."""

    def __init__(self, reason: TransferFailure) -> None:
        super().__init__(reason)
        self.reason = reason


def failure_of(outcome: DialOutcome) -> TransferFailure:
    """Why nobody was reached. Not for one that was answered."""
    return _FAILURES[outcome.result]


class Destinations:
    """Finds the way to each."""

    def __init__(self, settings: OutboundSettings) -> None:
        self._settings = settings
        self._limits = OutboundLimits(allow=settings.allow, deny=settings.deny)

    def way(self, destination: TransferDestination) -> Dial:
        """How to dial it. Raises NoWayError."""
        if destination.endpoint:
            return Dial("", destination.endpoint, "", ring_timeout_s=destination.ring_timeout_s, telephone=True)
        trunk = self._settings.trunks.get(destination.trunk)
        if trunk is None:
            raise NoWayError(TransferFailure.UNREACHABLE)
        if destination.number and not self._may_call(destination.number):
            raise NoWayError(TransferFailure.NOT_ALLOWED)
        number = destination.number.removeprefix("+") if trunk.strip_plus else destination.number
        return Dial(
            destination.trunk,
            trunk.endpoint,
            number or destination.extension,
            caller_id=trunk.caller_id,
            ring_timeout_s=destination.ring_timeout_s,
        )

    def price_micros(self, destination: TransferDestination) -> int | None:
        """Millionths of money per minute; None: it goes over no trunk."""
        return price_micros(destination.number, self._settings.prices) if destination.trunk else None

    def _may_call(self, number: str) -> bool:
        """Numbers of the configuration are bound by the same rules as those of orders, hours and counts left out."""
        known = isinstance(number_called(number), Destination)
        return known and where_refusal(number, self._limits) is None
