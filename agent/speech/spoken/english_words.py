"""English abbreviations and signs."""

from __future__ import annotations

import re

from agent.speech.spoken.rules import Rule, rule

_TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Mx": "Mix", "Prof": "Professor", "Rev": "Reverend",
    "Gen": "General", "Capt": "Captain", "Sgt": "Sergeant", "Lt": "Lieutenant", "Col": "Colonel", "Gov": "Governor",
    "Sen": "Senator", "Mt": "Mount", "Ft": "Fort", "St": "Saint", "Sts": "Saints", "Hon": "Honorable",
}  # fmt: skip
"""Before a name."""
_STREETS = {
    "St": "Street", "Dr": "Drive", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Hwy": "Highway",
    "Sq": "Square", "Pl": "Place", "Ct": "Court", "Pkwy": "Parkway",
}  # fmt: skip
"""After a name."""
_ONLY_STREETS = "|".join(sorted(_STREETS.keys() - _TITLES.keys()))
_PLAIN = {
    "approx": "approximately", "appt": "appointment", "apt": "apartment", "asst": "assistant", "bldg": "building",
    "ca": "about", "cf": "compare", "dept": "department", "est": "established", "etc": "et cetera",
    "excl": "excluding", "ext": "extension", "fig": "figure", "govt": "government", "hrs": "hours", "incl": "including",
    "jr": "junior", "max": "maximum", "min": "minimum", "mins": "minutes", "misc": "miscellaneous", "nos": "numbers",
    "p": "page", "pp": "pages", "qty": "quantity", "resp": "respectively", "sr": "senior", "tel": "telephone",
    "vol": "volume", "vs": "versus", "wk": "week", "yr": "year", "yrs": "years", "inc": "incorporated",
    "ltd": "limited", "corp": "corporation", "bros": "brothers", "ave": "avenue", "blvd": "boulevard", "rd": "road",
    "no": "number", "encl": "enclosed", "temp": "temperature",
}  # fmt: skip
"""Only where a full stop follows."""
_WORDS_WITH_STOP_ONLY_BEFORE_DIGITS = frozenset({"no", "nos", "fig", "p", "pp", "temp", "est", "ext", "apt", "ca"})
_WITHOUT_STOP = {"vs": "versus", "etc": "et cetera", "approx": "approximately", "incl": "including", "appt":
                 "appointment", "mins": "minutes", "hrs": "hours", "FAQ": "F.A.Q", "FAQs": "F.A.Qs",
                 "PIN": "pin"}  # fmt: skip
_ROMAN = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12, "XIV": 14}
_KINGS = (
    "Henry|Louis|Charles|George|William|Edward|James|Richard|Philip|Francis|Elizabeth|Catherine|Paul|Pius|Benedict|Leo"
)
_SENTENCE_ENDS = re.compile(r"\s*$|\s+[\"'(]?[A-Z]")


def abbreviation_rules() -> list[Rule]:
    """What is written short; a full stop stays where it also ends the sentence."""
    plain = "|".join(sorted(_PLAIN, key=len, reverse=True))
    return [
        rule(r"\b[eE]\. ?g\.,?(?=\W|$)", "for example"),
        rule(r"\b[iI]\. ?e\.,?(?=\W|$)", "that is"),
        rule(r"\ba\.k\.a\.", "also known as"),
        rule(r"\bw/o\b", "without"),
        rule(r"\bw/(?=[ a-z])", "with "),
        rule(r"\b([Aa])nd/or\b", r"\1nd or"),
        rule(r"\b24/7\b", "twenty-four seven"),
        rule(r"\bPh\. ?D\.?(?!\w)", "PHD"),
        rule(r"(?<=\d )([A-Z][a-z]{1,20}) (St|Dr)\b\.?", _street),
        rule(r"(?<=[a-z] )([A-Z][a-z]{1,20}) (St)\b\.?", _street),
        rule(r"\b([A-Z][a-z]{1,20}) (St)\b\.?+(?! ?\w)", _street),
        rule(rf"\b([A-Z][a-z]{{1,20}}|\d{{1,3}}(?:st|nd|rd|th)) ({_ONLY_STREETS})\b\.?(?!')", _street),
        rule(rf"\b({'|'.join(_TITLES)})(?:\. ?|  ?)(?=[A-Z])", lambda match: f"{_TITLES[match[1]]} "),
        rule(rf"\b({plain})\.(?!\w)", _with_stop, re.IGNORECASE),
        rule(rf"\b({'|'.join(_WITHOUT_STOP)})\b(?!['.]\w)", lambda match: _WITHOUT_STOP[match[1]]),
        rule(r"\b((?:[A-Z]\.){1,5}[A-Z])\.(?!\w)", _initialism),
        rule(r"(?<![\w.'])([A-HJ-Z])\. (?=[A-Z])", r"\1 "),
        rule(rf"\b({_KINGS}) ({'|'.join(_ROMAN)}|X|V|I)\b(?!['.]\w)", _king),
        rule(rf"(?<=[a-zA-Z] )({'|'.join(_ROMAN)})\b(?!['.]\w)", lambda match: str(_ROMAN[match[1]])),
    ]


def sign_rules() -> list[Rule]:
    """Signs that stand for words; those that have no name in speech become pauses or nothing."""
    return [
        rule(r"(?<= )(?<!\d )\*(?=$|[ .,!?])", "star"),
        rule(r"(?:#|№|\bNo\.?|\bno\.) ?(?=\d)", "number "),
        rule(r"#(?=\w)", ""),
        rule(r" ?# ?", " hash "),
        rule(r" ?& ?", " and "),
        rule(r"(?<=\d) ?\* ?(?=\d)", " times "),
        rule(r"(?<=\d) ?÷ ?(?=\d)", " divided by "),
        rule(r"±", " plus or minus "),
        rule(r" ?\+ ?", " plus "),
        rule(r" ?= ?", " equals "),
        rule(r"≤|<=", " at most "),
        rule(r"≥|>=", " at least "),
        rule(r"< ?(?=[$€£]?\d)", " less than "),
        rule(r"> ?(?=[$€£]?\d)", " more than "),
        rule(r"[~≈] ?(?=[$€£]?\d)", "about "),
        rule(r"§§? ?", " section "),
        rule(r"@", " at "),
        rule(r"%", " percent "),
        rule(r"€", " euros "),
        rule(r"\$", " dollars "),
        rule(r"£", " pounds "),
        rule(r"¥", " yen "),
        rule(r"°", " degrees "),
        rule(r"(?<=[a-z])/(?=[a-z])", " or "),
        rule(r"(?<=\d)/(?=\d)", " slash "),
    ]


def _street(match: re.Match[str]) -> str:
    rest = match.string[match.end() :]
    ends = match[0].endswith(".") and _SENTENCE_ENDS.match(rest) and not re.match(r" (?:Apt|Suite|Unit)\b", rest)
    return f"{match[1]} {_STREETS[match[2]]}{'.' if ends else ''}"


def _with_stop(match: re.Match[str]) -> str:
    short, rest = match[1].lower(), match.string[match.end() :]
    ends = bool(_SENTENCE_ENDS.match(rest))
    digits_follow = bool(re.match(r"\s*[\d#]", rest))
    if short in _WORDS_WITH_STOP_ONLY_BEFORE_DIGITS and not digits_follow:
        return match[0]
    full = _PLAIN[short]
    if short == "min" and re.search(r"\d\s?$", match.string[: match.start()]):
        full = "minutes"
    said = full.capitalize() if match[1][0].isupper() and not digits_follow else full
    return said + ("." if ends and not digits_follow else "")


def _initialism(match: re.Match[str]) -> str:
    ends = _SENTENCE_ENDS.match(match.string[match.end() :])
    return match[1].replace(".", "") + ("." if ends and not match.string[match.end() :].strip() else "")


def _king(match: re.Match[str]) -> str:
    number = _ROMAN.get(match[2]) or {"I": 1, "V": 5, "X": 10}[match[2]]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"{match[1]} the {number}{ending}"
