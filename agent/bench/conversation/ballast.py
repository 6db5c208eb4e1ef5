"""A process that only takes processor time or memory: counted in with the agent's, it makes the rows of cost fail."""

from __future__ import annotations

import argparse
import asyncio
import select
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.bench.conversation.house import House
from agent.errors import SetupError

PERIOD_S = 0.02
_PAGE = 4096


@asynccontextmanager
async def ballast(house: House, *, burn: float = 0.0, hold_mb: int = 0) -> AsyncIterator[None]:
    """Runs during the block and is counted in: `burn` of a core (0 to 1), `hold_mb` of 10^6 bytes.

    It ends with its standard input, so it never outlives us. Raises SetupError where it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, "--burn", str(burn), "--hold-mb", str(hold_mb), stdin=PIPE, stdout=PIPE
    )
    if process.stdin is None or process.stdout is None:
        raise SetupError("The ballast has no pipes.")
    try:
        if not await process.stdout.readline():
            raise SetupError("The ballast did not start.")
        with house.counting_in("ballast", process.pid):
            yield
    finally:
        process.stdin.close()
        await process.wait()


def main() -> None:
    """Hold and burn until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--burn", type=float)
    parser.add_argument("--hold-mb", type=int)
    options = parser.parse_args()
    held = bytearray(options.hold_mb * 1_000_000)
    held[::_PAGE] = b"\1" * len(range(0, len(held), _PAGE))  # a page that was never written takes no memory
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], PERIOD_S * (1 - options.burn))[0]:
        until = time.monotonic() + PERIOD_S * options.burn
        while time.monotonic() < until:
            pass


if __name__ == "__main__":
    main()
