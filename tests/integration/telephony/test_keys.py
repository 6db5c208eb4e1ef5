"""Keys of telephones at a real Asterisk: those that callers press, however they come, and those that we press."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from agent.domain.call import Call, EndedReason
from agent.media.key_tones import COLUMNS_HZ, ROWS_HZ, is_key_tone
from agent.media.stream import MediaStream
from agent.telephony.inputs import ChannelInputs
from agent.testing.softphone import sdp
from agent.testing.softphone.rtp import Pcm
from tests.integration.telephony.exchange import Exchange

LAYOUT = "123A456B789C*0#D"


def key_tones(keys: str, *, tone_ms: int = 100, pause_ms: int = 100) -> Pcm:
    """The sound of keys, -10 dBFS."""
    time_s = np.arange(8 * tone_ms) / 8000
    parts = []
    for key in keys:
        row, column = ROWS_HZ[LAYOUT.index(key) // 4], COLUMNS_HZ[LAYOUT.index(key) % 4]
        parts += [
            7000 * (np.sin(2 * np.pi * row * time_s) + np.sin(2 * np.pi * column * time_s)),
            np.zeros(8 * pause_ms),
        ]
    return np.concatenate([*parts, np.zeros(2400)]).astype(np.int16)


class Ear:
    """A conversation that keeps what it hears."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def listen(self, _call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
        async for frame in stream.frames:
            self.frames.append(frame)
        return EndedReason.CALLER_HANGUP

    @property
    def key_tones(self) -> int:
        return sum(map(is_key_tone, self.frames))


async def test_a_telephone_with_events_is_heard_by_them_alone(exchange: Exchange) -> None:
    ear = Ear()
    exchange.handler = ear.listen
    phone = await exchange.talking()
    await phone.press("12#")
    await exchange.watch.until(lambda: exchange.keys == "12#")
    assert not ear.key_tones, "an event makes no sound"
    await phone.say(key_tones("4567"))
    await phone.press("*")
    await exchange.watch.until(lambda: exchange.keys.endswith("*"))
    assert exchange.keys == "12#*", "its sound is no key: it would count twice"
    assert ear.key_tones >= 4 * 4, "and reaches the conversation, which must not take it for speech"
    await phone.hang_up()
    await exchange.ended()


async def test_a_telephone_without_events_is_heard_by_its_sound(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = sdp.build
    monkeypatch.setattr(sdp, "build", lambda **told: build(**(told | {"event_payload": None})))
    ear = Ear()
    exchange.handler = ear.listen
    phone = await exchange.talking()
    await phone.say(key_tones("1590*#"))
    await exchange.watch.until(lambda: exchange.keys == "1590*#")
    assert ear.key_tones <= 6, "Asterisk takes the sound away, but for a frame here and there"
    await phone.hang_up()
    await exchange.ended()


async def test_keys_that_we_press_arrive_all_and_in_order(exchange: Exchange) -> None:
    async def press(_call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        await inputs.press("0123456789*#")
        await stream.closed
        return EndedReason.CALLER_HANGUP

    exchange.handler = press
    phone = await exchange.talking()
    keys = [await phone.key() for _ in range(12)]
    assert "".join(keys) == "0123456789*#"
    await phone.hang_up()
    await exchange.ended()
    await exchange.check_nothing_left()


async def test_pressing_keys_is_told_when_the_last_was_let_go_and_then_sound_is_whole(exchange: Exchange) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)).astype("<i2").tobytes()

    async def press_and_speak(_call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        await inputs.press("12")
        await stream.playout.play(tone).done
        return EndedReason.AGENT_HANGUP

    exchange.handler = press_and_speak
    phone = await exchange.talking()
    assert [await phone.key(), await phone.key()] == ["1", "2"]
    await phone.ended
    assert loud_samples(phone.recording) >= 4000 - 320
    await exchange.ended()


async def test_a_caller_who_leaves_ends_the_pressing(exchange: Exchange) -> None:
    async def press(_call: Call, _stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        await inputs.press("1" * 64)
        return EndedReason.AGENT_HANGUP

    exchange.handler = press
    phone = await exchange.talking()
    await phone.key()
    await phone.hang_up()
    (call,) = await exchange.ended()
    assert call.ended_reason is EndedReason.CALLER_HANGUP
    await exchange.check_nothing_left()


def loud_samples(recording: Path) -> int:
    with wave.open(str(recording)) as wav:
        right = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)[1::2]
    (loud,) = np.nonzero(np.abs(right.astype(np.int32)) > 1000)
    return int(loud[-1] - loud[0] + 1) if len(loud) else 0
