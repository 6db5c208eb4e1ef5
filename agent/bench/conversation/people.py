"""Callers of the bench: recorded human voices and the test voice, drawn by a seed from pools larger than one run."""

from __future__ import annotations

import random
import re
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.asterisk.bundles import bundles
from agent.asterisk.recordings import Recording, prompts, voices
from agent.bench.conversation.questions import question

RECORDED_SHARE = 0.4
"""Of what callers say is said by recorded people: by chance, so more than a third in any run of use."""
SHORTEST_S, LONGEST_S = 1.0, 8.0
"""Length of a recording that can be a caller's turn; shorter ones are the row of short answers."""
FEWEST_WORDS = 4
_FAREWELL = re.compile(r"\b(good ?bye|bye|that's all|that is all)\b", re.IGNORECASE)
_WHOLE = re.compile(r"[A-Z][^.].*[^.][.?!]")
"""A sentence that begins and ends: prompts such as "...of the conference" are made to be joined with others."""
_OPEN_END = re.compile(r"\b(to|from|with|of|by|is|are)[.?!]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that a caller says."""

    text: str
    wav: Path | None = None
    """The recording of it; None: the test voice says it."""

    @property
    def step(self) -> dict[str, object]:
        """As a scenario has it."""
        return {"say": {"text": self.text}} if self.wav is None else {"say": {"wav": str(self.wav)}}

    @property
    def recorded(self) -> bool:
        """Whether a person says it."""
        return self.wav is not None


class People:
    """Draws what callers say."""

    def __init__(self, recordings: Sequence[Recording], chance: random.Random) -> None:
        """`recordings`: whole sentences of people. Raises ValueError for none."""
        if not recordings:
            raise ValueError("there are no recordings")
        self._recordings = list(recordings)
        self._chance = chance
        self._deck: list[Recording] = []

    def line(self) -> Line:
        """The next thing that somebody says; a recording does not come twice before all others came."""
        if self._chance.random() >= RECORDED_SHARE:
            return Line(question(self._chance))
        if not self._deck:
            self._deck = self._chance.sample(self._recordings, len(self._recordings))
        recording = self._deck.pop()
        return Line(recording.text, recording.path)


def whole_sentences() -> list[Recording]:
    """All recordings that can be a caller's turn. Blocks while bundles are fetched. Raises SetupError."""
    roots = bundles(["prompts", "voices"])
    spoken = [one for one in prompts(roots["prompts"]) if _WHOLE.fullmatch(one.text)]
    return usable([*spoken, *voices(roots["voices"])])


def usable(recordings: Iterable[Recording]) -> list[Recording]:
    """Those of a length, of several words, and that do not say goodbye."""
    return [
        one
        for one in recordings
        if len(one.text.split()) >= FEWEST_WORDS
        and not _FAREWELL.search(one.text)
        and not _OPEN_END.fullmatch(one.text.split()[-1])
        and SHORTEST_S <= seconds(one.path) <= LONGEST_S
    ]


def seconds(path: Path) -> float:
    """Length of a WAV file."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()
