"""German names of numbers."""

from __future__ import annotations

from agent.speech.spoken.amounts import LONGEST, groups, is_counted, parts

# fmt: off
ONES = (
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
    "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)
# fmt: on
TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
SCALES = ((10**12, "Billion", "Billionen"), (10**9, "Milliarde", "Milliarden"), (10**6, "Million", "Millionen"))
IRREGULAR_ORDINALS = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}


def cardinal(number: int) -> str:
    """ "zwölftausenddreihundertfünfundvierzig"; `number` from 0 to 10^15 - 1."""
    said = []
    for scale, one, many in SCALES:
        count, number = divmod(number, scale)
        if count:
            said.append(f"eine {one}" if count == 1 else f"{below_a_million(count)} {many}")
    if number or not said:
        said.append(below_a_million(number))
    return " ".join(said)


def below_a_million(number: int) -> str:
    """One word, 0 to 999,999."""
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return (f"{_joined(ones)}und" if ones else "") + TENS[tens]
    scale, name = (100, "hundert") if number < 1000 else (1000, "tausend")
    count, rest = divmod(number, scale)
    return (
        ("ein" if count == 1 else _ends_in_ein(below_a_million(count))) + name + (below_a_million(rest) if rest else "")
    )


def before_noun(number: int, gender: str = "m") -> str:
    """The number before what it counts: "ein", or "eine" where `gender` is "f", in place of "eins"."""
    if number == 1:
        return "eine" if gender == "f" else "ein"
    return cardinal(number)


def ordinal(number: int, ending: str = "e") -> str:
    """ "dritte", "dritten", "dritter" by `ending`; `number` from 1 to 999,999."""
    rest = number % 100
    words = below_a_million(number)
    if rest in IRREGULAR_ORDINALS:
        return words[: len(words) - len(ONES[rest])] + IRREGULAR_ORDINALS[rest] + ending
    return words + ("t" if 0 < rest < 20 else "st") + ending


def year(number: int) -> str:
    """ "neunzehnhundertfünfundneunzig", "zweitausendsechsundzwanzig"; for 1100 to 2099."""
    century, rest = divmod(number, 100)
    if century >= 20:
        return cardinal(number)
    return f"{ONES[century]}hundert{below_a_million(rest) if rest else ''}"


def digits(row: str) -> str:
    """Digit by digit, in groups parted by commas."""
    return ", ".join(" ".join(ONES[int(digit)] for digit in group) for group in groups(row))


def whole(row: str) -> str:
    """A row of digits as a number, or digit by digit where it is a code."""
    return cardinal(int(row)) if is_counted(row) else digits(row)


def decimal(written: str) -> str:
    """Any written number: "1.234" or "3,5" or "0.75"."""
    before, after = parts(written, ",")
    said = cardinal(int(before)) if "." in written and len(before) <= LONGEST else whole(before)
    return f"{said} Komma {' '.join(ONES[int(digit)] for digit in after)}" if after else said


def _joined(ones: int) -> str:
    return "ein" if ones == 1 else ONES[ones]


def _ends_in_ein(words: str) -> str:
    return words.removesuffix("s") if words.endswith("eins") else words
