"""What only RabbitMQ does: confirms, alarms, refusals, messages that nobody wants."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC

import aio_pika
import pytest
import pytest_asyncio

from agent.bus.bus import publisher_of
from agent.domain.event_types import EventType
from agent.errors import BusError
from agent.settings import BusSettings
from tests.integration.bus.consumers import RabbitConsumer
from tests.integration.bus.rabbitmq_server import RabbitServer
from tests.integration.bus.relay_room import RelayRoom


@pytest_asyncio.fixture
async def rails(rabbitmq_server: RabbitServer) -> AsyncIterator[RabbitConsumer]:
    consumer = RabbitConsumer(rabbitmq_server)
    await consumer.start()
    yield consumer
    await consumer.close()


async def refusal(settings: BusSettings) -> BusError:
    publisher = publisher_of(settings, name="test")
    assert publisher is not None
    with pytest.raises(BusError) as raised:
        await publisher.open()
    await publisher.close()
    return raised.value


async def test_a_message_says_what_it_is(room: RelayRoom, rails: RabbitConsumer) -> None:
    await room.relay(rails.settings())
    sent = await room.event("call_1", EventType.CALL_ENDED)
    await rails.inbox.until_taken(1)
    message = rails.inbox.taken[0].raw
    assert message is not None
    assert (message.message_id, message.type, message.routing_key) == (sent.id, "call.ended", "call.ended")
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert (message.content_type, message.app_id) == ("application/json", "phone-agent")
    assert message.timestamp is not None
    assert message.timestamp.replace(tzinfo=UTC) == sent.at
    assert dict(message.headers) == {"call_id": "call_1", "sequence": 1}


async def test_queues_take_what_they_are_bound_to(room: RelayRoom, rabbitmq_server: RabbitServer) -> None:
    ended = RabbitConsumer(rabbitmq_server, binding="call.ended")
    everything = RabbitConsumer(rabbitmq_server, name=ended.name, binding="call.#")
    await ended.start()
    try:
        relay = await room.relay(ended.settings())
        await room.events([("call_1", EventType.CALL_ANSWERED), ("call_1", EventType.CALL_ENDED)])
        await ended.inbox.until_taken(1)
        await room.until_published()
        publisher = relay.publisher
        assert [one.event["type"] for one in ended.inbox.taken] == ["call.ended"]
        assert (publisher.unroutable, publisher.notice) == (1, None)
    finally:
        await ended.close()
        await everything.close()


async def test_an_exchange_without_a_queue_is_told(room: RelayRoom, rabbitmq_server: RabbitServer) -> None:
    nobody = RabbitConsumer(rabbitmq_server)
    relay = await room.relay(nobody.settings())
    await room.event()
    await room.until_published()
    publisher = relay.publisher
    assert relay.problem is None
    assert publisher.notice
    assert f"the exchange {nobody.name}: 1 events were published to nobody" in publisher.notice


async def test_on_request_an_event_waits_for_a_queue(room: RelayRoom, rabbitmq_server: RabbitServer) -> None:
    late = RabbitConsumer(rabbitmq_server)
    relay = await room.relay(late.settings(unroutable="hold"))
    sent = [await room.event() for _ in range(3)]
    await room.until(lambda: relay.problem)
    assert relay.problem
    assert relay.problem.startswith("No queue of RabbitMQ gets call.ringing")
    await late.start()
    try:
        await room.until_published()
        await late.inbox.until_taken(3)
        assert late.inbox.ids == [event.id for event in sent]
    finally:
        await late.close()


async def test_a_memory_alarm_is_told_and_waited_for(room: RelayRoom, rails: RabbitConsumer) -> None:
    relay = await room.relay(rails.settings(timeout_s=1))
    first = await room.event()
    await rails.inbox.until_taken(1)
    await asyncio.to_thread(rails.server.ctl, "set_vm_memory_high_watermark", "0.00000001")
    try:
        sent = await room.events([(f"call_{number % 4}", EventType.CALL_ANSWERED) for number in range(100)])
        await room.until(lambda: relay.failures >= 1)
        failures = relay.failures  # each attempt would put more into the socket, if it sent anything
        await room.until(lambda: relay.failures >= failures + 3)
        assert relay.problem
        assert relay.problem.startswith("RabbitMQ accepts nothing at present")
        assert relay.backlog == 100
    finally:
        await asyncio.to_thread(rails.server.ctl, "set_vm_memory_high_watermark", "0.4")
    await room.until_published()
    await rails.inbox.until_taken(101)
    counts = Counter(rails.inbox.ids)
    assert set(counts) == {first.id, *(event.id for event in sent)}
    doubled = [event_id for event_id, count in counts.items() if count > 1]
    assert len(doubled) <= 4, "what was on its way when the alarm came: one event of each call"
    for number in range(4):
        own = rails.inbox.of_call(f"call_{number}")
        assert own == sorted(own)


async def test_a_full_queue_keeps_the_order(room: RelayRoom, rabbitmq_server: RabbitServer) -> None:
    full = RabbitConsumer(rabbitmq_server, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    await full.start()
    await full.close()  # its queue stays
    relay = await room.relay(full.settings())
    sent = await room.events([("call_1", EventType.CALL_ANSWERED)] * 3)
    await room.until(lambda: relay.problem)
    assert relay.problem
    assert relay.problem.startswith("RabbitMQ rejected an event")
    await full.start()
    try:
        await room.until_published()
        await full.inbox.until_taken(3)
        assert list(dict.fromkeys(full.inbox.ids)) == [event.id for event in sent]
    finally:
        await full.close()


async def test_an_exchange_that_is_deleted_is_made_again(room: RelayRoom, rails: RabbitConsumer) -> None:
    await room.relay(rails.settings())
    await room.event()
    await rails.inbox.until_taken(1)
    async with await aio_pika.connect(rails.server.url()) as connection, connection.channel() as channel:
        await channel.exchange_delete(rails.name)
        await room.event()
        await room.until_published()
        await channel.declare_exchange(rails.name, aio_pika.ExchangeType.TOPIC, durable=True)  # otherwise refused


async def test_messages_outlive_the_broker(room: RelayRoom, rabbitmq_server: RabbitServer) -> None:
    rails = RabbitConsumer(rabbitmq_server)
    await rails.start()
    await rails.close()  # its queue stays
    await room.relay(rails.settings())
    sent = await room.events([("call_1", EventType.CALL_ANSWERED)] * 20)
    await room.until_published()
    await asyncio.to_thread(rabbitmq_server.kill)
    await asyncio.to_thread(rabbitmq_server.start)
    await rails.start()
    try:
        await rails.inbox.until_taken(20)
        assert rails.inbox.ids == [event.id for event in sent]
    finally:
        await rails.close()


async def test_refusals_are_told_without_the_password(rabbitmq_server: RabbitServer) -> None:
    wrong = BusSettings.model_validate({"url": rabbitmq_server.url(password="hunter2")})
    error = await refusal(wrong)
    assert error.code == "bus_refused"
    assert "hunter2" not in str(error)
    elsewhere = BusSettings.model_validate({"url": rabbitmq_server.url(vhost="nowhere")})
    assert (await refusal(elsewhere)).code in {"bus_refused", "bus_unreachable"}
    nobody = BusSettings.model_validate({"url": "amqp://rails:hunter2@127.0.0.1:1/"})
    error = await refusal(nobody)
    assert error.code == "bus_unreachable"
    assert "hunter2" not in str(error)


async def test_a_user_who_may_only_write_is_enough(room: RelayRoom, rails: RabbitConsumer) -> None:
    user, password = f"user-{rails.name}", "secret"
    await asyncio.to_thread(rails.server.ctl, "add_user", user, password)
    await asyncio.to_thread(rails.server.ctl, "set_permissions", user, "^$", ".*", "^$")
    await room.relay(rails.settings(url=rails.server.url(user, password)))
    sent = await room.event()
    await rails.inbox.until_taken(1)
    assert rails.inbox.ids == [sent.id]
