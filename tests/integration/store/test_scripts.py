"""Scripts in the database: versions, approval, and who writes what was ordered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from agent.domain.event_types import EventType
from agent.domain.outbound import ScriptRef
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, FindingCode
from agent.errors import LanguageModelError
from agent.resources import PACKAGE
from agent.scripts.author import INVALID, Author
from agent.scripts.by_hand import script_of_text
from agent.scripts.writer import Written
from agent.store import scripts
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.scripts import ScriptStatus

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BRIEF = ScriptBrief(goal="Ask whether they come.")
FOUND = Finding(code=FindingCode.NO_SCRIPT, path="/questions", message="It is no JSON.")


def _script(opening: str = "Good day.") -> CallScript:
    parts = {"name": "ask", "slots": [], "transitions": [{"to": "done"}]}
    exits = [{"name": "done", "outcome": "completed", "success": True}]
    return CallScript.model_validate(
        {"name": "n", "purpose": "p", "opening": opening, "states": [parts], "exits": exits}
    )


class Pen:
    """A writer whose work is known."""

    def __init__(self, outcome: Written | Exception) -> None:
        self._outcome = outcome

    async def write(self, brief: ScriptBrief) -> Written:
        assert brief == BRIEF
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def _author(store: Store, outcome: Written | Exception, *, after_s: float, news: list[StoredEvent]) -> Author:
    return Author(store, Pen(outcome), server="s", told=news.extend, clock=lambda: NOW + timedelta(seconds=after_s))


async def test_a_version_never_changes_and_only_approved_ones_are_plans(store: Store) -> None:
    async with store.write() as connection:
        made = await scripts.create(connection, _script(), now=NOW)
        same = await scripts.revise(connection, made.id, _script(), now=NOW)
        assert same is not None
        assert same.version == 1
        await scripts.approve(connection, made.id, 1, now=NOW)
        second = await scripts.revise(connection, made.id, _script("Hello."), now=NOW + timedelta(seconds=1))
    assert second is not None
    assert (second.version, second.approved_version, second.approved_at) == (2, 1, None)
    async with store.read() as connection:
        assert await scripts.plan(connection, ScriptRef(made.id, 1)) == _script()
        assert await scripts.plan(connection, ScriptRef(made.id, 2)) is None
        assert [one.version for one in await scripts.versions(connection, made.id)] == [2, 1]
        first = await scripts.get(connection, made.id, 1)
        assert first is not None
        assert first.approved_at == NOW
        assert await scripts.get(connection, made.id, 3) is None
        assert [one.id for one in await scripts.listed(connection, limit=5)] == [made.id]
    async with store.write() as connection:
        assert await scripts.delete(connection, made.id, now=NOW)
        assert not await scripts.delete(connection, made.id, now=NOW)
    async with store.read() as connection:
        assert await scripts.get(connection, made.id) is None
        assert await scripts.plan(connection, ScriptRef(made.id, 1)) == _script()
        assert await scripts.revise(connection, made.id, _script("Yes."), now=NOW) is None


async def test_what_is_ordered_is_written_once(store: Store) -> None:
    async with store.write() as connection:
        ordered = await scripts.order(connection, BRIEF, now=NOW)
        assert (ordered.status, ordered.version, ordered.script) == (ScriptStatus.WRITING, 0, None)
        job = await scripts.claim(connection, worker="dead", now=NOW, until=NOW + timedelta(seconds=60))
    assert job is not None
    news: list[StoredEvent] = []
    done = Written(_script(), (FOUND,), 2)
    assert not await _author(store, done, after_s=59, news=news).write_once()
    late = _author(store, done, after_s=61, news=news)
    assert await late.write_once()
    assert not await late.write_once()
    async with store.write() as connection:
        written = await scripts.get(connection, ordered.id)
        assert written is not None
        assert (written.status, written.version, written.script, written.attempts) == ("draft", 1, _script(), 2)
        assert written.findings == (FOUND,)
        assert not await scripts.finish(connection, job, _script("No."), worker="dead", now=NOW, attempts=1)
    assert [(event.type, event.data["script"]) for event in news] == [
        (
            EventType.SCRIPT_DRAFT_READY,
            {
                "id": ordered.id,
                "status": "draft",
                "version": 1,
                "attempts": 2,
                "error_code": None,
                "findings": [FOUND.model_dump(mode="json")],
            },
        )
    ]
    async with store.write() as connection:
        by_hand = await scripts.revise(connection, ordered.id, _script("Hello."), now=NOW)
    assert by_hand is not None
    assert by_hand.findings == ()


async def test_what_a_process_of_this_server_had_begun_is_free_at_once(store: Store) -> None:
    async with store.write() as connection:
        await scripts.order(connection, BRIEF, now=NOW)
        assert await scripts.claim(connection, worker="a_b/old", now=NOW, until=NOW + timedelta(seconds=60))
        await scripts.free_leases_of(connection, "axb")
        assert await scripts.claim(connection, worker="new", now=NOW, until=NOW + timedelta(seconds=60)) is None
        await scripts.free_leases_of(connection, "a_b")
        assert await scripts.claim(connection, worker="new", now=NOW, until=NOW + timedelta(seconds=60))


async def test_who_deletes_a_script_that_is_written_has_no_more_of_it(store: Store) -> None:
    async with store.write() as connection:
        ordered = await scripts.order(connection, BRIEF, now=NOW)
    began, news = asyncio.Event(), list[StoredEvent]()

    class Slow:
        async def write(self, brief: ScriptBrief) -> Written:
            began.set()
            never: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
            return await never

    deleted = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await deleted.wait()

    author = Author(store, Slow(), server="s", told=news.extend, clock=lambda: NOW, sleep=sleep)
    writing = asyncio.create_task(author.write_once())
    await began.wait()
    async with store.write() as connection:
        assert await scripts.delete(connection, ordered.id, now=NOW)
    deleted.set()
    assert await asyncio.wait_for(writing, 60)
    assert news == []


async def test_what_cannot_be_written_says_why(store: Store) -> None:
    async with store.write() as connection:
        made = [await scripts.order(connection, BRIEF, now=NOW + timedelta(seconds=second)) for second in range(3)]
    silent = LanguageModelError("It does not answer.", code="llm_timeout")
    news: list[StoredEvent] = []
    for outcome in (silent, Written(None, (FOUND,), 3), ValueError("a bug")):
        assert await _author(store, outcome, after_s=5, news=news).write_once()
    async with store.read() as connection:
        found = [await scripts.get(connection, one.id) for one in made]
    assert [(one.status, one.error_code, one.findings) for one in found if one] == [
        ("failed", "llm_timeout", ()),
        ("failed", INVALID, (FOUND,)),
        ("failed", "internal_error", ()),
    ]
    assert [(event.type, event.data["script"]["error_code"]) for event in news] == [
        (EventType.SCRIPT_DRAFT_FAILED, code) for code in ("llm_timeout", INVALID, "internal_error")
    ]


def test_the_shipped_script_passes_its_check() -> None:
    from agent.scripts.checker import check

    text = (PACKAGE / "samples" / "scripts" / "appointment-reminder.yaml").read_text("utf-8")
    assert check(script_of_text(text)) == []
