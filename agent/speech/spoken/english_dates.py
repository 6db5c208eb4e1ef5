"""English dates and times of day."""

from __future__ import annotations

import re

from agent.speech.spoken.english_numbers import cardinal, ordinal, year
from agent.speech.spoken.rules import Rule, rule

# fmt: off
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
# fmt: on
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?(?![a-z])"
_MONTH_DOT = _MONTH + r"\.?"
_DAY = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:day|s|sday|nesday|rs|rsday|urday)?(?![a-z])\.?"
_DAY_OF_MONTH = r"(0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d:%])"
_YEAR = r"((?:1[1-9]|20)\d\d)(?!\d)"
_TO = r" ?(?:-|–|—) ?"
_CLOCK = r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?( [AP]M)?"


def date_rules() -> list[Rule]:
    """Dates with a month in them, ISO dates, and 3/14/2026 or 14.03.2026."""
    return [
        rule(r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?:[T ](?=\d\d:\d\d)|(?![\d-]))", _iso),
        rule(r"(?<=\d\d:\d\d):\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?(?![\d:])", ""),
        rule(r"(?<![\d/.])(\d\d?)/(\d\d?)/(\d{4}|\d\d)(?![\d/])", _slashes),
        rule(r"(?<![\d/.])(\d\d?)\. ?(\d\d?)\. ?(\d{4})(?![\d/])", _dots),
        rule(
            r"\b(on|by|until|till|from|since|before|after|starting) (1[0-2]|[1-9])/(3[01]|[12]?\d)(?![\d/])",
            lambda match: f"{match[1]} {_month_day(int(match[2]), int(match[3]), '') or match[0].split()[1]}",
        ),
        rule(rf"\b{_MONTH_DOT} {_DAY_OF_MONTH}{_TO}{_DAY_OF_MONTH}(?:,? {_YEAR})?", _month_days),
        rule(rf"\b{_MONTH_DOT} {_DAY_OF_MONTH}(?:,? {_YEAR})?", _month_first),
        rule(
            rf"(?<![\d.,:])((?i:the) )?{_DAY_OF_MONTH}\.? (?:of )?{_MONTH}(?:\.(?= [a-z\d]))?(?:,? {_YEAR})?",
            _day_first,
        ),
        rule(rf"\b{_MONTH_DOT},? {_YEAR}", lambda match: f"{_name(match[1])} {year(int(match[2]))}"),
        rule(r"(?<![\w])(?<!\d )([ap])\.m\.", _half_of_day, re.IGNORECASE),
        rule(rf"\b{_DAY}{_TO}{_DAY}(?=(.?))", _days),
        rule(
            r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:\.(?=:?,? [a-z\d])|(?=[:,]? \d))",
            lambda match: _weekday(match[1]),
        ),
        rule(r"\b(Tues?|Wed|Thu(?:rs?)?|Fri)(?![a-z'])", lambda match: _weekday(match[1])),
    ]


def time_rules() -> list[Rule]:
    """Times of day and ranges of them; 24-hour times become AM and PM."""
    return [
        rule(r"(?<=\d) ?([ap])\. ?m\.", _half_of_day, re.IGNORECASE),
        rule(r"(?<=\d) ?([ap])m\b", lambda match: f" {match[1].upper()}M", re.IGNORECASE),
        rule(rf"(?<![\d.,:$€£-]){_CLOCK}(?:{_TO}| to ){_CLOCK}(?![\d%]|[.,:/-]\d)", _hours),
        rule(r"(?<![\d.,:$€£-])([01]?\d|2[0-4])[:.]([0-5]\d)( [AP]M)(?!\w)", _time),
        rule(r"(?<![\d.,:$€£-])([01]?\d|2[0-4]):([0-5]\d)(?: ?(?:h|hrs?|o'clock)\b)?(?!\d|[.:]\d)", _time),
        rule(r"(?<![\d.,:$€£-])([01]?\d|2[0-4])()( [AP]M)(?!\w)", _time),
    ]


def clock(hour: int, minute: int, half: str = "") -> str:
    """ "nine thirty PM"; `half` is "AM", "PM", or empty: then it is said where the hour is not one of 1 to 12."""
    if not half and hour in {0, 24} and not minute:
        return "midnight"
    if not half and hour == 12 and not minute:
        return "noon"
    if not half and not 1 <= hour <= 12:
        half = "PM" if 12 < hour < 24 else "AM"
    said = cardinal((hour - 1) % 12 + 1)
    if minute:
        said += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif not half:
        said += " o'clock"
    return f"{said} {half}" if half else said


def _time(match: re.Match[str]) -> str:
    written_with_zero = match[1].startswith("0") and int(match[1]) > 0
    half = (match[3] or "").strip() if match.re.groups > 2 else ""
    return clock(int(match[1]), int(match[2] or 0), half or ("AM" if written_with_zero else ""))


def _hours(match: re.Match[str]) -> str:
    start, start_minute, start_half, end, end_minute, end_half = match.groups()
    if not any((start_minute, start_half, end_minute, end_half)):
        return match[0]
    by_24_hours = not (start_half or end_half) and (int(end) > 12 or int(start) > 12 or start.startswith("0"))
    halves = [(half or "").strip() for half in (start_half, end_half)]
    if by_24_hours:
        halves = ["" if int(hour) in {0, 12, 24} else ("PM" if int(hour) > 12 else "AM") for hour in (start, end)]
    said = [
        clock(int(hour), int(minute or 0), half)
        for hour, minute, half in zip((start, end), (start_minute, end_minute), halves, strict=True)
    ]
    if not any(halves) or (halves[1] and not halves[0]):
        said = [words.removesuffix(" o'clock") for words in said]
    return " to ".join(said)


def _half_of_day(match: re.Match[str]) -> str:
    rest = match.string[match.end() :]
    ends_sentence = not rest.strip() or bool(re.match(r"\s+[A-Z]", rest))
    return f" {match[1].upper()}M{'.' if ends_sentence else ''}"


def _name(short: str) -> str:
    return next(month for month in MONTHS if month.startswith(short))


def _weekday(short: str) -> str:
    return next(day for day in DAYS if day.startswith(short[:3]))


def _month_day(month: int, day: int, written_year: str) -> str:
    """Empty where there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ""
    full_year = f"20{written_year}" if len(written_year) == 2 else written_year
    said = f"{MONTHS[month - 1]} {ordinal(day)}"
    if not full_year:
        return said
    known = 1100 <= int(full_year) <= 2099
    return f"{said}, {year(int(full_year)) if known else cardinal(int(full_year))}"


def _iso(match: re.Match[str]) -> str:
    said = _month_day(int(match[2]), int(match[3]), match[1])
    time_follows = match[0][-1] in "T "
    return (said + (" at " if time_follows else "")) if said else match[0]


def _slashes(match: re.Match[str]) -> str:
    first, second = int(match[1]), int(match[2])
    return _month_day(first, second, match[3]) or _month_day(second, first, match[3]) or match[0]


def _dots(match: re.Match[str]) -> str:
    return _month_day(int(match[2]), int(match[1]), match[3]) or match[0]


def _month_first(match: re.Match[str]) -> str:
    said = f"{_name(match[1])} {ordinal(int(match[2]))}"
    return f"{said}, {year(int(match[3]))}" if match[3] else said


def _month_days(match: re.Match[str]) -> str:
    said = f"{_name(match[1])} {ordinal(int(match[2]))} to {ordinal(int(match[3]))}"
    return f"{said}, {year(int(match[4]))}" if match[4] else said


def _day_first(match: re.Match[str]) -> str:
    said = f"{match[1] or 'the '}{ordinal(int(match[2]))} of {_name(match[3])}"
    return f"{said}, {year(int(match[4]))}" if match[4] else said


def _days(match: re.Match[str]) -> str:
    dot = "." if match[0].endswith(".") and not match[3] else ""
    return f"{_weekday(match[1])} to {_weekday(match[2])}{dot}"
