"""A process that publishes as `serve` does, until it is killed.

`python -m tests.integration.bus.relay_process DATABASE_URL SETTINGS`; prints its name in leases when it has begun.
"""

from __future__ import annotations

import asyncio
import os
import sys

from agent.bus.bus import Bus
from agent.settings import BusSettings
from agent.store.engine import Store


async def main(database_url: str, settings: str) -> None:
    bus = Bus(Store(database_url), BusSettings.model_validate_json(settings), server=str(os.getpid()))
    await bus.start()
    assert bus.relay is not None
    sys.stdout.write(f"{bus.relay.outbox.holder}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
