"""What is too old is removed, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from agent.domain.recording import RecordingStatus
from agent.recordings.retention import EVERY_S, Removed, Retention
from agent.settings import RetentionSettings
from agent.store import webhook_deliveries, webhook_endpoints
from agent.store.idempotency_keys import Claim, IdempotencyKeys
from agent.store.schema import idempotency_keys
from tests.integration.recordings.archives import DIGITS, NOW, NUMBER, SECRET, Shelf

KEEP_ALL = {"recordings_days": 0, "transcripts_days": 0, "personal_data_days": 0, "events_days": 0}


async def at_once(_seconds: float) -> None:
    """No time passes between two batches."""


def retention(shelf: Shelf, **days: float) -> Retention:
    settings = RetentionSettings.model_validate(KEEP_ALL | days)
    return Retention(shelf.store, shelf.archive, settings, now=lambda: NOW, sleep=at_once)


async def of_ages(shelf: Shelf, *days: float) -> list[str]:
    return [await shelf.call(f"call_{day:g}", ended=NOW - timedelta(days=day)) for day in days]


async def test_zero_keeps_for_ever(shelf: Shelf) -> None:
    (call_id,) = await of_ages(shelf, 10_000)
    assert await retention(shelf).sweep() == Removed()
    assert (await shelf.shown(call_id)).from_ == NUMBER
    assert shelf.file(call_id).exists()


async def test_recordings_go_first_and_the_rest_of_the_call_stays(shelf: Shelf) -> None:
    young, old = await of_ages(shelf, 29, 31)
    removed = await retention(shelf, recordings_days=30).sweep()
    assert removed == Removed(recordings=1)
    assert (shelf.file(young).exists(), shelf.file(old).exists()) == (True, False)
    shown = await shelf.shown(old)
    assert shown.recording is not None
    assert (shown.recording.status, shown.recording.deleted_at) == (RecordingStatus.DELETED, NOW)
    assert shown.from_ == NUMBER
    assert len(await shelf.turns_of(old)) == 1
    assert await retention(shelf, recordings_days=30).sweep() == Removed()


async def test_transcripts_go_and_who_called_stays(shelf: Shelf) -> None:
    young, old = await of_ages(shelf, 89, 91)
    assert await retention(shelf, transcripts_days=90).sweep() == Removed(transcripts=1)
    assert len(await shelf.turns_of(young)) == 1
    assert await shelf.turns_of(old) == []
    shown = await shelf.shown(old)
    assert (shown.from_, shown.metadata, shown.transcript_deleted_at) == (NUMBER, {"name": SECRET}, NOW)
    told = str([event.data for event in await shelf.events_of(old)])
    assert DIGITS not in told
    assert "turn" not in told
    assert NUMBER in told
    assert await retention(shelf, transcripts_days=90).sweep() == Removed()


async def test_personal_data_takes_all_with_it(shelf: Shelf) -> None:
    young, old = await of_ages(shelf, 364, 366)
    assert await retention(shelf, personal_data_days=365, recordings_days=365, transcripts_days=365).sweep() == Removed(
        calls=1
    )
    assert (await shelf.shown(young)).from_ == NUMBER
    shown = await shelf.shown(old)
    assert (shown.from_, shown.metadata, shown.erased_at) == (None, {}, NOW)
    assert not shelf.file(old).exists()


async def test_many_are_done_in_batches(shelf: Shelf) -> None:
    for number in range(103):
        await shelf.call(f"call_{number}", ended=NOW - timedelta(days=40), recorded=False)
    await shelf.call("call_live", ended=NOW - timedelta(days=40), over=False, recorded=False)
    assert await retention(shelf, personal_data_days=30).sweep() == Removed(calls=103)
    assert (await shelf.shown("call_live")).from_ == NUMBER


async def test_events_go_once_nothing_is_pending(shelf: Shelf) -> None:
    (before,) = await of_ages(shelf, 101)
    async with shelf.store.write() as connection:
        endpoint = await webhook_endpoints.create(connection, url="https://rails.test/", now=NOW)
    (waits,) = await of_ages(shelf, 100)
    (young,) = await of_ages(shelf, 10)
    removed = await retention(shelf, events_days=90).sweep()
    assert removed.events == 8 + 1
    assert await shelf.events_of(before) == []
    told = [event.type for event in await shelf.events_of(waits)]
    assert "call.ended" in told
    assert "call.turn.completed" not in told  # nobody wanted it
    assert len(await shelf.events_of(young)) == 8
    async with shelf.store.read() as connection:
        assert len(await webhook_deliveries.listed(connection, endpoint.id, limit=99)) == 14
    assert (await shelf.shown(before)).from_ == NUMBER


async def test_old_idempotency_keys_go(shelf: Shelf) -> None:
    keys = IdempotencyKeys(shelf.store)
    await keys.claim(Claim("key_1", "old", "0" * 64, NOW - timedelta(hours=24.5)))
    await keys.claim(Claim("key_1", "new", "0" * 64, NOW - timedelta(hours=1)))
    assert await retention(shelf).sweep() == Removed(idempotency_keys=1)
    async with shelf.store.read() as connection:
        left = list((await connection.execute(select(idempotency_keys.c.idempotency_key))).scalars())
    assert left == ["new"]


async def test_it_goes_on_every_hour_also_after_a_failure(shelf: Shelf, monkeypatch: Any) -> None:
    rests: list[float] = []
    enough = asyncio.Event()

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 3:
            enough.set()
            await asyncio.Event().wait()

    job = Retention(shelf.store, shelf.archive, RetentionSettings(), now=lambda: NOW, sleep=rest)
    outcomes = iter([RuntimeError("a fault"), None, None])

    async def sweep() -> Removed:
        if (outcome := next(outcomes)) is not None:
            raise outcome
        return Removed()

    monkeypatch.setattr(job, "sweep", sweep)
    job.start()
    await asyncio.wait_for(enough.wait(), 60)
    await job.close()
    assert rests == [EVERY_S] * 3
