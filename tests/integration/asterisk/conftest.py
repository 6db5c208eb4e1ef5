from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance


@pytest.fixture(scope="session")
def prefix() -> Path:
    """The real Asterisk; fetched where this machine does not have it yet."""
    return bundle("asterisk")


@pytest_asyncio.fixture
async def asterisk(prefix: Path, tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    """One that runs, as an operator has it: every caller needs a password."""
    instance = AsteriskInstance(prefix, AsteriskConfig(), tmp_path / "run")
    await instance.start()
    try:
        yield instance
    finally:
        await instance.stop()


@pytest_asyncio.fixture
async def open_asterisk(prefix: Path, tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    """One that runs, as rehearsals have it: callers on loopback need none."""
    instance = AsteriskInstance(prefix, AsteriskConfig(insecure_callers=True), tmp_path / "run")
    await instance.start()
    try:
        yield instance
    finally:
        await instance.stop()
