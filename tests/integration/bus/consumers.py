"""What an application gets from a broker, by the broker's own client; it comes back when the broker does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from redis.exceptions import RedisError

from agent.settings import BusSettings
from tests.integration.bus.rabbitmq_server import RabbitServer
from tests.integration.bus.redis_server import RedisServer

AGAIN_S = 0.05


@dataclass(frozen=True)
class Taken:
    """One message."""

    id: str
    """To deduplicate by."""
    event: dict[str, Any]
    headers: dict[str, Any]
    raw: AbstractIncomingMessage | None = None


@dataclass
class Inbox:
    """What came, in order."""

    taken: list[Taken] = field(default_factory=list)
    distinct: set[str] = field(default_factory=set)
    """Their ids."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, *messages: Taken) -> None:
        async with self._changed:
            self.taken.extend(messages)
            self.distinct.update(one.id for one in messages)
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    async def until_taken(self, count: int) -> None:
        """Messages with different ids."""
        await self.until(lambda: len(self.distinct) >= count)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.taken]

    def of_call(self, call_id: str) -> list[int]:
        """The sequence numbers of a call's events, as they came first."""
        return list(dict.fromkeys(one.event["sequence"] for one in self.taken if one.event["call_id"] == call_id))


class Consumer(Protocol):
    """An application that takes events from one exchange or stream of its own."""

    inbox: Inbox

    @property
    def server(self) -> RabbitServer | RedisServer: ...

    def settings(self, **changes: Any) -> BusSettings: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class RabbitConsumer:
    server: RabbitServer
    binding: str = "#"
    arguments: dict[str, Any] = field(default_factory=dict)
    name: str = field(default_factory=lambda: f"test-{uuid4().hex[:12]}")
    inbox: Inbox = field(default_factory=Inbox)
    _task: asyncio.Task[None] | None = None
    _bound: asyncio.Event = field(default_factory=asyncio.Event)

    def settings(self, **changes: Any) -> BusSettings:
        return BusSettings.model_validate({"url": self.server.url(), "exchange": self.name, **changes})

    async def start(self) -> None:
        """Return when its queue is bound."""
        self._bound.clear()
        self._task = asyncio.create_task(self._run(), name="consumer")
        await self._bound.wait()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        while not task.cancelling():
            with contextlib.suppress(aio_pika.exceptions.AMQPError, OSError, RuntimeError):
                await self._take()
            await asyncio.sleep(AGAIN_S)

    async def _take(self) -> None:
        async with await aio_pika.connect(self.server.url()) as connection, connection.channel() as channel:
            exchange = await channel.declare_exchange(self.name, aio_pika.ExchangeType.TOPIC, durable=True)
            queue = await channel.declare_queue(self.name, durable=True, arguments=self.arguments)
            await queue.bind(exchange, self.binding)
            self._bound.set()
            async with queue.iterator() as messages:
                async for message in messages:
                    await self.inbox.add(
                        Taken(message.message_id or "", json.loads(message.body), dict(message.headers), message)
                    )
                    await message.ack()


@dataclass
class RedisConsumer:
    server: RedisServer
    name: str = field(default_factory=lambda: f"test-{uuid4().hex[:12]}")
    inbox: Inbox = field(default_factory=Inbox)
    _task: asyncio.Task[None] | None = None

    def settings(self, **changes: Any) -> BusSettings:
        return BusSettings.model_validate({"url": self.server.url, "stream": self.name, **changes})

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="consumer")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        """A cancellation that comes with the end of a wait gets lost in the client: it is looked for."""
        last, task = "0", asyncio.current_task()
        assert task is not None
        while not task.cancelling():
            client = self.server.client()
            with contextlib.suppress(RedisError, OSError):
                while not task.cancelling():
                    found: Any = await client.xread({self.name: last}, block=1000, count=500)
                    for _stream, entries in found or ():
                        last = entries[-1][0]
                        await self.inbox.add(
                            *(Taken(fields["id"], json.loads(fields["event"]), fields) for _id, fields in entries)
                        )
            await client.aclose()
            await asyncio.sleep(AGAIN_S)
