"""From the record to either broker, from either database: all, in order, whatever stops in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from agent.bus.bus import publisher_of
from agent.domain.event_types import EventType
from agent.errors import BusError, StoreError
from agent.settings import BusSettings
from agent.store import bus_positions
from agent.store.events import StoredEvent
from tests.integration.bus import detached
from tests.integration.bus.consumers import Consumer
from tests.integration.bus.relay_room import RelayRoom

NOBODY = BusSettings.model_validate({"url": "redis://127.0.0.1:1/0"})


async def test_events_come_once_each_in_the_order_of_their_call(room: RelayRoom, consumer: Consumer) -> None:
    await room.relay(consumer.settings())
    sent = await room.events([(f"call_{number % 7}", EventType.CALL_ANSWERED) for number in range(200)])
    sent.append(await room.event(None, EventType.SYSTEM_DEGRADED))
    await consumer.inbox.until_taken(len(sent))
    assert Counter(consumer.inbox.ids) == Counter(event.id for event in sent)
    for number in range(7):
        own = consumer.inbox.of_call(f"call_{number}")
        assert own == list(range(1, len(own) + 1))
    envelopes = {event.id: event.as_json() for event in sent}
    assert all(one.event == envelopes[one.id] for one in consumer.inbox.taken), "the same as webhooks carry"
    await room.until_published()


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ([], ["call.answered", "call.ended"]),
        (["call.turn.completed", "call.ended"], ["call.turn.completed", "call.ended"]),
        (["*"], ["call.answered", "call.turn.completed", "call.ended"]),
    ],
)
async def test_types_are_chosen_and_a_ping_is_for_an_endpoint(
    room: RelayRoom, consumer: Consumer, chosen: list[str], expected: list[str]
) -> None:
    await room.relay(consumer.settings(events=chosen))
    kinds = (EventType.CALL_ANSWERED, EventType.CALL_TURN_COMPLETED, EventType.PING, EventType.CALL_ENDED)
    await room.events([("call_1", kind) for kind in kinds])
    await consumer.inbox.until_taken(len(expected))
    await room.until_published()
    assert [one.event["type"] for one in consumer.inbox.taken] == expected


async def test_what_happened_before_the_first_start_is_not_published(room: RelayRoom, consumer: Consumer) -> None:
    await room.event()
    await room.relay(consumer.settings())
    await room.until_published()
    later = await room.event()
    await consumer.inbox.until_taken(1)
    assert consumer.inbox.ids == [later.id]


async def test_a_broker_that_is_away_from_the_start_loses_nothing(room: RelayRoom, consumer: Consumer) -> None:
    away = await room.relay(NOBODY)
    await room.until(lambda: away.problem)
    assert away.problem
    assert away.problem.startswith("Redis cannot be reached: ")
    sent = [await room.event() for _ in range(5)]
    failures = away.failures
    await room.until(lambda: away.failures > failures)
    assert away.backlog == 5
    await room.relay(consumer.settings())
    await consumer.inbox.until_taken(5)
    assert consumer.inbox.ids == [event.id for event in sent]


async def test_a_broker_that_is_killed_and_comes_back_gets_the_rest(room: RelayRoom, consumer: Consumer) -> None:
    relay = await room.relay(consumer.settings(timeout_s=5))
    before = [await room.event() for _ in range(3)]
    await consumer.inbox.until_taken(3)
    await asyncio.to_thread(consumer.server.kill)
    try:
        meanwhile = await room.events([(f"call_{number % 3}", EventType.CALL_ANSWERED) for number in range(150)])
        await room.until(lambda: relay.problem)
    finally:
        await asyncio.to_thread(consumer.server.start)
    await room.until(lambda: not relay.problem)
    await consumer.inbox.until_taken(153)
    await room.until_published()
    assert set(consumer.inbox.ids) == {event.id for event in before + meanwhile}
    assert consumer.inbox.of_call("call_1") == sorted(consumer.inbox.of_call("call_1"))
    assert relay.backlog == 0


async def test_two_relays_share_without_doubling(room: RelayRoom, consumer: Consumer) -> None:
    relays = [await room.relay(consumer.settings()) for _ in range(2)]
    sent: list[StoredEvent] = []
    for number in range(60):
        sent += await room.events([(f"call_{number % 5}", EventType.CALL_ANSWERED)] * 3)
    await consumer.inbox.until_taken(len(sent))
    await room.until_published()
    assert Counter(consumer.inbox.ids) == Counter(event.id for event in sent)
    assert sum(relay.published for relay in relays) == len(sent)


async def test_the_lease_of_a_dead_process_ends(room: RelayRoom, consumer: Consumer) -> None:
    relay = await room.relay(consumer.settings(timeout_s=10))
    until = room.now + timedelta(seconds=30)
    async with room.store.write() as connection:
        assert await bus_positions.claim(connection, "dead", now=room.now, until=until) == 0
    await room.event()
    room.look_again(seconds=29)
    await room.until(lambda: relay.backlog)
    assert relay.published == 0
    room.look_again(seconds=1)
    await room.until(lambda: relay.published)
    await consumer.inbox.until_taken(1)


async def test_who_lost_the_lease_notes_nothing(room: RelayRoom) -> None:
    first, second = await room.event(), await room.event()
    until = room.now + timedelta(seconds=30)
    async with room.store.write() as connection:
        await bus_positions.begin(room.store, connection)
        await bus_positions.move(connection, 0)
        assert await bus_positions.claim(connection, "slow", now=room.now, until=until) == 0
        assert await bus_positions.claim(connection, "quick", now=room.now, until=until) is None
        assert await bus_positions.claim(connection, "quick", now=until, until=until) == 0
        assert not await bus_positions.advance(connection, "slow", first.position, until=until)
        await bus_positions.release(connection, "slow")
        assert await bus_positions.advance(connection, "quick", second.position, until=until)
    position = await room.position()
    assert (position.position, position.behind, position.leased_by) == (second.position, 0, "quick")


async def test_a_database_that_fails_after_publishing_doubles_nothing(
    room: RelayRoom, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance, failed = bus_positions.advance, list[int]()

    async def fail_once(*args: object, **kwargs: object) -> bool:
        if not failed:
            failed.append(1)
            raise StoreError("The database failed.")
        return await advance(*args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(bus_positions, "advance", fail_once)
    relay = await room.relay(consumer.settings())
    sent = await room.event()
    await room.until(lambda: relay.failures)
    await room.until_published()
    later = await room.event()
    await room.until_published()
    await consumer.inbox.until_taken(2)
    assert consumer.inbox.ids == [sent.id, later.id]


async def test_a_relay_that_is_closed_publishes_what_waits_and_lets_go(room: RelayRoom, consumer: Consumer) -> None:
    relay = await room.relay(consumer.settings())
    sent = await room.events([("call_1", EventType.CALL_ANSWERED)] * 100)
    await relay.close(timeout_s=detached.START_S)
    await consumer.inbox.until_taken(len(sent))
    position = await room.position()
    assert (position.behind, position.leased_by) == (0, None)


async def test_a_slow_broker_gets_less_at_once(room: RelayRoom, consumer: Consumer) -> None:
    class Slow:
        """Confirms no more than three events in time."""

        def __init__(self) -> None:
            inner = publisher_of(consumer.settings(), name="test")
            assert inner is not None
            self._inner = inner
            self.title, self.unroutable, self.notice = inner.title, 0, None
            self.open, self.close, self.weaknesses = inner.open, inner.close, inner.weaknesses

        async def publish(self, events: Sequence[StoredEvent]) -> None:
            if len(events) > 3:
                raise BusError("too much")
            await self._inner.publish(events)

    await room.relay(consumer.settings(), publisher=Slow())
    sent = await room.events([("call_1", EventType.CALL_ANSWERED)] * 100)
    await room.until_published()
    await consumer.inbox.until_taken(100)
    assert consumer.inbox.ids == [event.id for event in sent]


async def test_an_operator_can_go_back(room: RelayRoom, consumer: Consumer) -> None:
    await room.relay(consumer.settings())
    sent = [await room.event() for _ in range(3)]
    await consumer.inbox.until_taken(3)
    await room.until_published()
    async with room.store.write() as connection:
        await bus_positions.move(connection, sent[0].position)
    await room.until(lambda: len(consumer.inbox.taken) >= 5)
    assert consumer.inbox.ids == [event.id for event in [*sent, *sent[1:]]]
