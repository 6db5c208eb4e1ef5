"""Several processes on one PostgreSQL and one broker; whoever publishes is killed in the middle of it."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.bus.relay import BATCH
from agent.domain.event_types import EventType
from agent.store import bus_positions
from agent.store.engine import Store
from agent.store.events import StoredEvent
from tests.integration.bus.consumers import Consumer
from tests.integration.bus.relay_room import LOOK_S, append
from tests.integration.fleet import Fleet

KILLS, WRITERS, CALLS = 3, 3, 24
AHEAD = 400
"""Events that may be written and not have arrived: a few batches."""
TIMEOUT_S = 2
"""A lease is three times as long: so long it takes until others go on."""


def settings_of(consumer: Consumer) -> str:
    settings = consumer.settings(timeout_s=TIMEOUT_S)
    return json.dumps({**settings.model_dump(mode="json"), "url": settings.url.get_secret_value()})


@dataclass
class Servers:
    """Write events as several servers do: a few at a time, in transactions that overlap with those of others."""

    record: Store
    consumer: Consumer
    chance: random.Random
    sent: list[StoredEvent] = field(default_factory=list)
    stopped: bool = False

    async def write(self, calls: list[str]) -> None:
        while not self.stopped:
            if len(self.sent) - len(self.consumer.inbox.distinct) > AHEAD:
                await asyncio.sleep(LOOK_S)
                continue
            written = []
            async with self.record.write() as connection:
                for _ in range(self.chance.randint(1, 8)):
                    call, now = self.chance.choice(calls), datetime.now(UTC)
                    written.append(await append(self.record, connection, call, EventType.CALL_ANSWERED, now))
            self.sent += written


async def publishing(record: Store, living: Collection[str]) -> str:
    """Who of the living publishes, as soon as one does and is not through; a dead one holds its lease for a while."""
    while True:
        async with record.read() as connection:
            position = await bus_positions.look(connection)
        if position.leased_by and position.leased_by in living and position.behind:
            return position.leased_by
        await asyncio.sleep(LOOK_S)


async def test_whoever_is_killed_in_the_middle_loses_nothing_and_mixes_nothing_up(
    postgres: Store, consumer: Consumer
) -> None:
    servers = Servers(postgres, consumer, random.Random(4))  # noqa: S311  # the same in each run
    url = postgres.url.render_as_string(hide_password=False)
    fleet = Fleet("tests.integration.bus.relay_process", url, settings_of(consumer))
    calls = [f"call_{number}" for number in range(CALLS)]
    writing: list[asyncio.Task[None]] = []
    try:
        await asyncio.gather(*(fleet.start() for _ in range(KILLS + 1)))
        writing = [asyncio.create_task(servers.write(calls[part::WRITERS])) for part in range(WRITERS)]
        for _ in range(KILLS):
            await consumer.inbox.until_taken(len(consumer.inbox.distinct) + servers.chance.randrange(1, 2 * BATCH))
            await fleet.kill(await publishing(postgres, fleet.names))
        servers.stopped = True
        await asyncio.gather(*writing)
        await consumer.inbox.until_taken(len(servers.sent))
    finally:
        servers.stopped = True
        await asyncio.gather(*writing, return_exceptions=True)
        await fleet.close()
    counts = Counter(consumer.inbox.ids)
    assert set(counts) == {event.id for event in servers.sent}
    assert sum(count > 1 for count in counts.values()) <= KILLS * BATCH, "only what a killed process had under way"
    for call in calls:
        own = consumer.inbox.of_call(call)
        assert own == list(range(1, len(own) + 1))
