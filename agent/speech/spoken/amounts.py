"""Written numbers: which of their marks part thousands, and which parts the fraction."""

from __future__ import annotations

import re

from agent.speech.spoken.rules import rule

NUMBER = r"(?<![\d.,])\d{1,15}(?:[.,'’]\d{1,9}){0,5}(?![\d])"
"""A number with any marks in it; `parts` tells them apart."""
LONGEST = 15
"""Digits up to which a number is said as one; a longer one is a code."""
PREPARING = (
    rule(r"(?<![\w)])-(?=[$€£]?\d)", "minus "),
    rule(r"(?<![\d.,])\d{1,3}(?: \d{3}){0,3} 000(?!\d)", lambda match: match[0].replace(" ", "")),
)
"""A minus, and thousands parted by spaces, written so that the rules for amounts know them; in any language."""


def parts(written: str, decimal_mark: str) -> tuple[str, str]:
    """Digits before and after the decimal mark: "1,234.50" → ("1234", "50"); no fraction: "".

    The last mark is the decimal one where two kinds are used ("1.234,50" in any language); a single mark before three
    digits parts thousands unless it is the language's `decimal_mark`; and any other single mark is a decimal one.
    """
    plain = re.sub(r"['’\s]", "", written)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return plain, ""
    last = max(plain.rfind("."), plain.rfind(","))
    whole, fraction = plain[:last], plain[last + 1 :]
    one_kind = len(set(marks)) == 1
    thousands = len(fraction) == 3 and whole.strip("0") != "" and marks[-1] != decimal_mark
    if one_kind and (len(marks) > 1 or thousands):
        return re.sub(r"[.,]", "", plain), ""
    return re.sub(r"[.,]", "", whole), fraction


def is_counted(row: str) -> bool:
    """Whether a row of digits is said as a number; else it is a code: a leading zero, or too long to be counted."""
    counted = len(row) <= LONGEST and (row == "0" or not row.startswith("0"))
    looks_like_a_code = len(row) >= 7 and not row.endswith("000")
    return counted and not looks_like_a_code


def groups(digits: str) -> list[str]:
    """A long row of digits as people say it: three by three, the last group up to four."""
    said = []
    while len(digits) > 4:
        said.append(digits[:3])
        digits = digits[3:]
    return [*said, digits]
