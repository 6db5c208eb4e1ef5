"""German prices, percentages and measures."""

from __future__ import annotations

import re

from agent.speech.spoken.amounts import NUMBER, parts
from agent.speech.spoken.german_numbers import before_noun, cardinal, decimal
from agent.speech.spoken.rules import Rule, rule

_CURRENCIES = {
    "€": ("Euro", "Cent"), "EUR": ("Euro", "Cent"), "Euro": ("Euro", "Cent"), "$": ("Dollar", "Cent"),
    "USD": ("Dollar", "Cent"), "£": ("Pfund", "Pence"), "GBP": ("Pfund", "Pence"), "CHF": ("Franken", "Rappen"),
    "Fr.": ("Franken", "Rappen"), "¥": ("Yen", "Sen"),
}  # fmt: skip
_SIGN = r"(?:[€$£¥]|Fr\.(?= ?\d)|(?:EUR|Euro|USD|GBP|CHF)(?![A-Za-z]))"
_SCALES = {
    "Mio": ("Million", "Millionen"), "Million": ("Million", "Millionen"), "Millionen": ("Million", "Millionen"),
    "Mrd": ("Milliarde", "Milliarden"), "Milliarde": ("Milliarde", "Milliarden"),
    "Milliarden": ("Milliarde", "Milliarden"), "Tsd": ("tausend", "tausend"), "T": ("tausend", "tausend"),
}  # fmt: skip
_SCALE = r"(?: ?(?P<scale>Millionen|Million|Milliarden|Milliarde|Mio|Mrd|Tsd)\b\.?)"
_TO = r" ?(?:-|–|—|bis) ?"
_PER = {
    "h": "pro Stunde", "Std": "pro Stunde", "Stunde": "pro Stunde", "Tag": "pro Tag", "Nacht": "pro Nacht",
    "Woche": "pro Woche", "Monat": "pro Monat", "Mon": "pro Monat", "Jahr": "pro Jahr", "Person": "pro Person",
    "Pers": "pro Person", "kg": "pro Kilogramm", "kWh": "pro Kilowattstunde", "min": "pro Minute",
    "Min": "pro Minute", "Stück": "pro Stück", "m2": "pro Quadratmeter", "l": "pro Liter", "s": "pro Sekunde",
}  # fmt: skip
_UNITS = {
    "km/h": ("Kilometer pro Stunde", "m"), "m/s": ("Meter pro Sekunde", "m"), "km": ("Kilometer", "m"),
    "cm": ("Zentimeter", "m"), "mm": ("Millimeter", "m"), "m2": ("Quadratmeter", "m"), "qm": ("Quadratmeter", "m"),
    "m3": ("Kubikmeter", "m"), "km2": ("Quadratkilometer", "m"), "m": ("Meter", "m"), "kg": ("Kilogramm", "m"),
    "mg": ("Milligramm", "m"), "g": ("Gramm", "m"), "t": ("Tonnen", "f"), "ml": ("Milliliter", "m"),
    "l": ("Liter", "m"), "L": ("Liter", "m"), "Std.": ("Stunden", "f"), "Std": ("Stunden", "f"),
    "h": ("Stunden", "f"), "Min.": ("Minuten", "f"), "min": ("Minuten", "f"), "Min": ("Minuten", "f"),
    "Sek.": ("Sekunden", "f"), "Sek": ("Sekunden", "f"), "sek": ("Sekunden", "f"), "s": ("Sekunden", "f"),
    "kB": ("Kilobyte", "m"), "MB": ("Megabyte", "m"), "GB": ("Gigabyte", "m"), "TB": ("Terabyte", "m"),
    "Mbit/s": ("Megabit pro Sekunde", "m"), "MBit/s": ("Megabit pro Sekunde", "m"),
    "kWh": ("Kilowattstunden", "f"), "kW": ("Kilowatt", "m"), "W": ("Watt", "m"), "Hz": ("Hertz", "m"),
    "kHz": ("Kilohertz", "m"), "MHz": ("Megahertz", "m"), "GHz": ("Gigahertz", "m"), "PS": ("P S", "m"),
    "dB": ("Dezibel", "m"), "°C": ("Grad Celsius", "m"), "°": ("Grad", "m"), "%": ("Prozent", "m"),
    "ct": ("Cent", "m"), "Ct": ("Cent", "m"), "J.": ("Jahre", "m"),
}  # fmt: skip
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_EACH = rf"(?: ?/ ?(?P<per>{'|'.join(sorted(_PER, key=len, reverse=True))})(?![\w/])\.?)?"
_NO_CENTS = r"(?:[,.](?:-{1,2}|–|—)(?!\w))?"
_ONE, _OTHER = f"(?P<one>{NUMBER})", f"(?P<other>{NUMBER})"
_UP_TO = rf"(?:{_TO}(?:{_SIGN} ?)?{_OTHER}{_NO_CENTS})?"


def money_rules() -> list[Rule]:
    """Amounts with a currency before or after them, ranges of them, and "5 €/Monat"."""
    return [
        rule(rf"{_ONE}{_NO_CENTS}(?: ?{_SIGN})?{_UP_TO}{_SCALE}? ?(?P<sign>{_SIGN})(?!\w){_EACH}", _price),
        rule(rf"(?<!\w)(?P<sign>{_SIGN}) ?{_ONE}{_NO_CENTS}{_UP_TO}{_SCALE}?{_EACH}", _price),
    ]


def measure_rules() -> list[Rule]:
    """Percentages, and numbers with a unit, ranges of them."""
    return [
        rule(rf"{_ONE}(?:{_TO}{_OTHER})? ?(?P<unit>{_UNIT})(?!\w){_EACH}", _measure),
        rule(rf"{_ONE}{_SCALE}", lambda match: _scaled(match["one"], match["scale"])),
        rule(rf"{_ONE} ?[x×] ?{_OTHER}(?!\w)", lambda match: f"{decimal(match['one'])} mal {decimal(match['other'])}"),
    ]


def _price(match: re.Match[str]) -> str:
    found = match.groupdict()
    each = f" {_PER[found['per']]}" if found["per"] else ""
    last = _sum(found["sign"], found["other"] or found["one"], found["scale"])
    if not found["other"]:
        return last + each
    has_cents = bool(parts(found["one"], ",")[1]) and not found["scale"]
    first = _sum(found["sign"], found["one"], None) if has_cents else decimal(found["one"])
    return f"{first} bis {last}{each}"


def _sum(sign: str, written: str, scale: str | None) -> str:
    name, small_name = _CURRENCIES[sign]
    if scale:
        return f"{_scaled(written, scale)} {name}"
    units, cents = parts(written, ",")
    if len(cents) > 2:
        return f"{decimal(written)} {name}"
    cents = cents + "0" if len(cents) == 1 else cents
    said = f"{before_noun(int(units))} {name}"
    if not int(cents or 0):
        return said
    return f"{said} {cardinal(int(cents))}" if int(units) else f"{before_noun(int(cents))} {small_name}"


def _scaled(written: str, scale: str) -> str:
    one, many = _SCALES[scale]
    return f"{'ein' if one == 'tausend' else 'eine'} {one}" if written == "1" else f"{decimal(written)} {many}"


def _measure(match: re.Match[str]) -> str:
    name, gender = _UNITS[match["unit"]]
    each = f" {_PER[match['per']]}" if match["per"] else ""
    if match["other"]:
        return f"{decimal(match['one'])} bis {decimal(match['other'])} {name}{each}"
    if match["one"] == "1":
        singular = name.removesuffix("n") if gender == "f" else name
        return f"{before_noun(1, gender)} {singular}{each}"
    return f"{decimal(match['one'])} {name}{each}"
