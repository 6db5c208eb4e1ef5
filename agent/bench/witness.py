"""One caller among the many whose sound is looked at: does the echo come back, whole, and after how long."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

from agent.testing.measure import read_tracks, speech_spans
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.phone import Softphone
from agent.testing.softphone.rtp import RATE
from agent.testing.tone import tone

EVERY_S = 1.0
PIP_S = 0.2
_START_S = 0.5
"""Before the first pip: the first packets of a call may be lost while both sides find each other."""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the witness heard of its own pips."""

    said: int
    round_trips_ms: tuple[float, ...]
    """From the start of each pip that came back to the start of its echo, at the telephone's socket."""
    problem: str = ""
    """One sentence where the call did not last."""


async def witness(sip_port: int, number: str, recording: Path, seconds: float) -> Testimony:
    """Call, say a pip every second for so long, hang up, and look at the recording."""
    said = 0
    problem = ""
    async with Softphone() as phone:
        call = await phone.call("127.0.0.1", sip_port, number, recording=recording, user="witness")
        if not await call.answered:
            return Testimony(0, (), f"the witness was not answered: {await call.ended}")
        start = (call.answered_at or 0) + round(_START_S * RATE)
        try:
            while (said + 1) * EVERY_S <= max(seconds, EVERY_S):
                await call.say(tone(400, PIP_S), at=start + round(said * EVERY_S * RATE))
                said += 1
            await call.reached(start + round(said * EVERY_S * RATE))
        except CallEndedError as error:
            problem = str(error)
        await call.hang_up()
    return Testimony(said, round_trips(recording), problem)


def round_trips(recording: Path) -> tuple[float, ...]:
    """Milliseconds from each pip on the sent track to its echo on the received one; a pip without echo is left out."""
    try:
        sent, received = read_tracks(recording)
    except (wave.Error, EOFError):
        return ()
    onsets = [span.start for span in speech_spans(received)]
    return match([span.start for span in speech_spans(sent)], onsets)


def match(said: list[int], heard: list[int]) -> tuple[float, ...]:
    """Each onset said to the first one heard after it and before the next one said, in ms. Positions in samples."""
    found = []
    for start, until in zip(said, [*said[1:], None], strict=True):
        echo = next((at for at in heard if at >= start and (until is None or at < until)), None)
        if echo is not None:
            found.append((echo - start) * 1000 / RATE)
    return tuple(found)
