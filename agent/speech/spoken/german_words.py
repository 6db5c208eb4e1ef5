"""German abbreviations and signs."""

from __future__ import annotations

import re

from agent.speech.spoken.rules import Rule, rule

_SPACED = {
    r"z\. ?B\.": "zum Beispiel", r"d\. ?h\.": "das heißt", r"u\. ?a\.": "unter anderem", r"o\. ?ä\.": "oder ähnlich",
    r"u\. ?ä\.": "und ähnlich", r"i\. ?d\. ?R\.": "in der Regel", r"z\. ?T\.": "zum Teil", r"v\. ?a\.": "vor allem",
    r"u\. ?U\.": "unter Umständen", r"s\. ?o\.": "siehe oben", r"s\. ?u\.": "siehe unten", r"o\. ?g\.": "oben genannte",
    r"n\. ?Chr\.": "nach Christus", r"v\. ?Chr\.": "vor Christus", r"i\. ?A\.": "im Auftrag",
}  # fmt: skip
_PLAIN = {
    "bzw": "beziehungsweise", "usw": "und so weiter", "etc": "et cetera", "ca": "circa", "evtl": "eventuell",
    "ggf": "gegebenenfalls", "inkl": "inklusive", "exkl": "exklusive", "zzgl": "zuzüglich", "abzgl": "abzüglich",
    "bzgl": "bezüglich", "vgl": "vergleiche", "max": "maximal", "min": "mindestens", "mind": "mindestens",
    "Nr": "Nummer", "Tel": "Telefon", "Str": "Straße", "Abt": "Abteilung", "Std": "Stunden", "Min": "Minuten",
    "Sek": "Sekunden", "Mio": "Millionen", "Mrd": "Milliarden", "Tsd": "tausend", "Jh": "Jahrhundert", "geb":
    "geboren", "gest": "gestorben", "gegr": "gegründet", "lt": "laut", "sog": "sogenannte", "tgl": "täglich",
    "wg": "wegen", "Pers": "Personen", "Hbf": "Hauptbahnhof", "Bhf": "Bahnhof", "Mwst": "Mehrwertsteuer",
    "MwSt": "Mehrwertsteuer", "Kap": "Kapitel", "Bd": "Band", "Aufl": "Auflage", "Abb": "Abbildung", "Art": "Artikel",
    "Anm": "Anmerkung", "Erw": "Erwachsene", "allg": "allgemein", "bes": "besonders", "insb": "insbesondere",
    "Stk": "Stück", "St": "Sankt", "Hr": "Herr", "Hrn": "Herrn", "Fr": "Frau", "Fam": "Familie", "Prof": "Professor",
    "Dr": "Doktor", "Dipl": "Diplom", "Ing": "Ingenieur", "med": "med",
}  # fmt: skip
"""Where a full stop follows."""
_WITHOUT_STOP = {
    "Dr": "Doktor", "bzw": "beziehungsweise", "usw": "und so weiter", "ca": "circa", "inkl": "inklusive",
    "MwSt": "Mehrwertsteuer", "Hbf": "Hauptbahnhof", "GmbH": "G m b H", "zzgl": "zuzüglich", "Nr": "Nummer",
}  # fmt: skip
_ONLY_BEFORE_A_NAME = frozenset({"Fr", "St", "Dr", "Hr"})
_ONLY_BEFORE_DIGITS = frozenset({"Art", "Min", "Bd", "Kap", "Abb"})
_MAY_END = frozenset({"usw", "etc", "MwSt", "Mwst", "Str", "Hbf", "Bhf", "Jh", "Pers", "Erw", "Std", "Sek", "Mio"})


def abbreviation_rules() -> list[Rule]:
    """What is written short; a full stop stays where it also ends the sentence."""
    spaced = [rule(rf"\b{pattern}(?!\w)", words) for pattern, words in _SPACED.items()]
    plain = "|".join(sorted(_PLAIN, key=len, reverse=True))
    return [
        *spaced,
        rule(r"(?<=[a-zäöüß])(s|S)tr\.(?!\w)", _street),
        rule(r"(?<=[A-Za-zäöüß]-)Str\.(?!\w)", "Straße"),
        rule(rf"(?<![\w.])({plain})\.(?!\w)", _with_stop),
        rule(rf"(?<![\w.])({'|'.join(_WITHOUT_STOP)})\b(?![.'-]\w)", lambda match: _WITHOUT_STOP[match[1]]),
        rule(r"(?<![\w.'])([A-ZÄÖÜ])\. (?=[A-ZÄÖÜ])", r"\1 "),
        rule(r"\b([Uu])nd/oder\b", r"\1nd oder"),
        rule(r"\b24/7\b", "rund um die Uhr"),
    ]


def sign_rules() -> list[Rule]:
    """Signs that stand for words."""
    return [
        rule(r"(?<= )(?<!\d )\*(?=$|[ .,!?])", "Stern"),
        rule(r"# ?(?=\d)|№ ?", "Nummer "),
        rule(r"#(?=\w)", ""),
        rule(r" ?# ?", " Raute "),
        rule(r" ?& ?", " und "),
        rule(r"(?<=\d) ?\* ?(?=\d)", " mal "),
        rule(r"(?<=\d) ?÷ ?(?=\d)", " geteilt durch "),
        rule(r"±", " plus minus "),
        rule(r" ?\+ ?", " plus "),
        rule(r" ?= ?", " gleich "),
        rule(r"≤|<=", " höchstens "),
        rule(r"≥|>=", " mindestens "),
        rule(r"< ?(?=[$€£]?\d)", " weniger als "),
        rule(r"> ?(?=[$€£]?\d)", " mehr als "),
        rule(r"[~≈] ?(?=[$€£]?\d)", "etwa "),
        rule(r"§§? ?", " Paragraf "),
        rule(r"@", " at "),
        rule(r"%", " Prozent "),
        rule(r"€", " Euro "),
        rule(r"\$", " Dollar "),
        rule(r"£", " Pfund "),
        rule(r"¥", " Yen "),
        rule(r"°", " Grad "),
        rule(r"(?<=[a-zäöüß])/(?=[a-zäöüß])", " oder "),
        rule(r"(?<=\d)/(?=\d)", " Schrägstrich "),
    ]


def _street(match: re.Match[str]) -> str:
    return f"{match[1]}traße{'.' if _ends(match) else ''}"


def _with_stop(match: re.Match[str]) -> str:
    short, rest = match[1], match.string[match.end() :]
    before_digits = bool(re.match(r"\s*\d", rest))
    before_name = bool(re.match(r"\s*[A-ZÄÖÜ]", rest))
    if short in _ONLY_BEFORE_A_NAME and not before_name:
        return match[0]
    if short in _ONLY_BEFORE_DIGITS and not before_digits and not re.search(r"\d\s?$", match.string[: match.start()]):
        return match[0]
    return _PLAIN[short] + ("." if short in _MAY_END and _ends(match) and not before_digits else "")


def _ends(match: re.Match[str]) -> bool:
    return bool(re.match(r"\s*$|\s+[A-ZÄÖÜ]", match.string[match.end() :]))
