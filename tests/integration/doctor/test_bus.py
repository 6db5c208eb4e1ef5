"""What the doctor says of the message queue."""

from __future__ import annotations

import pytest

from agent.doctor.bus import check_bus
from agent.doctor.check import Status
from agent.settings import BusSettings
from tests.integration.bus.rabbitmq_server import RabbitServer
from tests.integration.bus.redis_server import RedisServer


async def codes(url: str) -> list[tuple[str, str]]:
    checks = await check_bus(BusSettings.model_validate({"url": url}))
    assert all(check.remedy for check in checks if check.status is not Status.GOOD)
    return [(check.name, check.code) for check in checks]


async def test_brokers_that_let_us_in_are_good(rabbitmq_server: RabbitServer, redis_server: RedisServer) -> None:
    assert await codes("") == [("bus", "ok")]
    assert await codes(rabbitmq_server.url()) == [("bus", "ok")]
    assert await codes(redis_server.url) == [("bus", "ok")]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("redis://127.0.0.1:1", "bus_unreachable"),
        ("amqp://127.0.0.1:1", "bus_unreachable"),
        ("kafka://127.0.0.1", "configuration_error"),
    ],
)
async def test_what_does_not_work_is_named(url: str, code: str) -> None:
    assert await codes(url) == [("bus", code)]


async def test_wrong_passwords_are_named(rabbitmq_server: RabbitServer, redis_server: RedisServer) -> None:
    assert await codes(rabbitmq_server.url(password="wrong")) == [("bus", "bus_refused")]
    assert await codes(f"redis://:wrong@127.0.0.1:{redis_server.port}") == [("bus", "bus_refused")]


async def test_a_connection_in_the_clear_is_named() -> None:
    found = await check_bus(BusSettings.model_validate({"url": "redis://:hunter2@nowhere.invalid", "timeout_s": 5}))
    assert [(check.name, check.code, check.status) for check in found] == [
        ("bus", "bus_unreachable", Status.WARNING),
        ("bus_encryption", "bus_in_the_clear", Status.WARNING),
    ]
    assert not any("hunter2" in check.message + check.remedy for check in found)
