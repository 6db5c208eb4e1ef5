from __future__ import annotations

import re
import wave
from pathlib import Path
from random import Random

import pytest

from agent.asterisk.recordings import Recording
from agent.bench.conversation.people import RECORDED_SHARE, Line, People, usable
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.questions import question

RECORDINGS = [Recording(Path(f"{number}.wav"), f"This is number {number}.") for number in range(40)]


def _chance(seed: int) -> Random:
    return Plan(turns=1, calls=(1,), seed=seed, folder=Path()).random()


def _drawn(seed: int, lines: int) -> list[Line]:
    people = People(RECORDINGS, _chance(seed))
    return [people.line() for _ in range(lines)]


def test_the_seed_alone_decides_what_is_said() -> None:
    assert _drawn(1, 60) == _drawn(1, 60)
    assert _drawn(1, 60) != _drawn(2, 60)


def test_more_than_a_third_is_said_by_people() -> None:
    lines = _drawn(3, 600)
    assert abs(sum(line.recorded for line in lines) / len(lines) - RECORDED_SHARE) < 0.05


def test_no_recording_comes_twice_before_all_came() -> None:
    recorded = [line.text for line in _drawn(4, 300) if line.recorded][: len(RECORDINGS)]
    assert len(set(recorded)) == len(RECORDINGS)


def test_the_pool_is_much_larger_than_a_run() -> None:
    chance = _chance(5)
    questions = [question(chance) for _ in range(2000)]
    assert len(set(questions)) > 1000
    assert not [text for text in questions if "{" in text or not text[0].isupper()]
    assert not [text for text in questions if re.search(r"\b(good)?bye\b", text, re.IGNORECASE)]


def test_without_recordings_there_are_no_people() -> None:
    with pytest.raises(ValueError, match="no recordings"):
        People([], _chance(1))


@pytest.mark.parametrize(
    ("text", "length_s", "good"),
    [
        ("Please enter your number.", 2.0, True),
        ("Please enter.", 2.0, False),
        ("Please enter your number.", 0.5, False),
        ("Please enter your number.", 30.0, False),
        ("Thank you for calling, goodbye.", 2.0, False),
        ("That is all I wanted.", 2.0, False),
        ("The number you dialled is.", 2.0, False),
    ],
)
def test_recordings_that_can_be_a_turn(tmp_path: Path, text: str, length_s: float, *, good: bool) -> None:
    path = tmp_path / "said.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(round(length_s * 16000)))
    assert bool(usable([Recording(path, text)])) is good


def test_lines_are_steps_of_a_scenario() -> None:
    assert Line("Hello there.").step == {"say": {"text": "Hello there."}}
    assert Line("Hello there.", Path("a.wav")).step == {"say": {"wav": "a.wav"}}
