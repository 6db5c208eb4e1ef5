"""The recording as somebody else's reader sees it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.media.recorder import FLUSH_SAMPLES, MAX_SAMPLES, TwoTrackRecorder, mend, size_of


def read(path: Path) -> npt.NDArray[np.int16]:
    """(samples, 2): left, right."""
    with wave.open(str(path)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (2, 2, 8000)
        data = wav.readframes(wav.getnframes())
        assert len(data) == wav.getnframes() * 4
    assert path.stat().st_size == 44 + len(data)
    return np.frombuffer(data, dtype="<i2").reshape(-1, 2)


def tone(value: int, samples: int) -> bytes:
    return value.to_bytes(2, "little", signed=True) * samples


def test_sides_positions_and_gaps(tmp_path: Path) -> None:
    with TwoTrackRecorder(tmp_path / "call.wav") as recorder:
        recorder.write_left(tone(1, 160), 0)
        recorder.write_right(tone(-2, 160), 80)
        recorder.write_left(tone(3, 10), 300)
        assert recorder.samples == 310
    sound = read(tmp_path / "call.wav")
    assert sound[:, 0].tolist() == [1] * 160 + [0] * 140 + [3] * 10
    assert sound[:, 1].tolist() == [0] * 80 + [-2] * 160 + [0] * 70


def test_nothing_recorded_is_a_valid_file(tmp_path: Path) -> None:
    TwoTrackRecorder(tmp_path / "call.wav").close()
    assert read(tmp_path / "call.wav").shape == (0, 2)


def test_without_a_close_all_but_the_last_half_second_can_be_read(tmp_path: Path) -> None:
    recorder = TwoTrackRecorder(tmp_path / "call.wav")
    for frame in range(100):
        recorder.write_left(tone(frame + 1, 160), frame * 160)
        recorder.write_right(tone(-frame - 1, 160), frame * 160)
        sound = read(tmp_path / "call.wav")
        assert len(sound) > (frame + 1) * 160 - FLUSH_SAMPLES
    assert sound[8000].tolist() == [51, -51]
    recorder.close()


def test_one_side_far_behind_the_other_is_still_recorded(tmp_path: Path) -> None:
    with TwoTrackRecorder(tmp_path / "call.wav") as recorder:
        recorder.write_left(tone(1, 80_000), 0)
        recorder.write_right(tone(2, 80_000), 0)
    assert read(tmp_path / "call.wav").tolist() == [[1, 2]] * 80_000


def test_close_twice_and_write_no_more(tmp_path: Path) -> None:
    recorder = TwoTrackRecorder(tmp_path / "call.wav")
    recorder.close()
    recorder.close()
    with pytest.raises(ValueError, match="closed"):
        recorder.write_left(tone(1, 1), 0)


@pytest.mark.parametrize(("pcm", "at"), [(b"\1", 0), (b"\1\0", -1), (b"\1\0", MAX_SAMPLES)])
def test_what_cannot_be_recorded(tmp_path: Path, pcm: bytes, at: int) -> None:
    with TwoTrackRecorder(tmp_path / "call.wav") as recorder, pytest.raises(ValueError, match="cannot be recorded"):
        recorder.write_right(pcm, at)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TwoTrackRecorder(tmp_path / "no" / "call.wav")


def test_a_disk_without_room_is_told_and_nothing_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.symlink_to("/dev/full")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="No space left"):
        TwoTrackRecorder(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_was_abandoned_can_be_read_as_far_as_it_came(tmp_path: Path) -> None:
    recorder = TwoTrackRecorder(tmp_path / "call.wav")
    recorder.write_left(tone(1, FLUSH_SAMPLES), 0)
    recorder.write_left(tone(2, 10), FLUSH_SAMPLES)
    recorder.abandon()
    recorder.abandon()
    recorder.close()
    assert recorder.on_disk == FLUSH_SAMPLES
    assert len(read(tmp_path / "call.wav")) == FLUSH_SAMPLES


@pytest.mark.parametrize("cut", [0, 1, 3, 4, 400])
def test_a_file_that_was_cut_anywhere_is_mended(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "call.wav"
    with TwoTrackRecorder(path) as recorder:
        recorder.write_left(tone(7, 1000), 0)
        recorder.write_right(tone(-7, 1000), 0)
    with path.open("r+b") as file:
        file.truncate(size_of(1000) - cut)
        file.seek(40)
        file.write(b"\0\0\0\0")  # as if the header had not been written again
    assert mend(path) == 1000 - -(-cut // 4)
    sound = read(path)
    assert len(sound) == 1000 - -(-cut // 4)
    assert (sound == [7, -7]).all()


@pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 100])
def test_what_is_no_recording_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no recording"):
        mend(path)
    assert path.read_bytes() == content


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 20_000), st.integers(0, 9_000), st.integers(1, 32767)), max_size=12
    )
)
def test_any_order_of_writing(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("recording") / "call.wav"
    expected = np.zeros((40_000, 2), dtype=np.int16)
    length = 0
    with TwoTrackRecorder(path) as recorder:
        for side, at, samples, value in writes:
            (recorder.write_left, recorder.write_right)[side](tone(value, samples), at)
            expected[at : at + samples, side] = value
            length = max(length, at + samples if samples else 0)
    sound = read(path)
    assert len(sound) == length
    assert np.array_equal(sound, expected[:length])
