from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from agent.domain.agent import Agent, AgentRef
from agent.store import agents, phone_numbers
from agent.store.agents import API
from agent.store.engine import Store
from agent.store.registry import Registry

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DESK = Agent(name="desk", greeting="Good day.", instructions="Be brief.")
NIGHT = Agent(name="night", greeting="Good evening.", instructions="Be brief.")


async def test_what_files_say_answers_calls_and_keeps_its_version_while_nothing_changes(store: Store) -> None:
    registry = Registry(store)
    for _ in range(2):
        await registry.adopt({"desk": DESK}, {"1000": "desk"}, now=NOW)
    assert registry.serving("1000") == AgentRef("desk", 1)
    assert registry.serving("2000") is None
    assert registry.served == [DESK]


async def test_a_changed_file_is_a_new_version_and_calls_keep_theirs(store: Store) -> None:
    registry = Registry(store)
    await registry.adopt({"desk": DESK}, {"1000": "desk"}, now=NOW)
    before = registry.serving("1000")
    changed = DESK.model_copy(update={"greeting": "Hello."})
    await registry.adopt({"desk": changed}, {"1000": "desk"}, now=NOW)
    assert before is not None
    assert registry.agent(before) == DESK
    after = registry.serving("1000")
    assert after == AgentRef("desk", 2)
    assert registry.agent(after) == changed


async def test_what_left_the_files_answers_no_more_and_what_came_by_the_api_stays(store: Store) -> None:
    registry = Registry(store)
    await registry.adopt({"desk": DESK}, {"1000": "desk"}, now=NOW)
    async with store.write() as connection:
        night = await agents.create(connection, NIGHT, source=API, now=NOW)
        await phone_numbers.create(connection, "3000", night.id, source=API, now=NOW)
    await registry.adopt({"night2": NIGHT.model_copy(update={"name": "night2"})}, {"2000": "night2"}, now=NOW)
    assert registry.serving("1000") is None
    assert registry.serving("2000") == AgentRef("night2", 1)
    assert registry.serving("3000") == AgentRef("night", 1)


async def test_a_name_can_be_used_again_after_its_agent_was_deleted(store: Store) -> None:
    async with store.write() as connection:
        first = await agents.create(connection, DESK, source=API, now=NOW)
        assert await agents.delete(connection, first.id, now=NOW)
        second = await agents.create(connection, DESK, source=API, now=NOW)
    assert second.id != first.id
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await agents.create(connection, DESK, source=API, now=NOW)


async def test_unknown_numbers_go_to_the_default(store: Store) -> None:
    registry = Registry(store, default="night")
    await registry.adopt({"desk": DESK, "night": NIGHT}, {"1000": "desk"}, now=NOW)
    assert registry.serving("+49") == AgentRef("night", 1)
    assert registry.served == [DESK, NIGHT]
