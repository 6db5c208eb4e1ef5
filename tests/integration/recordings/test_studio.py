"""Recordings of calls on a real disk, which may be slow, full, or gone."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import stat
import sys
import textwrap
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import prompts
from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.events import CallChanged, Event, RecordingChanged
from agent.domain.recording import Consent, ConsentBy, Recording, RecordingFormat, RecordingStatus
from agent.errors import ConfigurationError
from agent.media.clock import ManualClock
from agent.media.pcm import rms_dbfs
from agent.media.tap import Tap
from agent.recordings.studio import Studio
from agent.rehearsal.wav import read_wav
from agent.settings import RecordingsSettings
from tests.unit.media.test_recorder import read, tone

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CALL_ID = "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4"
RINGING = Call(CALL_ID, Direction.INBOUND, "+4930123", "1000", "desk", CallStatus.RINGING, NOW)
ENDED = transition(
    transition(RINGING, CallStatus.IN_PROGRESS, at=NOW), CallStatus.COMPLETED, at=NOW, reason=EndedReason.CALLER_HANGUP
)
OVER = CallChanged(CALL_ID, NOW, call=ENDED)
FRAME = 160


class Line:
    """One call's sound, and the studio that may record it."""

    def __init__(self, folder: Path, file_format: RecordingFormat = RecordingFormat.WAV) -> None:
        self.clock = ManualClock()
        self.tap = Tap(self.clock)
        self.events: list[RecordingChanged] = []
        self.complete = asyncio.Event()
        self.studio = Studio(RecordingsSettings(folder=folder, format=file_format), self._told, now=lambda: NOW)
        self.decided = self.studio.decides(CALL_ID, self.tap)
        self.path = folder / f"{CALL_ID}.wav"
        self._slot = 0

    def _told(self, event: Event) -> None:
        assert isinstance(event, RecordingChanged)
        self.events.append(event)
        if event.recording.status is not RecordingStatus.RECORDING:
            self.complete.set()

    def talk(self, frames: int, *, caller: int = 1, agent: int = -1) -> None:
        for _ in range(frames):
            self.tap.played(tone(agent, FRAME), self._slot)
            self._slot += 1
            self.clock.advance(0.02)
            if caller:
                self.tap.heard(tone(caller, FRAME))

    async def hang_up(self) -> Recording:
        self.tap.close()
        self.studio(OVER)
        return await self.told()

    async def told(self) -> Recording:
        await asyncio.wait_for(self.complete.wait(), 60)
        return self.events[-1].recording


@pytest.fixture
async def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


async def test_what_was_before_the_consent_is_never_on_disk(line: Line) -> None:
    line.talk(100, caller=7, agent=-7)
    assert not line.path.exists()
    line.decided(Consent.GRANTED, ConsentBy.VOICE)
    line.talk(100)
    recording = await line.hang_up()
    sound = read(line.path)
    assert set(sound[:, 0].tolist()) <= {0, 1}
    assert set(sound[:, 1].tolist()) == {-1}
    assert len(sound) == 100 * FRAME
    assert recording == Recording(
        RecordingStatus.READY,
        Consent.GRANTED,
        ConsentBy.VOICE,
        NOW,
        RecordingFormat.WAV,
        2.0,
        44 + 4 * 100 * FRAME,
    )
    assert [event.recording.status for event in line.events] == [RecordingStatus.RECORDING, RecordingStatus.READY]
    await line.studio.close()


async def test_both_sides_keep_their_places_over_pauses(line: Line) -> None:
    line.decided(Consent.ANNOUNCED, None)
    line.talk(50)
    line.talk(100, caller=0)  # a telephone that sends nothing while it is muted
    line.talk(50)
    await line.hang_up()
    sound = read(line.path)
    assert len(sound) == 200 * FRAME
    spoken = [at for at in range(0, len(sound), FRAME) if sound[at, 0]]
    assert len(spoken) == 100
    assert all(at < 51 * FRAME or at >= 149 * FRAME for at in spoken)
    await line.studio.close()


async def test_only_its_owner_may_read_it(line: Line) -> None:
    line.decided(Consent.ANNOUNCED, None)
    line.talk(50)
    await line.hang_up()
    assert stat.S_IMODE(line.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(line.path.parent.stat().st_mode) & 0o007 in {0, 0o005}
    await line.studio.close()


@pytest.mark.parametrize("consent", [Consent.DECLINED, Consent.UNANSWERED])
async def test_without_consent_there_is_no_file(line: Line, tmp_path: Path, consent: Consent) -> None:
    line.decided(consent, None)
    line.talk(100)
    line.tap.close()
    line.studio(OVER)
    assert [event.recording.status for event in line.events] == [RecordingStatus.NOT_RECORDED]
    assert names(tmp_path) == []
    await line.studio.close()


async def test_it_is_told_after_the_end_of_its_call(line: Line) -> None:
    line.decided(Consent.ANNOUNCED, None)
    line.talk(50)
    line.tap.close()
    closing = asyncio.create_task(line.studio.close())
    await asyncio.sleep(0)
    assert not line.complete.is_set()
    line.studio(OVER)
    await asyncio.wait_for(closing, 60)
    assert (await line.told()).status is RecordingStatus.READY


async def test_a_call_without_sound_after_the_consent_has_an_empty_recording(line: Line) -> None:
    line.decided(Consent.ANNOUNCED, None)
    recording = await line.hang_up()
    assert (recording.status, recording.seconds, recording.size) == (RecordingStatus.READY, 0.0, 44)
    assert len(read(line.path)) == 0
    await line.studio.close()


async def test_a_disk_without_room_costs_the_recording_and_nothing_else(line: Line) -> None:
    line.path.symlink_to("/dev/full")
    line.decided(Consent.ANNOUNCED, None)
    line.talk(200)
    recording = await line.hang_up()
    assert (recording.status, recording.error, recording.size) == (RecordingStatus.FAILED, "disk_full", None)
    assert line.studio.failed == 1
    assert not line.path.is_symlink()
    await line.studio.close()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_a_disk_that_becomes_full_keeps_what_there_is(line: Line) -> None:
    with no_file_larger_than(100_001):
        line.decided(Consent.ANNOUNCED, None)
        for _ in range(10):
            line.talk(50)
            await asyncio.sleep(0)
        recording = await line.hang_up()
    assert (recording.status, recording.error) == (RecordingStatus.FAILED, "disk_full")
    assert recording.seconds == len(read_as_far_as_it_goes(line.path)) / 8000
    assert 1.0 <= recording.seconds < 4.0
    assert recording.size == line.path.stat().st_size
    await line.studio.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read_as_far_as_it_goes(path: Path) -> list[Any]:
    with wave.open(str(path)) as wav:
        return list(range(wav.getnframes()))


async def test_a_folder_that_is_gone_costs_the_recording(line: Line, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    line.decided(Consent.ANNOUNCED, None)
    line.talk(100)
    recording = await line.hang_up()
    assert (recording.status, recording.error) == (RecordingStatus.FAILED, "write_failed")
    await line.studio.close()


async def test_a_disk_that_stands_still_for_long_loses_sound_but_not_its_place(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = threading.Event()
    write = os.pwrite

    def wait(fd: int, data: bytes, offset: int) -> int:
        moves.wait()
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", wait)
    line.decided(Consent.ANNOUNCED, None)
    for _ in range(12):
        line.talk(50)
        await asyncio.sleep(0)
    moves.set()
    line.talk(50)
    recording = await line.hang_up()
    assert recording.status is RecordingStatus.READY
    assert line.studio.lost_pieces >= 1000
    sound = read(line.path)
    assert len(sound) <= 13 * 50 * FRAME
    assert sound[-1].tolist() == [1, -1]
    await line.studio.close()


KILLED = """
    import asyncio, os, signal, sys
    from pathlib import Path
    from agent.domain.recording import Consent
    from agent.recordings import call_recording
    from tests.integration.recordings.test_studio import CALL_ID, Line

    async def main():
        line = Line(Path(sys.argv[1]))
        line.decided(Consent.ANNOUNCED, None)
        for second in range(1, 8):
            line.talk(50)
            while not line.path.exists() or line.path.stat().st_size < (second - 1) * 32_000:
                await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(main())
"""


async def test_what_a_killed_process_has_left_is_completed_by_the_next_one(line: Line, tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)]
    killed = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[3])
    await killed.wait()
    assert killed.returncode == -signal.SIGKILL
    read_as_far_as_it_goes(line.path)  # also before anybody has mended it
    left = Recording(RecordingStatus.RECORDING, Consent.ANNOUNCED, None, NOW, RecordingFormat.WAV)
    line.studio.recover([(CALL_ID, left)])
    recording = await line.told()
    sound = read(line.path)
    assert recording.status is RecordingStatus.READY
    assert recording.seconds == len(sound) / 8000 >= 6.0
    assert recording.size == line.path.stat().st_size
    assert sound[FRAME : 5 * 8000].tolist() == [[1, -1]] * (5 * 8000 - FRAME)
    await line.studio.close()


async def test_a_recording_whose_file_is_gone_is_told_as_failed(line: Line) -> None:
    left = Recording(RecordingStatus.RECORDING, Consent.ANNOUNCED, None, NOW, RecordingFormat.WAV)
    line.studio.recover([(CALL_ID, left)])
    recording = await line.told()
    assert (recording.status, recording.error, recording.size) == (RecordingStatus.FAILED, "write_failed", None)
    await line.studio.close()


def test_opus_needs_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="opus-tools"):
        Studio(RecordingsSettings(folder=tmp_path, format=RecordingFormat.OPUS), lambda _event: None)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"recordings\.folder"):
        Studio(RecordingsSettings(folder=tmp_path / "file" / "recordings"), lambda _event: None)


def failing_encoder(folder: Path, script: str) -> str:
    folder.mkdir()
    program = folder / "opusenc"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return f"{folder}:{os.environ['PATH']}"


async def test_an_encoder_that_fails_leaves_the_wav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", failing_encoder(tmp_path / "bin", 'for last; do :; done; echo x > "$last"; exit 3'))
    line = Line(tmp_path / "recordings", RecordingFormat.OPUS)
    line.decided(Consent.ANNOUNCED, None)
    line.talk(50)
    recording = await line.hang_up()
    assert (recording.status, recording.format) == (RecordingStatus.READY, RecordingFormat.WAV)
    assert names(tmp_path / "recordings") == [line.path.name]
    await line.studio.close()


async def test_an_encoder_that_is_under_way_when_the_server_stops_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.recordings.studio.CLOSE_S", 0.01)
    monkeypatch.setenv("PATH", failing_encoder(tmp_path / "bin", "exec sleep 600"))
    line = Line(tmp_path / "recordings", RecordingFormat.OPUS)
    line.decided(Consent.ANNOUNCED, None)
    line.talk(50)
    line.tap.close()
    line.studio(OVER)
    monkeypatch.setattr("agent.recordings.studio.CLOSE_S", 60)
    line.studio._encoder.stop()
    await line.studio.close()
    recording = await line.told()
    assert (recording.status, recording.format) == (RecordingStatus.READY, RecordingFormat.WAV)


@pytest.mark.skipif(shutil.which("opusenc") is None, reason="the program opusenc (opus-tools) is not installed")
async def test_as_opus_the_sides_stay_apart(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingFormat.OPUS)
    line.decided(Consent.ANNOUNCED, None)
    speech, silence = speech_of(4), bytes(2 * FRAME)
    for at in range(0, len(speech), 2 * FRAME):
        frame = speech[at : at + 2 * FRAME].ljust(2 * FRAME, b"\0")
        caller_talks = at < len(speech) // 2
        line.tap.played(silence if caller_talks else frame, at // (2 * FRAME))
        line.clock.advance(0.02)
        line.tap.heard(frame if caller_talks else silence)
    recording = await line.hang_up()
    await line.studio.close()
    assert (recording.status, recording.format) == (RecordingStatus.READY, RecordingFormat.OPUS)
    opus = tmp_path / f"{CALL_ID}.ogg"
    assert names(tmp_path) == [opus.name]
    assert stat.S_IMODE(opus.stat().st_mode) == 0o600
    assert recording.size == opus.stat().st_size < 44 + len(speech) * 2 // 3
    command = ["opusdec", "--quiet", "--rate", "8000", str(opus), str(tmp_path / "again.wav")]
    decoding = await asyncio.create_subprocess_exec(*command)
    assert await decoding.wait() == 0
    left, right = sides(tmp_path / "again.wav")
    half = len(left) // 2
    assert level(left[: half - 800]) - level(right[: half - 800]) > 25
    assert level(right[half + 800 :]) - level(left[half + 800 :]) > 25


def speech_of(seconds: int) -> bytes:
    long = next(one for one in prompts(bundle("prompts")) if one.path.stat().st_size > 16_000 * seconds)
    return read_wav(long.path)[: 8000 * seconds].tobytes()


def sides(path: Path) -> tuple[Any, Any]:
    sound = read(path)
    return sound[:, 0], sound[:, 1]


def level(samples: Any) -> float:
    return rms_dbfs(samples.astype("<i2").tobytes())
