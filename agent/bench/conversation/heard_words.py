"""How many words of the agent's account the caller did not hear, and how many that were heard it leaves out. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from agent.rehearsal.words import normalise

HEARD_SHARE = 0.5
"""A word of which at least so much was played was heard."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it sounds, in seconds."""

    text: str
    start: float
    end: float

    @property
    def heard_at(self) -> float:
        """From when on it counts as heard."""
        return self.start + HEARD_SHARE * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Difference:
    """Between the agent's account of a cut turn and what arrived."""

    unheard: int
    """Words of the account after the last one that was heard."""
    missing: int
    """Words that were heard after the last one of the account."""


def by_transcript(claimed: str, heard: str) -> Difference:
    """Compare the account with what our own ears made of the sound that arrived.

    Both begin with the same word and may end at different ones. The words are aligned so that the differences before
    the end are smallest (a misheard word costs as much as its letters differ); what is left over at the end of either
    is the result. Of equally good alignments the one with the shorter rest counts.
    """
    ours, theirs = normalise(claimed), normalise(heard)
    costs = _costs(ours, theirs)
    ends = [(i, len(theirs)) for i in range(len(ours) + 1)] + [(len(ours), j) for j in range(len(theirs) + 1)]
    i, j = min(ends, key=lambda end: (round(costs[end[0]][end[1]], 6), len(ours) - end[0] + len(theirs) - end[1]))
    return Difference(unheard=len(ours) - i, missing=len(theirs) - j)


def by_time(claimed: str, words: Sequence[Word], reached_s: float) -> Difference:
    """Compare the account with the words that had sounded when the sound stopped.

    `words` are those of the whole text with their times in the uncut sound, `reached_s` how far of it was played.
    """
    heard = sum(word.heard_at <= reached_s for word in words)
    told = len(normalise(claimed))
    return Difference(unheard=max(0, told - heard), missing=max(0, heard - told))


def timed(text: str, heard: Sequence[Word]) -> list[Word]:
    """The words of a known text with the times our ears heard them at; those they missed share the time between."""
    known, found = normalise(text), [(part, word) for word in heard for part in normalise(word.text)]
    times: dict[int, tuple[float, float]] = {}
    for block in difflib.SequenceMatcher(a=known, b=[part for part, _ in found], autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            word = found[block.b + offset][1]
            times[block.a + offset] = (word.start, word.end)
    return [Word(part, *times.get(at, _between(times, at))) for at, part in enumerate(known)]


def _between(times: dict[int, tuple[float, float]], at: int) -> tuple[float, float]:
    """An even share of the time between the nearest words that have one."""
    before = max((known for known in times if known < at), default=None)
    after = min((known for known in times if known > at), default=None)
    start = times[before][1] if before is not None else 0.0
    if after is None:
        return start, start
    first = -1 if before is None else before
    each = max(0.0, times[after][0] - start) / (after - first - 1)
    return start + each * (at - first - 1), start + each * (at - first)


def _costs(ours: Sequence[str], theirs: Sequence[str]) -> list[list[float]]:
    """Levenshtein distances of all beginnings; replacing a word costs the share of its letters that differ."""
    table = [[float(j) for j in range(len(theirs) + 1)]]
    for i, word in enumerate(ours, 1):
        row = [float(i)]
        for j, other in enumerate(theirs, 1):
            replaced = 1 - difflib.SequenceMatcher(a=word, b=other, autojunk=False).ratio()
            row.append(min(table[i - 1][j] + 1, row[j - 1] + 1, table[i - 1][j - 1] + replaced))
        table.append(row)
    return table
