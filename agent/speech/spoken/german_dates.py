"""German dates and times of day."""

from __future__ import annotations

import re

from agent.speech.spoken.german_numbers import cardinal, ordinal, year
from agent.speech.spoken.rules import Rule, rule

# fmt: off
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)
# fmt: on
DAYS = {
    "Mo": "Montag",
    "Di": "Dienstag",
    "Mi": "Mittwoch",
    "Do": "Donnerstag",
    "Fr": "Freitag",
    "Sa": "Samstag",
    "So": "Sonntag",
}  # fmt: skip
MONTH = (
    r"(Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|"
    r"Jan\.?|Feb\.?|Mrz\.?|Apr\.?|Jun\.?|Jul\.?|Aug\.?|Sept?\.?|Okt\.?|Nov\.?|Dez\.?)(?![a-zäöü])"
)
_DAY = r"(Mo|Di|Mi|Do|Fr|Sa|So)\.?"
_TO = r" ?(?:-|–|—|bis) ?"
_YEAR = r"((?:1[1-9]|20)\d\d)(?!\d)"
_CASE = r"((?:\b(?i:am|vom|zum|beim|den|dem|des|ab|bis|seit|im|der|die|das|und|oder),? ){0,2})"
_DATIVE = frozenset({"am", "vom", "zum", "beim", "den", "dem", "des", "ab", "seit", "im", "bis"})
_CLOCK = r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?"


def date_rules() -> list[Rule]:
    """ISO dates, 14.03.2026, 14.3., 3. März, and short names of days."""
    return [
        rule(rf"{_CASE}(?<![\d-])(\d{{4}})-(\d\d)-(\d\d)(?:[T ](?=\d\d:\d\d)|(?![\d-]))", _iso),
        rule(r"(?<=\d\d:\d\d):\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?(?![\d:])", ""),
        rule(rf"{_CASE}(?<![\d.])(\d\d?)\. ?(\d\d?)\. ?(\d{{4}}|\d\d(?= ?[^\d\s:.,]|$|[.!?,;]))?(?![\d:])", _by_number),
        rule(rf"{_CASE}(?<![\d.,])(\d\d?)\.{_TO}(\d\d?)\. ?{MONTH}(?: {_YEAR})?", _days_of_month),
        rule(rf"{_CASE}(?<![\d.,])(\d\d?)\. ?{MONTH}(?: {_YEAR})?", _by_name),
        rule(rf"\b{MONTH} {_YEAR}", lambda match: f"{month(match[1])} {year(int(match[2]))}"),
        rule(rf"\b{_DAY} ?(?:-|–|—) ?{_DAY}(?![\wäöü])", _days),
        rule(r"\b(Mo|Di|Mi|Do|Fr|Sa|So)(?:\.(?=[:,]? [a-zäöü\d])|(?=[:,]? \d))", lambda match: DAYS[match[1]]),
    ]


def time_rules() -> list[Rule]:
    """Times of day and ranges of them, with or without "Uhr"."""
    return [
        rule(rf"(?<![\d.,:€-]){_CLOCK}(?: Uhr)?{_TO}{_CLOCK} ?(?:Uhr|h)\b", _hours),
        rule(r"(?<![\d.,:€-])([01]?\d|2[0-4]):([0-5]\d)(?: ?-| ?–| bis) ?([01]?\d|2[0-4]):([0-5]\d)(?![\d:])", _hours),
        rule(r"(?<![\d.,:€-])([01]?\d|2[0-4])[:.]([0-5]\d) ?(?:Uhr|h)\b", _time),
        rule(r"(?<![\d.,:€-])([01]?\d|2[0-4]):([0-5]\d)(?!\d|[.:]\d)", _time),
        rule(r"(?<![\d.,:€-])([01]?\d|2[0-4])() Uhr\b", _time),
    ]


def clock(hour: int, minute: int) -> str:
    """ "neun Uhr dreißig"."""
    name = "ein" if hour == 1 else cardinal(hour)
    return f"{name} Uhr {cardinal(minute)}" if minute else f"{name} Uhr"


def month(written: str) -> str:
    """The whole name of a month."""
    if written.startswith("Mrz"):
        return "März"
    return written if written == "Jänner" else next(name for name in MONTHS if name.startswith(written[:3]))


def _ending(before: str) -> str:
    """Of an ordinal after these words: "am dritten", "der dritte", and "dritter" with none before it."""
    words = re.findall(r"\w+", before.lower())
    if any(word in _DATIVE for word in words):
        return "en"
    return "e" if words and words[-1] in {"der", "die", "das"} else "er"


def _day(before: str, day: int, month_number: int, written_year: str) -> str:
    """Empty where there is no such day."""
    if not (1 <= month_number <= 12 and 1 <= day <= 31):
        return ""
    full_year = f"20{written_year}" if len(written_year) == 2 else written_year
    known = full_year and 1100 <= int(full_year) <= 2099
    name = "" if not full_year else f" {year(int(full_year)) if known else cardinal(int(full_year))}"
    return f"{before}{ordinal(day, _ending(before))} {MONTHS[month_number - 1]}{name}"


def _iso(match: re.Match[str]) -> str:
    said = _day(match[1], int(match[4]), int(match[3]), match[2])
    return said + (" um " if match[0][-1] in "T " else "") if said else match[0]


def _by_number(match: re.Match[str]) -> str:
    said = _day(match[1], int(match[2]), int(match[3]), match[4] or "")
    if not said:
        return match[0]
    rest = match.string[match.end() :]
    ends = not match[4] and not rest.strip()
    return said + ("." if ends else " " if match[0].endswith(" ") else "")


def _by_name(match: re.Match[str]) -> str:
    day = int(match[2])
    if not 1 <= day <= 31:
        return match[0]
    said = f"{match[1]}{ordinal(day, _ending(match[1]))} {month(match[3])}"
    return f"{said} {year(int(match[4]))}" if match[4] else said


def _days_of_month(match: re.Match[str]) -> str:
    first, last = int(match[2]), int(match[3])
    if not (1 <= first <= 31 and 1 <= last <= 31):
        return match[0]
    said = f"{match[1]}{ordinal(first, _ending(match[1]))} bis {ordinal(last, 'en')} {month(match[4])}"
    return f"{said} {year(int(match[5]))}" if match[5] else said


def _days(match: re.Match[str]) -> str:
    ends_sentence = match[0].endswith(".") and not match.string[match.end() :].strip()
    return f"{DAYS[match[1]]} bis {DAYS[match[2]]}{'.' if ends_sentence else ''}"


def _time(match: re.Match[str]) -> str:
    return clock(int(match[1]), int(match[2] or 0))


def _hours(match: re.Match[str]) -> str:
    start, start_minute, end, end_minute = match.groups()
    first = clock(int(start), int(start_minute or 0))
    if not int(start_minute or 0):
        first = first.removesuffix(" Uhr")
    return f"{first} bis {clock(int(end), int(end_minute or 0))}"
