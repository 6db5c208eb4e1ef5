"""Telephone numbers and other long codes, digit by digit."""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.speech.spoken.rules import Rule, rule

_NUMBER = (
    r"(?<![\w.,:$€£+/(-])(?:\+\d{1,3}[ ./-]?|1[ .-](?=[(]?\d{3}))?(?:\(\d{1,5}\)[ ./-]?)?"
    r"\d{2,14}(?:(?: - |[ ./-])\d{2,14}){0,5}(?![\w$€£%]|[.,:/-]\d)"
)
SHORTEST, LONGEST = 7, 16
_THOUSANDS = re.compile(r"\d{1,3}(?:(?: \d{3}){0,3} 000|(?:\.\d{3}){2,4})")
_DECIMAL = re.compile(r"[1-9]\d{0,14}\.\d{1,14}")
_TWO_YEARS = re.compile(r"(?:1[1-9]|20)\d\d ?[-/] ?(?:1[1-9]|20)\d\d")


def telephone_rules(digits: Callable[[str], str], plus: str) -> list[Rule]:
    """`digits` says a row of digits in groups; `plus` is the sign before a country code."""

    def read(match: re.Match[str]) -> str:
        written = match[0]
        count = sum(character.isdigit() for character in written)
        is_quantity = bool(_THOUSANDS.fullmatch(written) or _DECIMAL.fullmatch(written))
        is_dialled = written[0] in "+(0" or count >= SHORTEST
        has_parts = not written.isdecimal() or written.startswith("0")
        years = bool(_TWO_YEARS.fullmatch(written))
        if is_quantity or years or not is_dialled or not has_parts or not 5 <= count <= LONGEST:
            return written
        rows = [digits(row) for row in re.findall(r"\d+", written)]
        return (f"{plus} " if written.startswith("+") else "") + ", ".join(rows)

    def spell(match: re.Match[str]) -> str:
        return ", ".join(digits(row) for row in match[0].split("-"))

    return [rule(_NUMBER, read, re.ASCII), rule(r"(?<![\w.,:-])\d{1,7}(?:-\d{1,7}){2,6}(?![\w-])", spell, re.ASCII)]
