"""A process that begins to work something out, says so, and is killed over it: `python -m …victim URL SERVER`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from agent.aftercall.clerk import Clerk
from agent.domain.after_call import AfterCall
from agent.domain.summary_resource import Findings
from agent.domain.turns import Turn
from agent.store.engine import Store


class Endless:
    async def work_out(self, turns: Sequence[Turn], wanted: AfterCall, *, language: str) -> Findings:
        sys.stdout.write("working\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
        raise AssertionError(turns, wanted, language)


async def main(url: str, server: str) -> None:
    worker = Clerk(Store(url), Endless(), server=server, told=lambda _events: None)
    await worker.work_once()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
