"""What may go wrong with RabbitMQ, in a sentence each."""

from __future__ import annotations

from aio_pika.exceptions import AMQPError, AuthenticationError, DeliveryError, ProbableAuthenticationError
from aiormq.exceptions import ChannelAccessRefused

from agent.errors import BusError

FAULTS = (AMQPError, OSError, TimeoutError, RuntimeError, ValueError, BusError)
"""Of the connection or its library; the library has a RuntimeError for what was closed meanwhile."""
_REFUSED = (AuthenticationError, ProbableAuthenticationError, ChannelAccessRefused)


def told(error: BaseException) -> BusError:
    """One of FAULTS as ours."""
    if isinstance(error, BusError):
        return error
    if isinstance(error, DeliveryError):
        return BusError(
            "RabbitMQ rejected an event, as it does where a queue is full; see its log.", code="bus_rejected"
        )
    if isinstance(error, _REFUSED):
        return BusError(
            f"RabbitMQ refused us: {_words(error)}; check user, password, virtual host and rights of bus.url.",
            code="bus_refused",
        )
    return BusError(
        f"RabbitMQ cannot be reached: {_words(error)}; check that it runs, and bus.url.", code="bus_unreachable"
    )


def blocked() -> BusError:
    """An alarm of the broker."""
    return BusError(
        "RabbitMQ accepts nothing at present, since it is short of memory or disk; see `rabbitmq-diagnostics alarms`.",
        code="bus_blocked",
    )


def too_slow(limit_s: float) -> BusError:
    """No answer in time."""
    return BusError(
        f"RabbitMQ did not answer within {limit_s:g} s; check that it runs and has room.", code="bus_timeout"
    )


def unroutable(event_type: str, exchange: str) -> BusError:
    """An event that nobody gets, where none may be lost."""
    return BusError(
        f"No queue of RabbitMQ gets {event_type} from the exchange {exchange}; bind one, or set bus.unroutable.",
        code="bus_unroutable",
    )


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
