"""English: which rules, in which order."""

from __future__ import annotations

import re

from agent.speech.spoken.addresses import AddressWords, address_rules
from agent.speech.spoken.amounts import NUMBER, PREPARING, groups, parts
from agent.speech.spoken.english_dates import date_rules, time_rules
from agent.speech.spoken.english_money import measure_rules, money_rules
from agent.speech.spoken.english_numbers import cardinal, decimal, digits, ordinal, whole, year
from agent.speech.spoken.english_words import abbreviation_rules, sign_rules
from agent.speech.spoken.rules import Rule, Stage, rule
from agent.speech.spoken.telephone import telephone_rules

_SPELT_AFTER = (
    "number|code|pin|zip|extension|account|reference|id|order|invoice|ticket|booking|confirmation|room|flight|suite|"
    "bus|route|postcode|pincode|case"
)
_YEAR_AFTER = "in|since|of|from|until|till|by|before|after|around|year|summer|winter|spring|autumn|fall|for|copyright"
_YEAR = r"(?:1\d|20)\d\d"
_FRACTIONS = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
    "1/5": "one fifth", "1/8": "one eighth", "1/10": "one tenth", "50/50": "fifty fifty",
}  # fmt: skip
_AND_A_FRACTION = {"1/2": "a half", "1/3": "a third", "1/4": "a quarter", "1/5": "a fifth", "1/8": "an eighth"}
_FRACTION = "|".join(_FRACTIONS)


def special_number_rules() -> list[Rule]:
    """Decades, fractions and ordinals, whose letters and strokes would be taken for units and signs."""
    return [
        rule(r"(?<![\w.,])((?:1[1-9]|20)\d0)'?s\b", lambda match: _decade(year(int(match[1])))),
        rule(r"(?<![\w.,])'?([2-9]0)'?s\b", lambda match: _decade(cardinal(int(match[1])))),
        rule(rf"(\d{{1,6}}) ({_FRACTION})(?![\d/])", _mixed),
        rule(rf"(?<![\w/.,])({_FRACTION})(?![\w/])", lambda match: _FRACTIONS[match[1]]),
        rule(r"(?<![\w.,])(\d{1,9})(?:st|nd|rd|th)\b", lambda match: ordinal(int(match[1]))),
    ]


def number_rules() -> list[Rule]:
    """Every digit that is left becomes a word."""
    return [
        rule(rf"\b({_SPELT_AFTER})((?: is| number| code)?:? ?#?)(\d{{3,15}})(?![\w]|[.,:/-]\d)", _spelt, re.IGNORECASE),
        rule(
            rf"\b({_YEAR_AFTER}) ({_YEAR})(?:(?:-|–| to )({_YEAR}))?(?![\w]|[.,:/-]\d)(?! [a-z]+s\b)",
            _years,
            re.IGNORECASE,
        ),
        rule(
            rf"(?<![\w.,-])({_YEAR})(?:-|–)({_YEAR})(?![\w]|[.,:/-]\d)",
            lambda match: f"{year(int(match[1]))} to {year(int(match[2]))}",
        ),
        rule(r"(?<![\w.,-])((?:19|20)\d\d)(?=[.!?;]?$|[,.!?;] )", lambda match: year(int(match[1]))),
        rule(r"(?<![\w.])(\d{1,5}(?:\.\d{1,5}){2,6})(?![\w])", _dotted),
        rule(r"(?<![\d:])(\d{1,3}):(\d{1,3})(?![\d:])", r"\1 to \2"),
        rule(rf"({NUMBER}) ?(?:-|–|—) ?({NUMBER})(?![\w-])", _range),
        rule(r"\b(?=[A-Z-]{0,6}\d)(?=[\d-]{0,6}[A-Z])[A-Z\d](?:-?[A-Z\d]){1,14}\b", _code),
        rule(rf"(?<![A-Za-z]){NUMBER}(?![A-Za-z])", lambda match: decimal(match[0])),
        rule(r" ?(\d{1,400}) ?", _leftover),
    ]


def stages() -> list[Stage]:
    """All rules of the language."""
    words = AddressWords(
        at="at", dot="dot", dash="dash", underscore="underscore", slash="slash", plus="plus", colon="colon",
        digits=lambda row: digits(row).replace(",", ""),
    )  # fmt: skip
    list_markers = [
        rule(r"(?:^|(?<=[,.:;!?] ))\(?(\d\d?)[.)] (?=[^\W\d])", lambda match: f"{cardinal(int(match[1]))}, "),
    ]
    return [
        (False, address_rules(words)),
        (True, list_markers),
        (False, [*abbreviation_rules(), *date_rules()]),
        (True, [*time_rules(), *PREPARING, *money_rules(), *telephone_rules(digits, "plus")]),
        (True, [*special_number_rules(), *measure_rules()]),
        (False, sign_rules()),
        (True, number_rules()),
    ]


def _spelt(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2].replace('#', '').rstrip()} {digits(match[3])}"


def _years(match: re.Match[str]) -> str:
    end = f" to {year(int(match[3]))}" if match[3] else ""
    return f"{match[1]} {year(int(match[2]))}{end}"


def _decade(name: str) -> str:
    return name[:-1] + "ies" if name.endswith("y") else f"{name}s"


def _mixed(match: re.Match[str]) -> str:
    part = _AND_A_FRACTION.get(match[2]) or _FRACTIONS[match[2]]
    return f"{whole(match[1])} and {part}"


def _dotted(match: re.Match[str]) -> str:
    rows = match[1].split(".")
    thousands = all(len(row) == 3 for row in rows[1:]) and len(rows[0]) <= 3 and rows[0] != "0"
    if thousands and len(rows) == 3:
        return decimal(match[1])
    return " dot ".join(whole(row) for row in rows)


def _range(match: re.Match[str]) -> str:
    rises = float(parts(match[1], ".")[0]) <= float(parts(match[2], ".")[0])
    is_range = rises or len(match[1]) <= 2
    return f"{decimal(match[1])}{' to ' if is_range else ' '}{decimal(match[2])}"


def _code(match: re.Match[str]) -> str:
    said = ""
    for part in re.findall(r"[A-Z]+-?|\d+", match[0]):
        if not part.isdecimal():
            is_word = len(part) > 3 or (part.endswith("-") and len(part) > 2)
            letters = part.rstrip("-")
            said += (" " if said else "") + (letters if is_word else ".".join(letters))
        else:
            spelt = len(part) > 2 or part.startswith("0")
            joint = "" if not said else ("-" if len(said.split()[-1]) == 1 else " ")
            said += joint + (" ".join(digits(group) for group in groups(part)) if spelt else cardinal(int(part)))
    return said


def _leftover(match: re.Match[str]) -> str:
    return f" {whole(match[1])} "
