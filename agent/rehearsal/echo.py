"""An echo that waits for its turn, in place of the agent: it understands nothing, and its latency is known.

Takes the place of `phone-agent serve` in a process of its own: same options, same events, no turns among them.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import numpy as np

from agent import configuration
from agent.domain.agent import AgentRef
from agent.domain.call import Call, EndedReason
from agent.errors import ConfigurationError
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from agent.ops import logs
from agent.ops.event_pipe import EventPipe
from agent.rehearsal.server_process import BROKEN_CONFIGURATION
from agent.settings import Settings
from agent.telephony.ari import AriClient
from agent.telephony.inputs import ChannelInputs
from agent.telephony.switchboard import Switchboard
from agent.testing.tone import tone

WAITS_MS = 600
"""Silence after the caller's last sound before it is played back: so long, and up to one frame more."""
LOUD = 328  # -40 dBFS: the test voice is far above, what Asterisk makes of silence far below
LONGEST_FRAMES = 1500  # 30 s
_FRAME_MS = 20


async def parrot(_call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
    """A `HandleCall`: a beep for a greeting, then everything back, utterance by utterance."""
    stream.playout.play(tone(440, 0.3).tobytes())
    utterance: list[bytes] = []
    quiet = 0
    async for frame in stream.frames:
        loud = bool(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max(initial=0) >= LOUD)
        quiet = 0 if loud else quiet + 1
        if (loud or utterance) and len(utterance) < LONGEST_FRAMES:
            utterance.append(frame)
        if utterance and quiet == WAITS_MS // _FRAME_MS:
            stream.playout.play(b"".join(utterance[:-quiet] or utterance))
            utterance = []
    return EndedReason.CALLER_HANGUP


async def serve(settings: Settings, events_fd: int) -> None:
    """Take every call until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pipe = await EventPipe.open(events_fd)
    media = AudioSocketServer(settings.media.bind, settings.media.port)
    await media.start()
    try:
        async with AriClient(settings.asterisk) as ari:
            switchboard = Switchboard(
                ari, media, settings, agent_for=lambda _number: AgentRef("echo"), handle_call=parrot, sink=pipe
            )
            await switchboard.start()
            try:
                pipe.write({"type": "server.ready"})
                await stop.wait()
            finally:
                await switchboard.close()
    finally:
        await media.close()
        pipe.close()


def main() -> None:
    """The command line of `phone-agent serve`, as far as a stage uses it."""
    parser = argparse.ArgumentParser(prog="echo")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--events-fd", type=int, required=True)
    arguments = parser.parse_args()
    try:
        settings = configuration.load(arguments.config)
        logs.configure(settings.log)
        asyncio.run(serve(settings, arguments.events_fd))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(BROKEN_CONFIGURATION)


if __name__ == "__main__":
    main()
