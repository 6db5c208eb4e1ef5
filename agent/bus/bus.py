"""The message queue of a running server: which broker it is, and how it does."""

from __future__ import annotations

from collections.abc import Sequence

from agent.bus.publisher import Publisher
from agent.bus.relay import Relay
from agent.errors import ConfigurationError
from agent.settings import BusSettings
from agent.store.engine import Store
from agent.store.events import StoredEvent

AMQP = ("amqp://", "amqps://")
REDIS = ("redis://", "rediss://", "unix://")
CLOSE_S = 3.0
"""The last events get so long at the end; what is left is published later."""


class Bus:
    """Belongs to one event loop. Without `bus.url` it does nothing."""

    def __init__(self, store: Store, settings: BusSettings, *, server: str) -> None:
        """`server` names this process to the broker. Raises ConfigurationError."""
        self.publisher = publisher_of(settings, name=f"phone-agent {server}")
        """None: there is no message queue."""
        self.relay = Relay(store, self.publisher, settings) if self.publisher else None

    @property
    def problem(self) -> str | None:
        """Why nothing can be published at present, or nobody gets it; None where all is well."""
        if self.relay is None or self.publisher is None:
            return None
        if self.relay.problem is None:
            return self.publisher.notice
        waiting = f" Up to {self.relay.backlog} events wait." if self.relay.backlog else ""
        return f"{self.relay.problem}{waiting}"

    @property
    def going(self) -> bool:
        """Whether it works, as it must from `start` to `close`, also while the broker is away."""
        return self.relay is None or self.relay.going

    async def start(self) -> None:
        """Begin to publish, whether the broker is there or not. Raises StoreError."""
        if self.relay is not None:
            await self.relay.start()

    def told(self, _events: Sequence[StoredEvent]) -> None:
        """Events are on disk."""
        if self.relay is not None:
            self.relay.wake()

    async def close(self) -> None:
        """Publish no more."""
        if self.relay is not None:
            await self.relay.close(CLOSE_S)


def publisher_of(settings: BusSettings, *, name: str) -> Publisher | None:
    """For the broker that `bus.url` names; None for none. Raises ConfigurationError."""
    url = settings.url.get_secret_value()
    if not url:
        return None
    if url.startswith(AMQP):
        from agent.bus.rabbitmq import RabbitMq  # heavy, as the next: only one of them is used

        return RabbitMq(url, settings, name=name)
    if url.startswith(REDIS):
        from agent.bus.redis_stream import RedisStream

        return RedisStream(url, settings)
    raise ConfigurationError(
        "bus.url: names no message queue we know; write amqp://USER:PASSWORD@HOST/VHOST or redis://:PASSWORD@HOST/0."
    )
