"""A transcript as the model reads it: data between marks, in parts that fit its context. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.domain.turns import Speaker, Turn

BYTES_PER_TOKEN = 3
"""English has about four, and other scripts more bytes a character: fewer keeps all of them inside the budget."""
LONGEST_LINE = 600
"""Characters of one line: a longer turn becomes several."""
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_MARKS = str.maketrans("<>|", "‹›¦")
"""What could end the transcript, or be a control token of a model's template such as <|im_end|>."""


@dataclass(frozen=True, slots=True)
class Line:
    """One turn, or a piece of a long one."""

    turn: int
    """Its index."""
    speaker: Speaker
    text: str
    """On one line, without anything that could be taken for a mark."""

    def __str__(self) -> str:
        return f"{self.speaker.value}: {self.text}"


def plain(text: str) -> str:
    """Words of others as data: on one line, no control characters, no marks."""
    return _SPACE.sub(" ", text).translate(_MARKS).strip()


def lines(turns: Iterable[Turn]) -> list[Line]:
    """What was said, as it was heard, in order; turns without a word are left out."""
    return [
        Line(turn.index, turn.speaker, piece)
        for turn in turns
        for piece in _pieces(plain(turn.text), LONGEST_LINE)
        if piece
    ]


def in_parts(said: Sequence[Line], tokens: int) -> list[list[Line]]:
    """Consecutive parts of at most so many tokens each, as near to equal as lines permit; nothing said: no part."""
    sizes = [_size(line) for line in said]
    most = max(1, tokens * BYTES_PER_TOKEN)
    count = -(-sum(sizes) // most)
    share = -(-sum(sizes) // count) if count else 0
    parts: list[list[Line]] = []
    room = 0
    for line, size in zip(said, sizes, strict=True):
        full = size > room or (parts and _total(parts[-1]) >= share)
        if full:
            parts.append([])
            room = most
        parts[-1].append(line)
        room -= size
    return parts


def _total(part: Iterable[Line]) -> int:
    return sum(_size(line) for line in part)


def _size(line: Line) -> int:
    """In bytes, with its break."""
    return len(str(line).encode()) + 1


def _pieces(text: str, longest: int) -> Iterable[str]:
    """Cut between words; a word that is longer than `longest` is cut in itself."""
    while len(text) > longest:
        at = text.rfind(" ", 1, longest + 1)
        at = longest if at < 1 else at
        yield text[:at].strip()
        text = text[at:].strip()
    yield text
