"""Whether an answer agrees with what was asked. Pure; more is taken for a yes than where somebody consents."""

from __future__ import annotations

import re

from agent.dialog.yes_no import YesNo, yes_or_no

# fmt: off
_YES: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:that works|works (?:for me|fine|well|great)|sounds (?:good|great|fine|right|perfect)|looks (?:good"
        r"|right)|right|exactly|precisely|perfect"
        r"|great|good|lovely|wonderful|excellent|fine|correct|true|indeed|it is|i am|i do|i will|i have|i can|i did"
        r"|i would|i'd (?:love|like|be happy)"
        r"|we are|we do|we will|we have|please|m+-?hm+|mhm|uh-?huh|affirmative|you bet|go for it|you got it|got it"
        r"|that is it|that's it"
        r"|that's (?:me|him|her|the one)|suits me"
        r"|i think so|i guess so|i suppose so|i believe so|why not|by all means|happy to|gladly|totally|for sure"
        r"|thumbs up|all good|alright then|let's do (?:it|that))\b"
    ),
    "de": re.compile(
        r"\b(?:genau|richtig|stimmt|korrekt|perfekt|super|prima|gut|passt|geht|klingt gut|hört sich gut an|freilich"
        r"|sehr gerne?|auf jeden fall|das bin ich|bin ich"
        r"|ich glaube schon|denke schon|mhm|bitte|unbedingt|das wäre (?:gut|schön|toll)|machen wir|wunderbar"
        r"|ganz genau|so ist es)\b"
    ),
}
_NO: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"n't\b|\b(?:not|never|wrong|incorrect|false|unfortunately|i'm afraid|neither|nor|nope|nah|no way|no chance"
        r"|negative|hardly|bad idea|doubt it|i'll pass|pass on)\b"
    ),
    "de": re.compile(r"\b(?:nicht|falsch|leider|kein\w*|nie|niemals|weder|unmöglich|schlecht|auf keinen fall)\b"),
}
_SOFT_NO: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"^(?:no|nope|nah),? (?:that's|that is|it's|it is) (?:fine|right|correct|good|perfect|okay"
                     r"|ok)\b|\bno problem\b|\bwhy not\b"
                     r"|\b(?:can't|don't|couldn't) (?:complain|see why not)\b|\bno,? (?:thanks"
                     r"|thank you),? that's (?:all|right|fine)\b"),
    "de": re.compile(r"\bwarum nicht\b|\bkein problem\b|^nein,? das (?:passt|stimmt|ist (?:richtig|gut|in ordnung))\b"),
}
_LEAD: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"^(?:(?:um+|uh+|er+|oh|well|so|ah|hm+)[,.\s]+)*(?P<word>yes|yeah|yep|yup|sure|absolutely"
                     r"|definitely|certainly|of course|no|nope|nah)\b(?! not\b)"),
    "de": re.compile(r"^(?:(?:äh+m?|also|oh|ach|hm+|naja)[,.\s]+)*(?P<word>ja|jawohl|klar|sicher|gerne|natürlich"
                     r"|nein|nee|nö)\b(?! nicht\b)"),
}
_LEADS_NO = frozenset({"no", "nope", "nah", "nein", "nee", "nö"})
# fmt: on


def agreement(text: str, language: str) -> YesNo:
    """What was meant: by its first word, if that is yes or no, or else by any words that say so."""
    code = language.lower()[:2]
    said = " ".join(text.lower().replace("’", "'").split())
    soft = _SOFT_NO.get(code)
    if soft is not None and soft.search(said):
        return YesNo.YES
    lead = _LEAD.get(code)
    match = lead.search(said) if lead else None
    if match is not None:
        return YesNo.NO if match["word"] in _LEADS_NO else YesNo.YES
    no, yes = _NO.get(code), _YES.get(code)
    if no is not None and no.search(said):
        return YesNo.NO
    found = yes_or_no(text.replace("?", "."), code)
    if found is not YesNo.UNCLEAR:
        return found
    return YesNo.YES if yes is not None and yes.search(said) else YesNo.UNCLEAR
