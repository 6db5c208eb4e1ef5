"""What is worked out after calls, in a real database: done once, tried again, and never forgotten."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from agent.aftercall.clerk import RETRY_AFTER, Clerk
from agent.domain.event_types import EventType
from agent.domain.summary_resource import SummaryStatus
from agent.errors import LanguageModelError
from agent.ops.backlog_metrics import BacklogMetrics
from agent.store import calls, events, summaries
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.leased_work import LEASE, RENEW_S
from tests.integration.aftercall.office import DESK, NOW, SAID, Brain, Time, clerk, hire, summary, took


async def waiting(store: Store) -> float | None:
    """Summaries that wait, as Prometheus is told."""
    registry = CollectorRegistry()
    metrics = BacklogMetrics(registry, store)
    await metrics.look()
    return registry.get_sample_value("phone_agent_summaries_pending")


async def test_what_an_agent_wants_is_pending_when_its_call_ends_and_told_when_it_is_ready(store: Store) -> None:
    await hire(store)
    told = await took(store)
    assert [event.type for event in told[-2:]] == [EventType.CALL_ENDED, EventType.CALL_TRANSCRIPT_READY]
    assert told[-1].data["call"]["summary"]["status"] == "pending"
    news: list[StoredEvent] = []
    brain = Brain()
    worker = clerk(store, brain, told=news)
    assert await waiting(store) == 1
    assert await worker.work_once()
    assert not await worker.work_once()
    assert await waiting(store) == 0
    assert brain.worked == [SAID]
    async with store.read() as connection:
        call = await calls.get(connection, "call_1")
        kept = await events.after_sequence(connection, "call_1", told[-1].sequence or 0, limit=9)
    assert call is not None
    assert call.summary is not None
    assert (call.summary.status, call.summary.text, call.summary.outcome) == ("ready", "Two tickets.", "booked")
    assert (call.summary.attempts, call.summary.finished_at) == (1, NOW)
    assert kept == news
    assert [(event.type, event.data["call"]) for event in news] == [(EventType.CALL_SUMMARY_READY, call.as_json())]


async def test_nothing_is_done_about_calls_of_agents_that_want_nothing_or_that_were_not_answered(store: Store) -> None:
    await hire(store, DESK.model_copy(update={"after_call": type(DESK.after_call)()}))
    await took(store)
    await took(store, "call_2", answered=False)
    assert not await clerk(store, Brain()).work_once()
    async with store.read() as connection:
        call = await calls.get(connection, "call_1")
    assert call is not None
    assert call.summary is None


async def test_a_model_that_fails_is_asked_again_later_and_later_and_then_the_failure_is_told(store: Store) -> None:
    await hire(store)
    await took(store)
    time, news = Time(), list[StoredEvent]()
    worker = clerk(store, Brain(*[LanguageModelError("Gone.")] * 5), time, told=news)
    for attempt, wait in enumerate(RETRY_AFTER, 1):
        assert await worker.work_once()
        found = await summary(store)
        assert (found.status, found.attempts, found.error_code) == (SummaryStatus.PENDING, attempt, "llm_error")
        time.passes(seconds=wait.total_seconds() - 1)
        assert not await worker.work_once()
        time.passes(seconds=1)
    assert news == []
    assert await worker.work_once()
    assert ((await summary(store)).status, (await summary(store)).error_code) == (SummaryStatus.FAILED, "llm_error")
    assert [event.type for event in news] == [EventType.CALL_SUMMARY_FAILED]
    assert news[0].data["call"]["summary"]["error_code"] == "llm_error"
    assert not await worker.work_once()

    async with store.write() as connection:
        again = await summaries.retry(connection, "call_1", now=time.now)
    assert again is not None
    assert (again.status, again.attempts, again.error_code) == (SummaryStatus.PENDING, 0, None)
    assert await worker.work_once()
    assert (await summary(store)).status is SummaryStatus.READY
    assert news[-1].type == EventType.CALL_SUMMARY_READY


async def test_a_fault_of_ours_is_a_failed_attempt_too_and_keeps_nobody_else_waiting(store: Store) -> None:
    await hire(store)
    await took(store)
    await took(store, "call_2")
    worker = clerk(store, Brain(ZeroDivisionError("A mistake.")))
    assert await worker.work_once()
    assert await worker.work_once()
    assert (await summary(store)).error_code == "internal_error"
    assert (await summary(store, "call_2")).status is SummaryStatus.READY


async def test_what_was_under_way_when_the_server_stopped_is_given_back_and_does_not_count(store: Store) -> None:
    await hire(store)
    await took(store)
    brain = Brain()
    brain.free.clear()
    worker = clerk(store, brain)
    worker.start()
    await brain.busy.wait()
    await worker.close()
    assert (await summary(store)).attempts == 0
    assert await clerk(store, Brain(), server="two").work_once()
    assert (await summary(store)).attempts == 1


async def killed_at_work(url: str, server: str) -> None:
    """A real process that dies while it works."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.aftercall.victim", url, server, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"working\n"
    finally:
        process.kill()
        await process.communicate()


async def test_what_a_killed_process_had_begun_is_done_by_another_when_its_lease_ends(
    store: Store, database_url: str
) -> None:
    await hire(store)
    await took(store)
    await killed_at_work(database_url, "dead")
    time = Time()
    time.now = datetime.now(UTC)
    worker = clerk(store, Brain(), time)
    assert not await worker.work_once()
    time.passes(seconds=LEASE.total_seconds() + 1)
    assert await worker.work_once()
    assert ((await summary(store)).status, (await summary(store)).attempts) == (SummaryStatus.READY, 2)


async def test_what_a_killed_process_had_begun_is_done_at_once_after_its_own_next_start(
    store: Store, database_url: str
) -> None:
    await hire(store)
    await took(store)
    await killed_at_work(database_url, "a_")
    for server, free in (("ab", False), ("a", False), ("a_", True)):
        async with store.write() as connection:
            await summaries.free_leases_of(connection, server)
        time = Time()
        time.now = datetime.now(UTC)
        assert await clerk(store, Brain(), time, server=server).work_once() is free
    assert (await summary(store)).status is SummaryStatus.READY


async def test_a_call_that_kills_whoever_works_on_it_is_given_up(store: Store, database_url: str) -> None:
    await hire(store)
    await took(store)
    for _ in range(len(RETRY_AFTER) + 1):
        async with store.write() as connection:
            await summaries.free_leases_of(connection, "dead")
            assert await summaries.claim(connection, worker="dead/1", now=NOW, until=NOW + LEASE)
    brain, news, time = Brain(), list[StoredEvent](), Time()
    time.passes(seconds=LEASE.total_seconds())
    assert await clerk(store, brain, time, told=news).work_once()
    assert brain.worked == []
    assert ((await summary(store)).status, (await summary(store)).error_code) == ("failed", "summary_interrupted")
    assert [event.type for event in news] == [EventType.CALL_SUMMARY_FAILED]


async def test_a_lease_is_renewed_as_long_as_the_work_takes(store: Store) -> None:
    await hire(store)
    await took(store)
    brain, time = Brain(), Time()
    brain.free.clear()
    worker = clerk(store, brain, time)
    working = asyncio.create_task(worker.work_once())
    await brain.busy.wait()
    other = clerk(store, Brain(), time, server="two")
    for _ in range(6):
        await time.slept.wait()
        time.slept.clear()
        time.passes(seconds=RENEW_S)
        assert not await other.work_once()
        await time.slept.wait()
    brain.free.set()
    assert await working
    assert (await summary(store)).status is SummaryStatus.READY


@pytest.mark.parametrize("taken", ["erased", "by another"])
async def test_who_lost_the_call_meanwhile_changes_and_tells_nothing(store: Store, taken: str) -> None:
    await hire(store)
    await took(store)
    brain, news, time = Brain(), list[StoredEvent](), Time()
    brain.free.clear()
    working = asyncio.create_task(clerk(store, brain, time, told=news).work_once())
    await brain.busy.wait()
    async with store.write() as connection:
        if taken == "erased":
            await summaries.erase(connection, "call_1")
        else:
            late = time.now + 2 * LEASE
            assert await summaries.claim(connection, worker="two/1", now=late, until=late + LEASE)
    brain.free.set()
    assert await working
    assert news == []
    if taken == "by another":
        assert (await summary(store)).status is SummaryStatus.PENDING


async def test_who_lost_the_call_meanwhile_stops_to_work_on_it(store: Store) -> None:
    await hire(store)
    await took(store)
    brain, time = Brain(), Time()
    brain.free.clear()
    working = asyncio.create_task(clerk(store, brain, time).work_once())
    await brain.busy.wait()
    async with store.write() as connection:
        await summaries.erase(connection, "call_1")
    await time.slept.wait()
    time.passes(seconds=RENEW_S)
    assert await working


async def test_several_servers_on_one_database_do_each_call_once(store: Store, database_url: str) -> None:
    await hire(store)
    numbers = [f"call_{number}" for number in range(24)]
    for number in numbers:
        await took(store, number)
    others = [Store(database_url) for _ in range(3)]
    brains = [Brain() for _ in others]
    news: list[StoredEvent] = []
    workers = [
        clerk(other, brain, server=f"server{n}", told=news)
        for n, (other, brain) in enumerate(zip(others, brains, strict=True))
    ]

    async def work() -> None:
        await asyncio.gather(*(_until_nothing_is_left(worker) for worker in workers))

    await asyncio.wait_for(work(), 60)
    for other in others:
        await other.close()
    assert Counter(event.call_id for event in news) == Counter(numbers)
    assert sum(len(brain.worked) for brain in brains) == len(numbers)
    for number in numbers:
        assert ((await summary(store, number)).status, (await summary(store, number)).attempts) == ("ready", 1)


async def _until_nothing_is_left(worker: Clerk) -> None:
    while await worker.work_once():
        pass


async def test_a_running_clerk_takes_what_comes_and_what_is_due_again(store: Store) -> None:
    await hire(store)
    brain, time, news = Brain(LanguageModelError("Busy.")), Time(), list[StoredEvent]()
    worker = clerk(store, brain, time, told=news)
    worker.start()
    worker.recorded(await took(store))
    while not news:
        time.slept.clear()
        await time.slept.wait()
        time.passes(seconds=RETRY_AFTER[0].total_seconds())
    await worker.close()
    assert [event.type for event in news] == [EventType.CALL_SUMMARY_READY]
    assert timedelta(0) < RETRY_AFTER[0]
