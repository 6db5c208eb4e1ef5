"""English prices, percentages and measures."""

from __future__ import annotations

import re

from agent.speech.spoken.amounts import NUMBER, parts
from agent.speech.spoken.english_numbers import cardinal, decimal
from agent.speech.spoken.rules import Rule, rule

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "¥": ("yen", "yen", "sen", "sen"),
}
_CODES = {"USD": "$", "US$": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "mio": "million", "bn": "billion", "b": "billion"}
_SIGN = r"(?:US\$|[$€£¥]|(?:USD|EUR|GBP|JPY|CHF)(?![A-Za-z]))"
_SCALE = r"(?: ?(?:thousand|million|billion|trillion|k|K|m|M|mn|mio|bn|b|B)(?![A-Za-z]))"
_TO = r" ?(?:-|–|—|\bto\b) ?"
_PER = {
    "h": "hour", "hr": "hour", "hour": "hour", "day": "day", "night": "night", "week": "week", "wk": "week",
    "month": "month", "mo": "month", "year": "year", "yr": "year", "person": "person", "kg": "kilogram",
    "kWh": "kilowatt hour", "min": "minute", "minute": "minute", "piece": "piece", "unit": "unit", "user": "user",
    "room": "room", "lb": "pound", "l": "liter", "m2": "square meter", "sq ft": "square foot", "s": "second",
}  # fmt: skip
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"), "kph": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"), "m/s": ("meter per second", "meters per second"),
    "km": ("kilometer", "kilometers"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"),
    "m2": ("square meter", "square meters"), "km2": ("square kilometer", "square kilometers"),
    "m3": ("cubic meter", "cubic meters"), "sqm": ("square meter", "square meters"), "m": ("meter", "meters"),
    "sq ft": ("square foot", "square feet"), "ft": ("foot", "feet"), "yd": ("yard", "yards"), "mi": ("mile", "miles"),
    "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "g": ("gram", "grams"),
    "lbs": ("pound", "pounds"), "lb": ("pound", "pounds"), "oz": ("ounce", "ounces"), "t": ("ton", "tons"),
    "ml": ("milliliter", "milliliters"), "l": ("liter", "liters"), "L": ("liter", "liters"),
    "gal": ("gallon", "gallons"), "hrs": ("hour", "hours"), "hr": ("hour", "hours"), "h": ("hour", "hours"),
    "mins": ("minute", "minutes"), "min": ("minute", "minutes"), "secs": ("second", "seconds"),
    "sec": ("second", "seconds"), "s": ("second", "seconds"), "ms": ("millisecond", "milliseconds"),
    "yrs": ("year", "years"), "yr": ("year", "years"), "wks": ("week", "weeks"), "wk": ("week", "weeks"),
    "kB": ("kilobyte", "kilobytes"), "KB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "Mbps": ("megabit per second",
    "megabits per second"), "Mbit/s": ("megabit per second", "megabits per second"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "kW": ("kilowatt", "kilowatts"), "W": ("watt", "watts"),
    "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"), "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"), "dB": ("decibel", "decibels"), "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "°": ("degree", "degrees"), "%": ("percent", "percent"),
    "pct": ("percent", "percent"), "ct": ("cent", "cents"), "¢": ("cent", "cents"),
}  # fmt: skip
_UNIT = "|".join(re.escape(unit).replace(r"\ ", " ") for unit in sorted(_UNITS, key=len, reverse=True))


_EACH = rf"(?: ?/ ?(?P<per>{'|'.join(sorted(_PER, key=len, reverse=True))})(?![\w/]))?"
_ONE, _OTHER = f"(?P<one>{NUMBER})(?P<scale>{_SCALE})?", f"(?P<other>{NUMBER})(?P<other_scale>{_SCALE})?"


def money_rules() -> list[Rule]:
    """Amounts with a currency before or after them, ranges of them, and "$5/month"."""
    return [
        rule(
            rf"(?<!\w)(?P<sign>{_SIGN}) ?{_ONE}(?:{_TO}{_SIGN}? ?{_OTHER})?(?:[.,]?-{{1,2}}(?![\w-]))?{_EACH}", _price
        ),
        rule(rf"{_ONE}(?:{_TO}{_OTHER})?(?:[.,]?-{{1,2}})? ?(?P<sign>{_SIGN})(?!\w){_EACH}", _price),
    ]


def measure_rules() -> list[Rule]:
    """Percentages, and numbers with a unit, ranges of them, and "5 GB/month"."""
    return [
        rule(
            rf"(?P<one>{NUMBER})(?:{_TO}(?P<other>{NUMBER}))? ?(?P<unit>{_UNIT})(?![\w/])(?:\.(?= [a-z]))?{_EACH}",
            _measure,
        ),
        rule(rf"(?P<one>{NUMBER}) ?[x×] ?(?P<other>{NUMBER})(?![\w])", _product),
        rule(rf"(?P<one>{NUMBER})(?P<scale>k|K|M|mn|mio|bn|B)(?![A-Za-z\d])", _scaled),
    ]


def _price(match: re.Match[str]) -> str:
    found = match.groupdict()
    sign = _CODES.get(found["sign"], found["sign"])
    each = f" per {_PER[found['per']]}" if found["per"] else ""
    if not found["other"]:
        return _sum(sign, found["one"], _scale(found["scale"])) + each
    first, last = _scale(found["scale"]) or _scale(found["other_scale"]), _scale(found["other_scale"])
    if parts(found["one"], ".")[1] and not first:
        return f"{_sum(sign, found['one'], '')} to {_sum(sign, found['other'], last)}{each}"
    start = decimal(found["one"]) + (f" {_scale(found['scale'])}" if found["scale"] and first != last else "")
    return f"{start} to {_sum(sign, found['other'], last)}{each}"


def _sum(sign: str, written: str, scale: str) -> str:
    one, many, small_one, small_many = _CURRENCIES[sign]
    if scale:
        return f"{decimal(written)} {scale} {many}"
    units, cents = parts(written, ".")
    if len(cents) == 3:  # "1.000 EUR" came from where a point parts thousands
        units, cents = units + cents, ""
    if len(cents) == 1:
        cents += "0"
    if len(cents) > 2:
        return f"{decimal(written)} {many}"
    said = f"{cardinal(int(units))} {one if int(units) == 1 else many}"
    if not int(cents or 0):
        return said
    small = f"{cardinal(int(cents))} {small_one if int(cents) == 1 else small_many}"
    return small if not int(units) else f"{said} and {small}"


def _measure(match: re.Match[str]) -> str:
    one, many = _UNITS[match["unit"]]
    each = f" per {_PER[match['per']]}" if match["per"] else ""
    if match["other"]:
        return f"{decimal(match['one'])} to {decimal(match['other'])} {many}{each}"
    return f"{decimal(match['one'])} {one if match['one'] == '1' else many}{each}"


def _product(match: re.Match[str]) -> str:
    return f"{decimal(match['one'])} by {decimal(match['other'])}"


def _scaled(match: re.Match[str]) -> str:
    return f"{decimal(match['one'])} {_scale(match['scale'])}"


def _scale(written: str | None) -> str:
    name = (written or "").strip()
    return _SCALES.get(name.lower(), name)
