"""Events to a topic exchange of RabbitMQ: persistent, each confirmed by the broker, in the order of each call."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Sequence

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, HeadersType
from aio_pika.exceptions import ChannelNotFoundEntity, PublishError
from pamqp.common import FieldTable

from agent.bus.publisher import TimeLimit, body_of
from agent.bus.rabbitmq_errors import FAULTS, blocked, told, too_slow, unroutable
from agent.settings import BusSettings
from agent.store.events import StoredEvent

CLOSE_S = 2.0
"""A broker that does not answer to our leaving is left."""

log = structlog.get_logger()


class RabbitMq:
    """See Publisher."""

    title = "RabbitMQ"

    def __init__(self, url: str, settings: BusSettings, *, name: str, time_limit: TimeLimit = asyncio.timeout) -> None:
        """`name` is shown by the broker's tools."""
        self._url = url
        self._settings = settings
        self._name = name
        self._time_limit = time_limit
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None
        self.unroutable = 0
        self._routed = False

    @property
    def notice(self) -> str | None:
        """That no event at all was wanted."""
        if self._routed or not self.unroutable:
            return None
        return (
            f"No queue of RabbitMQ is bound to the exchange {self._settings.exchange}: {self.unroutable} events were "
            "published to nobody; bind a queue, or set bus.unroutable to hold."
        )

    async def open(self) -> None:
        """Connect, and find or make the exchange."""
        if self._exchange is not None and self._channel is not None and not self._channel.is_closed:
            return
        self._exchange = None
        async with self._faults_told():
            if self._is_closed:
                await self.close()
                properties: FieldTable = {"connection_name": self._name, "product": "phone-agent"}
                self._connection = await aio_pika.connect(self._url, client_properties=properties)
            self._exchange = await self._found_exchange()

    async def publish(self, events: Sequence[StoredEvent]) -> None:
        """An event leaves when the one before it of its call is confirmed; calls do not wait for each other."""
        await self.open()
        chains: dict[str | None, list[StoredEvent]] = defaultdict(list)
        for event in events:
            chains[event.call_id].append(event)
        async with self._faults_told():
            # While the broker is short of memory it reads nothing: what we sent now it would read later, and again.
            await self._unblocked()
            await _all_or_none([self._publish_in_order(chain) for chain in chains.values()])

    async def weaknesses(self) -> list[str]:
        """None: what it confirms is on disk, in queues that are durable."""
        return []

    async def close(self) -> None:
        """Leave."""
        connection, self._connection, self._channel, self._exchange = self._connection, None, None, None
        if connection is not None:
            with contextlib.suppress(*FAULTS):
                async with asyncio.timeout(CLOSE_S):
                    await connection.close()

    @property
    def _is_closed(self) -> bool:
        return self._connection is None or self._connection.is_closed

    @property
    def _connected(self) -> AbstractConnection:
        if self._connection is None:
            raise ConnectionError("not connected")
        return self._connection

    async def _unblocked(self) -> None:
        """Wait until the broker reads what we send."""
        if self._connected.transport is not None:
            await self._connected.transport.ready()

    async def _found_exchange(self) -> AbstractExchange:
        """One that is there is taken as it is: who made it may have given it arguments of its own."""
        try:
            channel = await self._new_channel()
            return await channel.declare_exchange(self._settings.exchange, passive=True)
        except ChannelNotFoundEntity:
            channel = await self._new_channel()
            return await channel.declare_exchange(self._settings.exchange, aio_pika.ExchangeType.TOPIC, durable=True)

    async def _new_channel(self) -> AbstractChannel:
        await self._unblocked()
        if self._channel is not None and not self._channel.is_closed:
            await self._channel.close()
        self._channel = await self._connected.channel(publisher_confirms=True, on_return_raises=True)
        return self._channel

    async def _publish_in_order(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if self._exchange is None:
                raise ConnectionError("not connected")
            try:
                await self._exchange.publish(message_of(event), routing_key=event.type, mandatory=True)
                self._routed = True
            except PublishError:
                self._returned(event)

    def _returned(self, event: StoredEvent) -> None:
        """No queue is bound for it."""
        if self._settings.unroutable == "hold":
            raise unroutable(event.type, self._settings.exchange)
        if not self.unroutable:
            log.warning("bus.unroutable", type=event.type, exchange=self._settings.exchange)
        self.unroutable += 1

    @contextlib.asynccontextmanager
    async def _faults_told(self) -> AsyncIterator[None]:
        """What goes wrong, or takes too long, becomes a BusError; then the connection is made anew.

        A connection that the broker has blocked is kept, since a new one would be blocked only after it had sent again.
        """
        try:
            async with self._time_limit(self._settings.timeout_s):
                yield
        except TimeoutError:
            if await self._is_blocked():
                self._exchange = None
                raise blocked() from None
            await self.close()
            raise too_slow(self._settings.timeout_s) from None
        except FAULTS as error:
            await self.close()
            raise told(error) from error

    async def _is_blocked(self) -> bool:
        if self._is_closed:
            return False
        ready = asyncio.ensure_future(self._unblocked())
        for _ in range(3):  # a connection that is ready says so without waiting for anything
            await asyncio.sleep(0)
        is_ready = ready.done()
        ready.cancel()
        await asyncio.gather(ready, return_exceptions=True)
        return not is_ready


def message_of(event: StoredEvent) -> aio_pika.Message:
    """The event as a message: `message_id` is what consumers deduplicate by, the `webhook-id` of webhooks."""
    headers: HeadersType = {}
    if event.call_id is not None:
        headers = {"call_id": event.call_id, "sequence": event.sequence}
    return aio_pika.Message(
        body_of(event).encode("ascii"),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=event.id,
        timestamp=event.at,
        type=event.type,
        app_id="phone-agent",
        headers=headers,
    )


async def _all_or_none(chains: Sequence[Coroutine[object, object, None]]) -> None:
    """Run them at once; the first that fails ends all."""
    tasks = [asyncio.ensure_future(chain) for chain in chains]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
