"""The agent under load, in a process of its own so that its processor time and memory can be told from SIPp's.

Speaks JSON lines: the first line of standard input names the Asterisk; standard output tells `ready`, each change of
the number of standing calls, and after the end of standard input the `result`.
"""

from __future__ import annotations

import asyncio
import json
import sys

from agent.bench.child import tell
from agent.bench.echo import Echo
from agent.domain.agent import AgentRef
from agent.domain.events import CallChanged, Event
from agent.media.server import AudioSocketServer
from agent.ops import logs
from agent.ops.garbage import spare_what_stays
from agent.ops.process import allow_many_files, put_sound_first
from agent.settings import AsteriskSettings, LogSettings, MediaSettings, Settings
from agent.telephony.ari import AriClient
from agent.telephony.switchboard import Switchboard


def main() -> None:
    """Serve until standard input ends: so it never outlives whoever started it."""
    logs.configure(LogSettings(level="warning"))
    allow_many_files()
    asyncio.run(_serve(json.loads(sys.stdin.readline()), realtime="--realtime" in sys.argv))


async def _serve(asterisk: dict[str, str], *, realtime: bool) -> None:
    settings = Settings(asterisk=AsteriskSettings.model_validate(asterisk), media=MediaSettings(port=0))
    echo = Echo()
    media = AudioSocketServer(settings.media.bind, settings.media.port)
    await media.start()
    try:
        async with AriClient(settings.asterisk) as ari:
            switchboard = Switchboard(
                ari,
                media,
                settings,
                agent_for=lambda _number: AgentRef("echo"),
                handle_call=echo,
                sink=Teller(echo),
            )
            await switchboard.start()
            try:
                spare_what_stays()
                realtime = realtime and put_sound_first()
                tell("ready")
                await _input_ended()
            finally:
                await switchboard.close()
    finally:
        await media.close()
    tell("result", realtime=realtime, **echo.result())


class Teller:
    """An EventSink that tells the parent how many calls stand, and the echo how each ended."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._standing: set[str] = set()

    def __call__(self, event: Event) -> None:
        """See EventSink."""
        if not isinstance(event, CallChanged):
            return
        if event.call.status.terminal:
            self._standing.discard(event.call_id)
            self._echo.ended(event.call)
            tell("ended", standing=len(self._standing))
        elif event.call.answered_at is not None:
            self._standing.add(event.call_id)
            tell("answered", standing=len(self._standing))


async def _input_ended() -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    await reader.read()
    transport.close()


if __name__ == "__main__":
    main()
