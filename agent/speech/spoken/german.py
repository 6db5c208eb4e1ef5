"""German: which rules, in which order."""

from __future__ import annotations

import re

from agent.speech.spoken.addresses import AddressWords, address_rules
from agent.speech.spoken.amounts import NUMBER, PREPARING, groups, parts
from agent.speech.spoken.german_dates import MONTH, date_rules, time_rules
from agent.speech.spoken.german_money import measure_rules, money_rules
from agent.speech.spoken.german_numbers import before_noun, cardinal, decimal, digits, ordinal, whole, year
from agent.speech.spoken.german_words import abbreviation_rules, sign_rules
from agent.speech.spoken.rules import Rule, Stage, rule
from agent.speech.spoken.telephone import telephone_rules

_SPELT_AFTER = (
    "Nummer|Code|PIN|Postleitzahl|PLZ|Durchwahl|Konto|Kontonummer|Kundennummer|Auftragsnummer|Bestellnummer|"
    "Rechnungsnummer|Flug|Telefon|Ticket|Vorgang|Aktenzeichen"
)
_YEAR_AFTER = "im Jahr|im Jahre|seit|Jahr|Sommer|Winter|Frühling|Herbst|Ende|Anfang|Mitte|von|bis|in"
_FRACTIONS = {
    "1/2": "ein halb", "1/3": "ein Drittel", "2/3": "zwei Drittel", "1/4": "ein Viertel", "3/4": "drei Viertel",
    "1/8": "ein Achtel", "50/50": "fünfzig fünfzig",
}  # fmt: skip
_FRACTION = "|".join(_FRACTIONS)
_COUNTED_IN_ORDER = "(?:Stock|Etage|Obergeschoss|Untergeschoss|Klasse|Tag|Mal|Platz|OG|UG)"
_FEMININE = "Stunde|Minute|Sekunde|Woche|Person|Nacht|Nummer|Frage|Million|Milliarde|Portion|Flasche|Karte|Seite|Etage"


def special_number_rules() -> list[Rule]:
    """Decades and fractions: what stands behind or between their digits would be taken for a sign or a unit."""
    return [
        rule(r"(?<![\w.,])'?([2-9]0)er\b", lambda match: f"{cardinal(int(match[1]))}er"),
        rule(rf"(\d{{1,6}}) ({_FRACTION})(?![\d/])", _mixed),
        rule(rf"(?<![\w/.,])({_FRACTION})(?![\w/])", lambda match: _FRACTIONS[match[1]]),
    ]


def number_rules() -> list[Rule]:
    """Every digit that is left becomes a word."""
    return [
        rule(rf"\b({_SPELT_AFTER})((?: ist| lautet)?:? ?)(\d{{3,15}})(?![\w]|[.,:/-]\d)", _spelt, re.IGNORECASE),
        rule(rf"\b({_YEAR_AFTER}) (1[1-9]\d\d)(?![\w]|[.,:/-]\d)", lambda match: f"{match[1]} {year(int(match[2]))}"),
        rule(
            r"(?<![\w.,-])((?:1[1-9]|20)\d\d)(?:-|–| bis )((?:1[1-9]|20)\d\d)(?![\w]|[.,:/-]\d)",
            lambda match: f"{year(int(match[1]))} bis {year(int(match[2]))}",
        ),
        rule(r"(?<![\w.,-])(19\d\d)(?=[.!?;]?$|[,.!?;] )", lambda match: year(int(match[1]))),
        rule(r"\b((?i:am|vom|zum|im|den|dem|des|beim|jeden)) (\d{1,3})\.(?=$|[ ,;!?])", _ordinal),
        rule(r"\b((?i:der|die|das)) (\d{1,3})\.(?= [A-ZÄÖÜa-zäöü])", _ordinal),
        rule(rf"(?<![\w.])(\d{{1,3}})\.(?= {_COUNTED_IN_ORDER}\b)", _stem),
        rule(r"(?<![\w.])(\d{1,5}(?:\.\d{1,5}){2,6})(?![\w])", _dotted),
        rule(rf"({NUMBER}) ?(?:-|–|—) ?({NUMBER})(?![\w-])", _range),
        rule(r"\b(?=[A-ZÄÖÜ-]{0,6}\d)(?=[\d-]{0,6}[A-ZÄÖÜ])[A-ZÄÖÜ\d](?:-?[A-ZÄÖÜ\d]){1,14}\b", _code),
        rule(rf"(?<![\w.,])1 (?=(?:{_FEMININE})\b)", "eine "),
        rule(r"(?<![\w.,])1 (?=[A-ZÄÖÜ][a-zäöüß])", f"{before_noun(1)} "),
        rule(rf"(?<![^\W\d_]){NUMBER}(?![^\W\d_])", lambda match: decimal(match[0])),
        rule(r" ?(\d{1,400}) ?", lambda match: f" {whole(match[1])} "),
    ]


def stages() -> list[Stage]:
    """All rules of the language."""
    words = AddressWords(
        at="at", dot="Punkt", dash="Minus", underscore="Unterstrich", slash="Schrägstrich", plus="plus",
        colon="Doppelpunkt", digits=lambda row: digits(row).replace(",", ""),
    )  # fmt: skip
    list_markers = [
        rule(
            rf"(?:^|(?<=[,.:;!?] ))\(?(\d\d?)[.)] (?=[^\W\d])(?!{MONTH}|{_COUNTED_IN_ORDER}\b)",
            lambda match: f"{cardinal(int(match[1]))}, ",
        ),
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
    return f"{match[1]}{match[2].rstrip()} {digits(match[3])}"


def _mixed(match: re.Match[str]) -> str:
    if match[2] == "1/2":
        return "eineinhalb" if match[1] == "1" else f"{whole(match[1])}einhalb"
    return f"{whole(match[1])} {_FRACTIONS[match[2]]}"


def _ordinal(match: re.Match[str]) -> str:
    ending = "e" if match[1].lower() in {"der", "die", "das"} else "en"
    number = int(match[2])
    if number == 0:
        return match[0]
    ends = not match.string[match.end() :].strip()
    return f"{match[1]} {ordinal(number, ending)}{'.' if ends else ''}"


def _stem(match: re.Match[str]) -> str:
    return ordinal(int(match[1]), "er") if int(match[1]) else match[0]


def _dotted(match: re.Match[str]) -> str:
    rows = match[1].split(".")
    if all(len(row) == 3 for row in rows[1:]) and len(rows[0]) <= 3 and rows[0] != "0" and len(rows) <= 5:
        return decimal(match[1])
    return " Punkt ".join(whole(row) for row in rows)


def _range(match: re.Match[str]) -> str:
    rises = float(parts(match[1], ",")[0]) <= float(parts(match[2], ",")[0])
    is_range = rises or len(match[1]) <= 2
    return f"{decimal(match[1])}{' bis ' if is_range else ' '}{decimal(match[2])}"


def _code(match: re.Match[str]) -> str:
    said = []
    for part in re.findall(r"\D+|\d+", match[0].replace("-", "")):
        if not part.isdecimal():
            said.append(" ".join(part))
        elif len(part) > 2 or part.startswith("0"):
            said.append(" ".join(digits(group) for group in groups(part)))
        else:
            said.append(cardinal(int(part)))
    return " ".join(said)
