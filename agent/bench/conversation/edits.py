"""How far two sequences are apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def edits(expected: Sequence[str], found: Sequence[str]) -> int:
    """Levenshtein distance: items replaced, left out or put in."""
    row = list(range(len(found) + 1))
    for i, item in enumerate(expected, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (item != other))
    return row[-1]
