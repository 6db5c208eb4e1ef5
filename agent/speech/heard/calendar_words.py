"""The words of days and months, by language."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalendarWords:
    """Of one language; all patterns are for text in lower case with numbers in figures."""

    weekdays: re.Pattern[str]
    """The match is one of `weekday_names` as it begins."""
    weekday_names: tuple[str, ...]
    """Beginnings, Monday first."""
    months: str
    """Alternatives of a pattern."""
    month_names: tuple[str, ...]
    """Beginnings, January first."""
    relative: tuple[tuple[re.Pattern[str], int], ...]
    """With the days from today; the first match counts."""
    in_days: re.Pattern[str]
    """Groups `count` and `unit`."""
    week_unit: str
    """How the unit of a week begins."""
    month_unit: str
    next_: re.Pattern[str]
    """Before a weekday: of the next week."""
    later_week: re.Pattern[str]
    """After a weekday: a week later."""
    day_first: bool
    """In dates of figures alone."""
    day_of_month: re.Pattern[str]
    """A day of a month that is not named; group `day`."""


# fmt: off
WORDS: dict[str, CalendarWords] = {
    "en": CalendarWords(
        re.compile(r"\b(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?\b"),
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
        r"|nov(?:ember)?|dec(?:ember)?",
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        (
            (re.compile(r"\b(?:the )?day after tomorrow\b"), 2),
            (re.compile(r"\btomorrow\b"), 1),
            (re.compile(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b"), 0),
            (re.compile(r"\byesterday\b"), -1),
        ),
        re.compile(r"\b(?:in )?(?P<count>\d+|an?) (?P<unit>days?|weeks?|months?)(?: from (?:now|today)| time)?\b"),
        "week",
        "month",
        re.compile(r"\b(?:next|following)(?: week(?:'s)?(?: on)?)?,? $|\bnext week,? (?:on )?$"),
        re.compile(r"^ (?:of )?next week\b|^,? a week later\b|^ week\b"),
        day_first=False,
        day_of_month=re.compile(r"\b(?:the (?P<day>\d{1,2})(?:st|nd|rd|th)?|(?P<ordinal>\d{1,2})(?:st|nd|rd|th))\b"),
    ),
    "de": CalendarWords(
        re.compile(r"\b(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)s?\b"),
        ("mon", "die", "mit", "don", "fre", "sa|sonna", "sonnt"),
        r"januar|jänner|februar|feber|märz|april|mai|juni|juno|juli|august|september|oktober|november|dezember",
        ("jan|jän", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
        (
            (re.compile(r"\bübermorgen\b"), 2),
            (re.compile(r"(?<!guten )(?<!am )\bmorgen\b"), 1),
            (re.compile(r"\bheute\b"), 0),
            (re.compile(r"\bgestern\b"), -1),
        ),
        re.compile(r"\bin (?P<count>\d+|einer|einem) (?P<unit>tag(?:en)?|wochen?|monat(?:en)?)\b"),
        "woche",
        "monat",
        re.compile(r"\b(?:nächste[nrs]?|kommende[nrs]?)(?: woche(?: am)?)? $|\bnächste woche (?:am )?$"),
        re.compile(r"^ (?:der )?(?:nächste[nr]?|kommende[nr]?) woche\b|^ in einer woche\b"),
        day_first=True,
        day_of_month=re.compile(r"\b(?:der|den|am|zum) (?P<day>\d{1,2})\.(?!\d)|\b(?P<ordinal>\d{1,2})\.(?=\s|$)"),
    ),
}
# fmt: on
