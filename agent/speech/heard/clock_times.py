"""The time of day that was said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.speech.heard.clauses import is_refused, last_said
from agent.speech.heard.digits import in_figures

HOURS, NOON, MINUTES = 24, 12, 60
USUAL = ("07:00", "18:59")
"""An hour that may be in the morning or in the afternoon is taken to be within these, where nothing else is known."""
_OR = re.compile(r"\b(?:or|oder)\b")
_AM = r"(?P<am>a\.?\s?m\b\.?|in the morning|morgens|früh|vormittags|am (?:morgen|vormittag))"
_PM = (
    r"(?P<pm>p\.?\s?m\b\.?|in the (?:afternoon|evening)|at night|nachmittags|abends|nachts|mittags"
    r"|am (?:nachmittag|abend))"
)
_HALF_DAY = rf"(?:\s*(?:{_AM}|{_PM}))?"
_PATTERNS: dict[str, tuple[str, ...]] = {
    "en": (
        rf"\b(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?!\d){_HALF_DAY}",
        rf"\b(?P<part>half|quarter|\d{{1,2}})(?: minutes)? (?P<side>past|after|to|before"
        rf"|till) (?P<hour>\d{{1,2}})\b{_HALF_DAY}",
        rf"\b(?P<hour>\d{{1,2}}) (?P<minute>[0-5]\d)\b{_HALF_DAY}",
        rf"\b(?P<hour>\d{{1,2}})(?: o'? ?clock)?\s*(?:{_AM}|{_PM})",
        r"\b(?P<hour>\d{1,2}) o'? ?clock\b",
        r"\b(?P<noon>noon|midday)\b|\b(?P<midnight>midnight)\b",
        r"\b(?:at|around|about|by|for|say)(?: around| about)? (?P<hour>\d{1,2})\b(?!\s*(?:people|persons|of|/|\.\d"
        r"|st|nd|rd|th))",
    ),
    "de": (
        rf"\b(?P<hour>\d{{1,2}}) uhr (?P<minute>\d{{1,2}})\b{_HALF_DAY}",
        rf"\b(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?: uhr)?(?!\d|\.){_HALF_DAY}",
        rf"\b(?P<german_half>halb) (?P<hour>\d{{1,2}})\b{_HALF_DAY}",
        rf"\b(?P<part>viertel|\d{{1,2}})(?: minuten)? (?P<side>nach|vor) (?P<hour>\d{{1,2}})\b{_HALF_DAY}",
        rf"\b(?P<hour>\d{{1,2}}) uhr\b{_HALF_DAY}",
        r"\b(?P<noon>mittags?|zwölf uhr mittags)\b(?! um)|\b(?P<midnight>mitternacht)\b",
        rf"\b(?:um|gegen|ab)(?: etwa| circa)? (?P<hour>\d{{1,2}})\b(?! personen|\.){_HALF_DAY}",
    ),
}


@dataclass(frozen=True, slots=True)
class _Said:
    hour: int
    minute: int
    certain: bool
    """The half of the day was said."""


_ALONE = re.compile(r"^\W*(?P<hour>\d{1,2})\W*(?:please|bitte)?\W*$")


def clock_time(text: str, language: str, *, earliest: str = "", latest: str = "", asked: bool = False) -> str | None:
    """The one time of the answer as "16:30"; None where none was said, or several.

    "Three" is in the morning or in the afternoon as it is said, or else as `earliest` and `latest` allow, or else as
    it is usual for an appointment. `asked`: a number alone is a time.
    """
    code = language.lower()[:2]
    for piece in last_said(text, code):
        said = " ".join(in_figures(piece, code).lower().replace("’", "'").split())
        found = [
            _resolved(one, earliest=earliest or USUAL[0], latest=latest or USUAL[1])
            for one, start, end in _times(said, code, asked=asked)
            if not is_refused(said, start, end, code)
        ]
        different = list(dict.fromkeys(found))
        if len(different) == 1 or (different and not _OR.search(said)):
            return different[-1]
        if different:
            return None
    return None


def _times(said: str, code: str, *, asked: bool) -> Iterator[tuple[_Said, int, int]]:
    """All times that are said, with the places of the words."""
    taken: list[tuple[int, int]] = []
    found = []
    patterns: list[re.Pattern[str]] = [re.compile(one) for one in _PATTERNS.get(code, _PATTERNS["en"][:1])]
    for pattern in [*patterns, *([_ALONE] if asked else [])]:
        for match in pattern.finditer(said):
            start, end = match.span()
            if any(start < other_end and end > other_start for other_start, other_end in taken):
                continue
            read = _read(match)
            if read is not None:
                taken.append((start, end))
                found.append((read, start, end))
    yield from sorted(found, key=lambda one: one[1])


def _read(match: re.Match[str]) -> _Said | None:
    groups = match.groupdict()
    if groups.get("noon"):
        return _Said(NOON, 0, certain=True)
    if groups.get("midnight"):
        return _Said(0, 0, certain=True)
    hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
    if hour > HOURS or minute >= MINUTES:
        return None
    certain = hour > NOON or hour == 0 or (groups["hour"].startswith("0") and len(groups["hour"]) > 1)
    if groups.get("pm"):
        hour, certain = hour % NOON + NOON, True
    elif groups.get("am"):
        hour, certain = hour % NOON, True
    minutes = hour * MINUTES + minute
    if groups.get("german_half"):
        minutes -= MINUTES // 2
    elif groups.get("part"):
        part = {"half": 30, "quarter": 15, "viertel": 15}.get(groups["part"]) or int(groups["part"])
        minutes += part if groups["side"] in {"past", "after", "nach"} else -part
    minutes %= HOURS * MINUTES
    return _Said(minutes // MINUTES, minutes % MINUTES, certain=certain)


def _resolved(one: _Said, *, earliest: str, latest: str) -> str:
    hour, minute = one.hour, one.minute
    if not one.certain:
        for candidate in (hour, (hour + NOON) % HOURS):
            said = f"{candidate:02d}:{minute:02d}"
            if earliest <= said <= latest:
                return said
    return f"{hour % HOURS:02d}:{minute:02d}"
