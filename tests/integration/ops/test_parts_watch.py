"""What applications are told of parts that fail: on record and in deliveries, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import func, select, text

from agent.domain.event_types import EventType
from agent.ops.parts_watch import PartsWatch
from agent.settings import AgentsSettings, StoreSettings
from agent.store import webhook_endpoints
from agent.store.events import StoredEvent
from agent.store.record import Record
from agent.store.schema import webhook_deliveries
from agent.store.system_events import TRUNKS


class Clock:
    """Time passes only while somebody sleeps; at its end it stands still."""

    def __init__(self, seconds: int) -> None:
        self.at = datetime.now(UTC)
        self.passed = 0
        self.over = asyncio.Event()
        self._seconds = seconds

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.passed += 1
        if self.passed >= self._seconds:
            self.over.set()
            await asyncio.Event().wait()


@pytest_asyncio.fixture
async def record(database_url: str) -> AsyncIterator[Record]:
    opened = Record(StoreSettings(url=SecretStr(database_url), server="one"), AgentsSettings())
    await opened.open({}, {})
    yield opened
    await opened.close()


async def watched(record: Record, down: dict[str, range], seconds: int) -> list[StoredEvent]:
    """What was told while so many seconds passed; `down`: in which of them a part was not there."""
    told: list[StoredEvent] = []
    record.when_told(told.extend)
    clock = Clock(seconds)
    watch = PartsWatch(
        record,
        parts=lambda: {part: clock.passed not in span for part, span in down.items()},
        problems=lambda: ["Something is wrong."],
        now=clock.now,
        sleep=clock.sleep,
    )
    await watch.start()
    await clock.over.wait()
    await watch.close()
    return told


async def test_each_change_is_told_once_and_delivered(record: Record) -> None:
    async with record.store.write() as connection:
        await webhook_endpoints.create(
            connection, url="https://example.com/", description="", events=[], now=datetime.now(UTC)
        )
    told = await watched(record, {"mind": range(3, 20), "ears": range(5, 7)}, 60)
    assert [event.type for event in told] == [EventType.SYSTEM_DEGRADED, EventType.SYSTEM_RECOVERED]
    assert [(e.data["server"], e.data["part"], e.data["problems"]) for e in told] == [
        ("one", "mind", ["Something is wrong."])
    ] * 2
    assert [event.call_id for event in told] == [None, None]
    async with record.store.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(webhook_deliveries)) == 2


async def test_the_database_itself_is_told_of_when_it_is_back(record: Record) -> None:
    clock = Clock(40)
    told: list[StoredEvent] = []
    record.when_told(told.extend)

    async def sleep(seconds: float) -> None:
        if clock.passed in {2, 20}:
            names = ("events", "gone") if clock.passed == 2 else ("gone", "events")
            async with record.store.write() as connection:
                await connection.execute(text("ALTER TABLE {} RENAME TO {}".format(*names)))
        if clock.passed == 19:
            assert told == []
        await clock.sleep(seconds)

    watch = PartsWatch(
        record, parts=lambda: {"store": not 2 < clock.passed <= 20}, problems=list, now=clock.now, sleep=sleep
    )
    await watch.start()
    await clock.over.wait()
    await watch.close()
    assert [event.type for event in told] == [EventType.SYSTEM_DEGRADED, EventType.SYSTEM_RECOVERED]
    assert told[0].at < told[1].at


async def test_a_new_process_takes_back_what_the_old_one_told(record: Record) -> None:
    first = await watched(record, {"mind": range(100)}, 10)
    assert [event.type for event in first] == [EventType.SYSTEM_DEGRADED]
    second = await watched(record, {"mind": range(5)}, 20)
    assert [event.type for event in second] == [EventType.SYSTEM_RECOVERED]
    assert await record.told_down() == set()


async def test_trunks_are_told_of_under_their_own_name(record: Record) -> None:
    told: list[StoredEvent] = []
    record.when_told(told.extend)
    clock = Clock(30)
    watch = PartsWatch(
        record,
        parts=lambda: {"provider": not 3 <= clock.passed < 15},
        problems=list,
        kind=TRUNKS,
        now=clock.now,
        sleep=clock.sleep,
    )
    await watch.start()
    await clock.over.wait()
    await watch.close()
    assert [(event.type, event.data["trunk"]) for event in told] == [
        (EventType.TRUNK_UNREACHABLE, "provider"),
        (EventType.TRUNK_REACHABLE, "provider"),
    ]
    assert await record.told_down(TRUNKS) == set()
