"""The test voice: made in another process, once per text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from agent.errors import SetupError
from agent.testing.measure import active_level_dbfs, speech_spans
from agent.testing.tone import heard, tone
from agent.testing.voice import CallerVoice, telephone_band


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_text_is_said_in_the_band_and_at_the_level_of_a_telephone(tmp_path: Path) -> None:
    pcm = await CallerVoice(tmp_path).speak("What are your opening hours on Saturday?")
    assert 1 < len(pcm) / 8000 < 6
    assert active_level_dbfs(pcm) == pytest.approx(-26, abs=1)
    assert speech_spans(pcm)
    power = np.abs(np.fft.rfft(pcm)) ** 2
    frequency = np.fft.rfftfreq(len(pcm), 1 / 8000)
    outside = power[(frequency < 190) | (frequency > 3510)].sum()
    assert outside / power.sum() < 1e-4


async def test_a_text_is_synthesised_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = CallerVoice(tmp_path)
    first = await voice.speak("Yes.")

    def no_process(*_: object, **__: object) -> None:
        raise AssertionError("synthesised again")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_process)
    assert np.array_equal(first, await CallerVoice(tmp_path).speak("Yes."))
    with pytest.raises(AssertionError, match="again"):
        await voice.speak("No.")


async def test_the_same_text_is_the_same_sound_everywhere(tmp_path: Path) -> None:
    one, other = [await CallerVoice(tmp_path / name).speak("mm-hm") for name in ("a", "b")]
    assert np.array_equal(one, other)


async def test_a_text_that_cannot_be_said_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot say"):
        await CallerVoice(tmp_path).speak("")
    assert files(tmp_path) == []


async def test_a_synthesis_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a process (a fixture looks for it) nor half a file."""
    work = asyncio.create_task(CallerVoice(tmp_path).prepare([f"Sentence number {n}." for n in range(200)]))
    await asyncio.wait({work}, timeout=0.05)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not [path for path in files(tmp_path) if path.suffix != ".wav"]


def test_the_band_keeps_its_middle_and_loses_the_rest() -> None:
    for frequency, kept in [(100, False), (1000, True), (3000, True), (3800, False)]:
        before, after = tone(frequency, 0.5), telephone_band(tone(frequency, 0.5))
        loss_db = heard(before).level_dbfs - heard(after).level_dbfs if after.any() else 100
        assert (loss_db < 0.5) is kept
        assert (loss_db > 30) is not kept
