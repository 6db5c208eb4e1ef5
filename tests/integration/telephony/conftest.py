from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from tests.integration.telephony.exchange import Exchange, open_exchange


@pytest.fixture(scope="session")
def prefix() -> Path:
    """The real Asterisk; fetched where this machine does not have it yet."""
    return bundle("asterisk")


@pytest_asyncio.fixture
async def asterisk(prefix: Path, tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    instance = AsteriskInstance(prefix, AsteriskConfig(insecure_callers=True), tmp_path / "asterisk")
    await instance.start()
    try:
        yield instance
    finally:
        await instance.stop()


@pytest_asyncio.fixture
async def exchange(asterisk: AsteriskInstance, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with open_exchange(asterisk.config, tmp_path) as opened:
        await opened.connected()
        yield opened
