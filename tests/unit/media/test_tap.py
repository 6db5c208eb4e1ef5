"""Where each side's sound belongs in time, and that no reader can hold it up."""

from __future__ import annotations

import asyncio

from agent.media.clock import ManualClock
from agent.media.tap import Side, Sound, Tap

FRAME = 0.02
SPEECH = b"\x00\x20" * 160
QUIET = bytes(320)


def tapped() -> tuple[ManualClock, Tap]:
    clock = ManualClock()
    tap = Tap(clock)
    tap.start()
    return clock, tap


async def places(tap: Tap, clock: ManualClock, arrivals: list[float], pcm: bytes = SPEECH) -> list[int]:
    """Where caller's frames that come so many seconds after each other are put."""
    reader = tap.read()
    for pause in arrivals:
        clock.advance(pause)
        tap.heard(pcm)
    tap.close()
    return [sound.at for sound in await reader.read()]


async def test_a_frame_of_the_agent_has_the_place_of_its_slot() -> None:
    _, tap = tapped()
    reader = tap.read()
    tap.played(SPEECH, 3)
    tap.played(QUIET, 5)
    assert await reader.read() == [Sound(Side.AGENT, 480, SPEECH), Sound(Side.AGENT, 800, QUIET)]


async def test_a_callers_first_frame_ends_when_it_comes() -> None:
    clock, tap = tapped()
    assert await places(tap, clock, [1.0]) == [8000 - 160]


async def test_jitter_moves_nothing() -> None:
    clock, tap = tapped()
    found = await places(tap, clock, [0.1, 0.02, 0.15, 0.0, 0.0, 0.0, 0.01, 0.02])
    assert found == [640 + 160 * n for n in range(8)]


async def test_after_a_pause_sound_has_the_place_of_its_arrival() -> None:
    clock, tap = tapped()
    assert await places(tap, clock, [FRAME, FRAME, 1.0, FRAME]) == [0, 160, 8160, 8320]


async def test_after_a_burst_quiet_frames_are_left_out_until_it_is_on_time() -> None:
    clock, tap = tapped()
    reader = tap.read()
    clock.advance(FRAME)
    tap.heard(SPEECH)
    clock.stall(1.0)  # nothing is read meanwhile, then all at once
    for _ in range(50):
        tap.heard(SPEECH)
    for _ in range(100):
        clock.advance(FRAME)
        tap.heard(QUIET)
    tap.close()
    found = await reader.read()
    assert [sound.pcm for sound in found[:51]] == [SPEECH] * 51
    assert [sound.at for sound in found] == sorted(sound.at for sound in found)
    last = found[-1].at + 160
    now = round((1.0 + 101 * FRAME) * 8000)
    assert abs(last - now) <= 160


async def test_speech_that_never_pauses_gets_no_further_ahead_than_two_seconds() -> None:
    clock, tap = tapped()
    found = await places(tap, clock, [FRAME, *[0.0] * 1000])
    assert found[-1] + 160 <= 160 + 2 * 8000


async def test_a_slow_reader_loses_what_waited_and_goes_on_with_the_present() -> None:
    _, tap = tapped()
    slow, quick = tap.read(capacity=4), tap.read(capacity=100)
    for slot in range(5):
        tap.played(SPEECH, slot)
    assert [sound.at for sound in await slow.read()] == [640]
    assert slow.lost == 4
    assert len(await quick.read()) == 5


async def test_a_reader_may_wait_for_several_pieces() -> None:
    _, tap = tapped()
    reader = tap.read()
    reading = asyncio.create_task(reader.read(at_least=3))
    for slot in range(3):
        await asyncio.sleep(0)
        assert not reading.done()
        tap.played(SPEECH, slot)
    assert len(await reading) == 3


async def test_more_than_it_can_hold_is_not_waited_for() -> None:
    _, tap = tapped()
    reader = tap.read(capacity=2)
    reading = asyncio.create_task(reader.read(at_least=50))
    await asyncio.sleep(0)
    tap.played(SPEECH, 0)
    tap.played(SPEECH, 1)
    assert len(await reading) == 2


async def test_the_end_is_told_after_what_was_left() -> None:
    _, tap = tapped()
    reader = tap.read()
    tap.played(SPEECH, 0)
    tap.close()
    assert len(await reader.read(at_least=50)) == 1
    assert await reader.read() == []
    assert await tap.read().read() == []


async def test_who_has_left_is_told_nothing_more() -> None:
    _, tap = tapped()
    reader = tap.read()
    waiting = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    tap.leave(reader)
    tap.leave(reader)
    tap.played(SPEECH, 0)
    assert await waiting == []
