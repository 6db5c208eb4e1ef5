"""`kill -9` at random points of calls, deliveries and requests: what was accepted is done, what happened is told.

KILL_POINTS says how often (200 before a release), KILL_SEED draws the same points again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.ops import logs
from agent.settings import AsteriskSettings, LogSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.telephony.ari import AriClient
from agent.testing.model_servers import ModelServers
from tests.integration.serve.killed import audit
from tests.integration.serve.killed.callers import Callers
from tests.integration.serve.killed.clerk import Clerk
from tests.integration.serve.killed.household import Household
from tests.integration.serve.killed.inbox import Inbox
from tests.integration.serve.killed.moments import Moments, Point, chance
from tests.integration.serve.killed.nursery import Nursery

POINTS = int(os.environ.get("KILL_POINTS", "4"))
SEED = int(os.environ.get("KILL_SEED", "0")) or secrets.randbelow(1_000_000) + 1


@pytest.mark.timeout(300 + 60 * POINTS)
async def test_nothing_accepted_is_lost_and_nothing_is_left_behind(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(LogSettings(level="warning"))
    aim = chance(SEED, "kills")
    points = [Point.draw(aim) for _ in range(POINTS)]
    moments = Moments()
    async with AsyncExitStack() as stack:
        store, keys = await prepared(database_url)
        stack.push_async_callback(store.close)
        inbox = Inbox(moments, SEED)
        await inbox.start()
        stack.push_async_callback(inbox.close)
        models = await stack.enter_async_context(ModelServers())
        asterisk = AsteriskInstance(bundle("asterisk"), AsteriskConfig(insecure_callers=True), tmp_path / "asterisk")
        await asterisk.start()
        stack.push_async_callback(asterisk.stop)
        nursery = await stack.enter_async_context(Nursery())
        household = Household(asterisk, database_url, models.settings, tmp_path, moments, nursery)
        clerk = Clerk(household.port, keys, inbox, moments, SEED)
        stack.push_async_callback(clerk.close)
        async with household.serving():
            endpoint_id = await clerk.begin()

        callers = Callers(asterisk.config.sip_port, tmp_path, moments, SEED)
        stack.push_async_callback(callers.close)
        callers.start()
        working = asyncio.create_task(clerk.work())
        try:
            for point in points:
                await household.live_and_die(point, clerk.up)
                assert not working.done(), working.exception()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

        callers.stay()
        async with household.serving():
            await clerk.hang_up_all()  # who came in since; all others are let go by what the server does at its start
            await callers.gone()
            await audit.all_delivered(store, endpoint_id)
        summary = (
            f"KILL_SEED={SEED} KILL_POINTS={POINTS}: {callers.made} calls, {callers.answered} answered; "
            f"{len(inbox.taken)} webhooks, {len(inbox.taken) - len({one.id for one in inbox.taken})} of them again; "
            f"{clerk.told.requests} requests, {clerk.told.answered} answered, refused {dict(clerk.told.refused)}; "
            f"kills: {dict(Counter(str(point.kind or 'start') for point in points))}"
        )
        assert await audit.problems(store, endpoint_id, inbox.taken, clerk.told) == [], summary
        await nothing_left_in(asterisk)
        with capsys.disabled():
            sys.stdout.write(f"\n{summary}\n")


async def prepared(database_url: str) -> tuple[Store, list[str]]:
    """The database with its tables, and keys: several, since each has a limit to its requests."""
    store = Store(database_url)
    await migrate(store)
    keys = ApiKeys(store)
    made = [await keys.create(f"clerk {n}", frozenset({Scope.ADMIN}), datetime.now(UTC)) for n in range(8)]
    return store, [secret for _, secret in made]


async def nothing_left_in(asterisk: AsteriskInstance) -> None:
    settings = AsteriskSettings(ari_url=asterisk.ari_url, ari_password=SecretStr(asterisk.config.ari_password))
    async with AriClient(settings) as ari:
        assert await ari.channels() == []
        assert await ari.bridges() == []
