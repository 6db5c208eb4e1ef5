"""Scripts in the database: versions, approval, and who writes what was ordered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.domain.outbound import ScriptRef
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.errors import LanguageModelError
from agent.resources import PACKAGE
from agent.scripts.author import INVALID, Author
from agent.scripts.by_hand import script_of_text
from agent.scripts.writer import Written
from agent.store import scripts
from agent.store.engine import Store
from agent.store.scripts import ScriptStatus

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BRIEF = ScriptBrief(goal="Ask whether they come.")


def _script(opening: str = "Good day.") -> CallScript:
    parts = {"name": "ask", "slots": [], "transitions": [{"to": "done"}]}
    exits = [{"name": "done", "outcome": "completed", "success": True}]
    return CallScript.model_validate(
        {"name": "n", "purpose": "p", "opening": opening, "states": [parts], "exits": exits}
    )


class Pen:
    """A writer whose work is known."""

    def __init__(self, outcome: Written | LanguageModelError) -> None:
        self._outcome = outcome

    async def write(self, brief: ScriptBrief) -> Written:
        assert brief == BRIEF
        if isinstance(self._outcome, LanguageModelError):
            raise self._outcome
        return self._outcome


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
    early = Author(store, Pen(Written(_script(), (), 2)), server="s", clock=lambda: NOW + timedelta(seconds=59))
    assert not await early.write_once()
    late = Author(store, Pen(Written(_script(), (), 2)), server="s", clock=lambda: NOW + timedelta(seconds=61))
    assert await late.write_once()
    assert not await late.write_once()
    async with store.write() as connection:
        written = await scripts.get(connection, ordered.id)
        assert written is not None
        assert (written.status, written.version, written.script, written.attempts) == ("draft", 1, _script(), 2)
        assert not await scripts.finish(connection, job, _script("No."), worker="dead", now=NOW, attempts=1)


async def test_what_cannot_be_written_says_why(store: Store) -> None:
    async with store.write() as connection:
        one = await scripts.order(connection, BRIEF, now=NOW)
        two = await scripts.order(connection, BRIEF, now=NOW + timedelta(seconds=1))
    silent = LanguageModelError("It does not answer.", code="llm_timeout")
    for outcome in (silent, Written(None, (), 3)):
        assert await Author(store, Pen(outcome), server="s", clock=lambda: NOW + timedelta(seconds=2)).write_once()
    async with store.read() as connection:
        found = [await scripts.get(connection, made.id) for made in (one, two)]
    assert [(one.status, one.error_code) for one in found if one] == [("failed", "llm_timeout"), ("failed", INVALID)]


def test_the_shipped_script_passes_its_check() -> None:
    from agent.scripts.checker import check

    text = (PACKAGE / "samples" / "scripts" / "appointment-reminder.yaml").read_text("utf-8")
    assert check(script_of_text(text)) == []
