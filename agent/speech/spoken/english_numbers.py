"""English names of numbers."""

from __future__ import annotations

from agent.speech.spoken.amounts import LONGEST, groups, is_counted, parts

# fmt: off
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
# fmt: on
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ("", " thousand", " million", " billion", " trillion")
IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(number: int) -> str:
    """ "twelve thousand three hundred forty-five"; `number` from 0 to 10^15 - 1."""
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens] + (f"-{ONES[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{ONES[hundreds]} hundred" + (f" {cardinal(rest)}" if rest else "")
    said = []
    for scale in range(len(SCALES) - 1, -1, -1):
        count, number = divmod(number, 1000**scale)
        if count:
            said.append(cardinal(count) + SCALES[scale])
    return " ".join(said)


def ordinal(number: int) -> str:
    """ "twenty-third"."""
    words = cardinal(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in IRREGULAR_ORDINALS:
        return words[:cut] + IRREGULAR_ORDINALS[last]
    return words[:-1] + "ieth" if last.endswith("y") else words + "th"


def year(number: int) -> str:
    """ "nineteen ninety-five", "two thousand nine", "twenty twenty-six"; for 1000 to 2099."""
    century, rest = divmod(number, 100)
    if century in {10, 20} and rest < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digits(row: str) -> str:
    """Digit by digit, in groups parted by commas."""
    return ", ".join(" ".join(ONES[int(digit)] for digit in group) for group in groups(row))


def whole(row: str) -> str:
    """A row of digits as a number, or digit by digit where it is a code."""
    return cardinal(int(row)) if is_counted(row) else digits(row)


def decimal(written: str) -> str:
    """Any written number: "1,234" or "3.5" or "0,75"."""
    before, after = parts(written, ".")
    said = cardinal(int(before)) if "," in written and len(before) <= LONGEST else whole(before)
    return f"{said} point {' '.join(ONES[int(digit)] for digit in after)}" if after else said
