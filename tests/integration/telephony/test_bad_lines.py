"""Bad lines at a real Asterisk: what of the caller's sound reaches the conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.telephony.ari import AriClient
from agent.telephony.line_watch import BUFFER
from agent.testing.softphone import LineCondition, PhoneCall
from tests.integration.telephony.exchange import Exchange


class Buffers:
    """Notes which channels are given a jitter buffer."""

    def __init__(self, ari: AriClient) -> None:
        self.channels: list[str] = []
        self.first = asyncio.Event()
        self._set = ari.set_variable
        ari.set_variable = self.set_variable  # type: ignore[method-assign]  # a spy in front of the real one

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        await self._set(channel_id, name, value)
        if name == BUFFER:
            self.channels.append(channel_id)
            self.first.set()


async def test_callers_whose_packets_overtake_each_other_get_a_jitter_buffer_and_others_none(
    exchange: Exchange, tmp_path: Path
) -> None:
    async def call(name: str, condition: LineCondition) -> PhoneCall:
        so_far = len(exchange.streams)
        port, recording = exchange.config.sip_port, tmp_path / f"{name}.wav"
        placed = await exchange.phone.call("127.0.0.1", port, "1000", recording=recording, condition=condition)
        assert await placed.answered
        await exchange.watch.until(lambda: len(exchange.streams) > so_far)
        return placed

    buffers = Buffers(exchange.ari)
    jittery = await call("jitter", LineCondition(jitter_ms=60, seed=7))
    lossy = await call("loss", LineCondition(loss_percent=20, seed=7))
    await asyncio.wait_for(buffers.first.wait(), 30)
    frames = exchange.streams[0].frames
    began, before = jittery.position, frames.received
    await jittery.reached(began + 4 * 8000)
    share = (frames.received - before) / ((jittery.position - began) / 160)
    await jittery.hang_up()
    await lossy.hang_up()
    assert share > 0.9  # 0.78 without it
    assert len(buffers.channels) == 1
    await exchange.ended(2)
