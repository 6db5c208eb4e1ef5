"""The day of the calendar that was said. Pure: today is an argument."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from agent.speech.heard.calendar_words import WORDS, CalendarWords
from agent.speech.heard.clauses import is_refused, last_said
from agent.speech.heard.digits import in_figures

WEEK = 7
MOST_AHEAD = 1000
"""Days or months; who names more has been misheard."""
FULL_YEAR = 100
"""Below it, a year has two figures."""
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_FIGURES = re.compile(r"(?<![\d.])(\d{1,2})[./](?:\s?)(\d{1,2})(?:[./]\s?(\d{4}|\d{2}))?\.?(?![\d:])")
_YEAR = r"(?:,?\s+(?:of\s+)?(?P<year>\d{4}|\d{2}\s?\d{2})\b(?!\s?(?:uhr|am|pm|a\.m|p\.m|o'clock|:)))?"
_OR = re.compile(r"\b(?:or|oder)\b")


def day(text: str, language: str, *, today: date, past: bool = False) -> date | None:
    """The one day of the answer; None where none was said, or several between which nothing was decided.

    A day without a year is the next such one after today, or with `past` the last one; a weekday is the next such one.
    """
    words = WORDS.get(language.lower()[:2])
    for piece in last_said(text, language):
        said = " ".join(in_figures(piece, language).lower().replace("’", "'").split())
        found = [
            one
            for one, start, end in _days(said, words, today, past=past)
            if not is_refused(said, start, end, language)
        ]
        different = list(dict.fromkeys(found))
        if len(different) == 1 or (different and not _OR.search(said)):
            return different[-1]
        if different:
            return None
    return None


def _days(said: str, words: CalendarWords | None, today: date, *, past: bool) -> Iterator[tuple[date, int, int]]:
    """All days that are said, in order of their places, with these; what is part of a longer one is left out."""
    taken: list[tuple[int, int]] = []
    found: list[tuple[date, int, int]] = []
    for one, start, end in _candidates(said, words, today, past=past):
        if any(start < other_end and end > other_start for other_start, other_end in taken):
            continue
        taken.append((start, end))
        if one is not None:
            found.append((one, start, end))
    yield from _joined(sorted(found, key=lambda item: item[1]), said, words)


def _candidates(
    said: str, words: CalendarWords | None, today: date, *, past: bool
) -> Iterator[tuple[date | None, int, int]]:
    """The surest forms first."""
    for match in _ISO.finditer(said):
        yield _date(int(match[1]), int(match[2]), int(match[3])), *match.span()
    if words is None:
        return
    dated = (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: day)?(?: of)? (?P<month>{words.months})\b{_YEAR}",
        rf"\b(?P<month>{words.months}),?(?: the)? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:){_YEAR}",
    )
    for form in dated:
        for match in re.finditer(form, said):
            month = _index(match["month"], words.month_names) + 1
            yield _of_month(int(match["day"]), month, match["year"], today, past=past), *match.span()
    for match in _FIGURES.finditer(said):
        one, other = int(match[1]), int(match[2])
        month, number = (other, one) if words.day_first else (one, other)
        if match[3] is None and not words.day_first and "." in match[0]:
            continue  # a number with a fraction
        yield _of_month(number, month, match[3], today, past=past), *match.span()
    yield from _counted_weekdays(said, words, today)
    for match in words.in_days.finditer(said):
        if not match[0].startswith("in ") and not re.search(r"from|time", match[0]):
            continue
        count = int(match["count"]) if match["count"].isdigit() else 1
        if match["unit"].startswith(words.month_unit):
            yield _months_on(today, min(count, MOST_AHEAD)), *match.span()
            continue
        days = count * (WEEK if match["unit"].startswith(words.week_unit) else 1)
        yield today + timedelta(days=min(days, MOST_AHEAD)), *match.span()
    for pattern, offset in words.relative:
        for match in pattern.finditer(said):
            yield today + timedelta(days=offset), *match.span()
    yield from _weekdays(said, words, today, past=past)
    for match in words.day_of_month.finditer(said):
        yield _next_such_day(int(match["day"] or match["ordinal"]), today, past=past), *match.span()


def _counted_weekdays(said: str, words: CalendarWords, today: date) -> Iterator[tuple[date | None, int, int]]:
    """The first Monday in December."""
    counted = rf"\b(?P<count>[1-5])(?:st|nd|rd|th|\.) {words.weekdays.pattern[2:-2]} (?:in|of|im)(?: the)? "
    for match in re.finditer(rf"{counted}(?P<month>{words.months})\b", said):
        weekday, month = _index(match[2], words.weekday_names), _index(match["month"], words.month_names) + 1
        yield _nth_weekday(int(match["count"]), weekday, month, today), *match.span()


def _weekdays(said: str, words: CalendarWords, today: date, *, past: bool) -> Iterator[tuple[date | None, int, int]]:
    for match in words.weekdays.finditer(said):
        wanted = _index(match[0], words.weekday_names)
        ahead = (wanted - today.weekday() - 1) % WEEK + 1
        before, after = said[: match.start()], said[match.end() :]
        next_week = words.next_.search(before) or (later := words.later_week.search(after))
        if next_week:
            ahead = WEEK - today.weekday() + wanted
        elif past:
            ahead -= WEEK
        end = match.end() + (later.end() if next_week and not words.next_.search(before) and later else 0)
        number = words.day_of_month.match(said, end + 1) or words.day_of_month.match(said, end + 2)
        if number is not None:
            named = _on_weekday(int(number["day"] or number["ordinal"]), wanted, today)
            if named is not None:
                yield named, match.start(), number.end()
                continue
        yield today + timedelta(days=ahead), match.start(), end


def _joined(
    found: list[tuple[date, int, int]], said: str, words: CalendarWords | None
) -> Iterator[tuple[date, int, int]]:
    """A weekday just before a date is part of it, whether or not the two agree."""
    for at, (one, start, end) in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        if words is not None and following is not None and words.weekdays.fullmatch(said[start:end]):
            between = said[end : following[1]]
            if re.fullmatch(r"[\s,]*(?:the|der|den|dem|am|on)?[\s,]*", between):
                continue
        yield one, start, end


def _index(word: str, names: tuple[str, ...]) -> int:
    """Of the longest beginning that fits: "sonntag" is no "sa|sonna"."""
    return next(at for at, name in enumerate(names) if re.match(name, word))


def _of_month(number: int, month: int, year: str | None, today: date, *, past: bool) -> date | None:
    if year is not None:
        figures = int(re.sub(r"\s", "", year))
        if figures < FULL_YEAR:
            figures += today.year // FULL_YEAR * FULL_YEAR
            if past and figures > today.year:
                figures -= FULL_YEAR
        return _date(figures, month, number)
    this_year = _date(today.year, month, number)
    if past:
        return this_year if this_year is not None and this_year <= today else _date(today.year - 1, month, number)
    return this_year if this_year is not None and this_year >= today else _date(today.year + 1, month, number)


def _next_such_day(number: int, today: date, *, past: bool) -> date | None:
    step = -1 if past else 1
    year, month = today.year, today.month
    for _ in range(13):
        found = _date(year, month, number)
        if found is not None and (found <= today if past else found >= today):
            return found
        month += step
        year, month = year + (month > 12) - (month < 1), (month - 1) % 12 + 1
    return None


def _on_weekday(number: int, weekday: int, today: date) -> date | None:
    """The next such day of a month that is that weekday, within half a year."""
    found = _next_such_day(number, today, past=False)
    for _ in range(6):
        if found is None or found.weekday() == weekday:
            return found
        found = _next_such_day(number, found + timedelta(days=1), past=False)
    return None


def _nth_weekday(count: int, weekday: int, month: int, today: date) -> date | None:
    """The first Monday of a month and the like, the next one that is not over."""
    for year in (today.year, today.year + 1):
        first = date(year, month, 1)
        found = first + timedelta(days=(weekday - first.weekday()) % WEEK + WEEK * (count - 1))
        if found >= today:
            return found if found.month == month else None
    return None


def _months_on(today: date, count: int) -> date:
    year, month = today.year + (today.month - 1 + count) // 12, (today.month - 1 + count) % 12 + 1
    return next(one for number in range(today.day, 0, -1) if (one := _date(year, month, number)) is not None)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
