"""A process that sends webhooks as `serve` does, until it is killed.

`python -m tests.integration.webhooks.sender_process DATABASE_URL SETTINGS`; prints its name in leases.
"""

from __future__ import annotations

import asyncio
import sys

from agent.settings import WebhooksSettings
from agent.store.engine import Store
from agent.webhooks.webhooks import Webhooks


async def main(database_url: str, settings: str) -> None:
    webhooks = Webhooks(Store(database_url), WebhooksSettings.model_validate_json(settings))
    webhooks.start()
    sys.stdout.write(f"{webhooks._sender._office.sender}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
