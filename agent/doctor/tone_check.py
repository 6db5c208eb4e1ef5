"""The call's sound: does a tone arrive on the other side, the same, in time, both ways."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from agent.doctor.check import Check, broken, good, warning
from agent.doctor.loop_call import LoopCall
from agent.media.schedule import FRAME_BYTES, SAMPLE_RATE
from agent.media.stream import MediaStream
from agent.testing.tone import Heard, heard, tone

TO_AGENT_HZ, TO_CALLER_HZ = 1000.0, 700.0
TONE_S = 1.5
SENT_DBFS = -15.05  # a sine with a quarter of full scale as its peak: 20 log10(0.25 / sqrt 2)
FREQUENCY_WITHIN_HZ = 5.0
LEVEL_WITHIN_DB = 1.0
PURITY = 0.95
EDGES_S = 0.25  # of the tone, left out: a jitter buffer may cut there
LISTEN_S = 5.0
"""A tone that has not come and gone after so long is lost."""
LATE_SHARE = 0.05  # of some eighty frames: a stumble or two is no illness
SLOW_MS = 200.0
_LOUD = 1000  # of 32767; the tone's peak is 8192


@dataclass(frozen=True, slots=True)
class Passage:
    """A tone's way from one end to the other."""

    towards: str
    """Who hears it."""
    sent_hz: float
    tone: Heard | None
    """What arrived; None: less than the tone's middle."""
    delay_ms: float
    """From the first sample at the one socket to its arrival at the other."""
    late_share: float
    """Frames that we sent late, 0 to 1."""


async def send_tones(call: LoopCall) -> list[Passage]:
    """Send a tone each way at the same time."""
    return list(
        await asyncio.gather(
            _send(call.caller, call.agent, "the agent", TO_AGENT_HZ),
            _send(call.agent, call.caller, "the caller", TO_CALLER_HZ),
        )
    )


async def _send(sender: MediaStream, receiver: MediaStream, towards: str, frequency_hz: float) -> Passage:
    loop = asyncio.get_running_loop()
    clip = sender.playout.play(tone(frequency_hz, TONE_S).tobytes())
    frames: list[bytes] = []
    arrived_at = 0.0
    try:
        async with asyncio.timeout(LISTEN_S):
            async for frame in receiver.frames:
                if not frames and not _is_loud(frame):
                    continue
                arrived_at = arrived_at or loop.time()
                frames.append(frame)
                if len(frames) * FRAME_BYTES >= 2 * TONE_S * SAMPLE_RATE:
                    break
    except TimeoutError:
        pass  # what has come is judged
    started_at = clip.started.result() if clip.started.done() else None
    edge = round(EDGES_S * SAMPLE_RATE)
    middle = np.frombuffer(b"".join(frames), "<i2")[edge : round(TONE_S * SAMPLE_RATE) - edge]
    return Passage(
        towards=towards,
        sent_hz=frequency_hz,
        tone=heard(middle) if len(middle) >= SAMPLE_RATE // 2 else None,
        delay_ms=(arrived_at - started_at) * 1000 if started_at is not None and arrived_at else 0.0,
        late_share=sender.playout.statistics.late_share,
    )


def _is_loud(frame: bytes) -> bool:
    return int(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max(initial=0)) >= _LOUD


def judge(passages: list[Passage], setup_s: float) -> Check:
    """What the tones say of the call. Pure."""
    for passage in passages:
        if problem := _problem(passage):
            return broken(
                "tone_call", "tone_lost" if passage.tone is None else "tone_changed",
                f"a call through Asterisk was made, but {problem}",
                "see Asterisk's log; check that codecs and bridges are those of asterisk-config/modules.conf, "
                "and that nothing between Asterisk and this machine drops TCP connections.",
            )  # fmt: skip
    round_trip = sum(passage.delay_ms for passage in passages)
    late = max(passage.late_share for passage in passages)
    message = (
        f"a call through Asterisk was made in {setup_s * 1000:.0f} ms and carried a tone both ways, "
        f"{round_trip:.0f} ms there and back"
    )
    if late > LATE_SHARE:
        return warning(
            "tone_call", "frames_late", f"{message}, but {late:.1%} of the frames left late",
            "this machine is too busy: end other programs, or give it more cores.",
        )  # fmt: skip
    if round_trip > SLOW_MS:
        return warning(
            "tone_call", "sound_slow", message,
            "bring the agent nearer to Asterisk, onto the same machine or network, or free the processor.",
        )  # fmt: skip
    return good("tone_call", message)


def _problem(passage: Passage) -> str:
    """What is wrong with the tone; empty where nothing is."""
    found = passage.tone
    if found is None:
        return f"{passage.towards} heard no tone, or not to its end"
    if abs(found.frequency_hz - passage.sent_hz) > FREQUENCY_WITHIN_HZ:
        return f"{passage.towards} heard {found.frequency_hz:.0f} Hz in place of {passage.sent_hz:.0f} Hz"
    if abs(found.level_dbfs - SENT_DBFS) > LEVEL_WITHIN_DB:
        return f"{passage.towards} heard the tone at {found.level_dbfs:.1f} dBFS in place of {SENT_DBFS:.1f}"
    if found.purity < PURITY:
        return f"{passage.towards} heard the tone with gaps or noise (purity {found.purity:.2f})"
    return ""
