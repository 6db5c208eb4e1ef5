"""What of an answer counts: people correct themselves, and say what they do not want."""

from __future__ import annotations

import re
from itertools import pairwise

_CORRECTING: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:no wait|wait no|wait|i mean(?:t)?|actually|or rather|rather|make (?:that|it)|let's say|let's make it"
        r"|correction|scratch that|sorry|how about|what about|not .{1,30}? but)\b",
        re.IGNORECASE,
    ),
    "de": re.compile(
        r"\b(?:nein,? (?:warte[n]?|moment)|ich meine|ich meinte|beziehungsweise|besser gesagt|vielmehr|sondern"
        r"|entschuldigung|doch lieber|lieber|wie wäre es mit|sagen wir)\b",
        re.IGNORECASE,
    ),
}
_REFUSED_BEFORE: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"(?:\bnot|n't|\bnever|\bexcept)(?:\s+(?:on|at|the|do|make|be|for|this|next))*\s*$", re.IGNORECASE
    ),
    "de": re.compile(r"\b(?:nicht|kein\w*|außer)(?:\s+(?:am|um|an|der|den|die|das))*\s*$", re.IGNORECASE),
}
_REFUSED_AFTER: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"^\W*(?:is|are|was|does|do|will|would|wo|ca|could|can)(?:\s+not|n't|not)\b"
        r"|^\W*is (?:no good|bad|impossible|out|difficult)\b|^\W*(?:is )?(?:too|fully)\b",
        re.IGNORECASE,
    ),
    "de": re.compile(
        r"^\W*(?:geht|passt|kann|ist|klappt)(?:\s+\w+){0,3}\s+(?:nicht|schlecht|unmöglich)\b", re.IGNORECASE
    ),
}


def last_said(text: str, language: str) -> list[str]:
    """The text, cut where the speaker corrects themselves; what they mean in the end comes first."""
    pattern = _CORRECTING.get(language.lower()[:2])
    if pattern is None:
        return [text]
    cuts = [match.start() for match in pattern.finditer(text)]
    edges = [0, *[cut for cut in cuts if cut > 0], len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    return [piece for piece in reversed(pieces) if piece.strip()]


def is_refused(text: str, start: int, end: int, language: str) -> bool:
    """Whether the words from `start` to `end` are named as what is not wanted: "not Monday", "Monday is no good"."""
    code = language.lower()[:2]
    before, after = _REFUSED_BEFORE.get(code), _REFUSED_AFTER.get(code)
    return bool((before and before.search(text[:start])) or (after and after.search(text[end:])))
