"""The name that was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

MOST_WORDS = 5
ALIKE = 0.5
"""A name and its spelling that agree so far are the same one."""
SAME = 0.8
"""First and last name that agree so far with letters are all of the name: ears made the words between."""
# fmt: off
_BEFORE: dict[str, str] = {
    "en": r"(?:so|well|um+|uh+|er+m?|oh|yes|yeah|yep|sure|of course|certainly|okay|ok|hi|hello|hey|no|sorry|and|then"
          r"|right"
          r"|good (?:morning|afternoon|evening)|my (?:full |first |last )?name(?:'s| is| would be)|the name(?:'s| is)"
          r"|name(?:'s| is)|let's|this is|it(?:'s| is)|that(?:'s| is| would be)|i(?:'m| am)(?: called)?"
          r"|it would be|call me|that'd be|you've got|i go by|first name(?: is)?"
          r"|you(?:'re| are) (?:speaking|talking) (?:with|to)|you can call me|(?:they|people) call me|here is|actually"
          r"|i said|i mean(?:t)?|put (?:me )?down|under(?: the name)?(?: of)?|for|mr\.?|mrs\.?|ms\.?|miss|dr\.?"
          r"|doctor)",
    "de": r"(?:also|äh+m?|ähm|ja|jawohl|klar|natürlich|gerne?|hallo|guten (?:tag|morgen|abend)|nein|und|entschuldigung"
          r"|mein name (?:ist|lautet|wäre)|der name (?:ist|lautet)|name (?:ist|lautet)|ich (?:heiße|bin(?: der| die)?)"
          r"|hier (?:ist|spricht)|das (?:ist|wäre)|auf(?: den namen)?|eigentlich|ich meine?|frau|herr|doktor|dr\.?)",
}
_AFTER: dict[str, str] = {
    "en": r"(?:speaking|here|please|thank you|thanks|is my (?:full )?name|is the name|sir|madam|ma'am|calling)",
    "de": r"(?:am apparat|hier|bitte|danke|ist mein name|mein name)",
}
_NOT_NAMES: dict[str, frozenset[str]] = {
    "en": frozenset({
        "what", "why", "who", "whom", "where", "when", "which", "how", "sorry", "pardon", "repeat", "again",
        "don't", "dont", "do", "does", "did", "not", "no", "yes", "call", "want", "need", "can", "can't",
        "cannot", "could", "would", "should", "will", "won't", "is", "are", "am", "was", "were", "have", "has",
        "had", "the", "a", "an", "to", "you", "your", "me", "my", "i", "we", "it", "that", "this", "there",
        "here", "know", "understand", "think", "like", "tell", "say", "said", "give", "make", "take", "get",
        "appointment", "name", "question", "because", "if", "but", "with", "about", "from", "just", "wait",
        "moment", "minute", "second", "hello", "okay", "correct", "right", "exactly", "perfect", "absolutely",
        "definitely", "great", "fine", "good", "indeed", "true", "wrong", "incorrect", "works", "sounds",
        "interested", "busy", "sure", "maybe", "perhaps", "whatever", "anything", "nothing", "something",
        "please", "later", "now", "today", "tomorrow", "afraid", "be", "goodbye", "bye", "nope", "yeah",
        "idea",
    }),
    "de": frozenset({
        "was", "warum", "wer", "wen", "wo", "wann", "welche", "wie", "bitte", "nochmal", "wiederholen", "nicht",
        "kein", "keine", "nein", "ja", "will", "möchte", "brauche", "kann", "könnte", "würde", "sollte", "ist",
        "sind", "bin", "war", "habe", "hat", "der", "die", "das", "ein", "eine", "zu", "sie", "ihr", "ihre",
        "mich", "mein", "ich", "wir", "es", "weiß", "verstehe", "glaube", "sagen", "gib", "mach", "termin",
        "name", "frage", "weil", "wenn", "aber", "mit", "warte", "moment", "minute", "richtig", "stimmt",
        "genau", "korrekt", "falsch", "gut", "passt", "vielleicht", "egal", "nichts", "etwas", "später",
        "jetzt", "heute", "morgen", "leider", "tschüss",
    }),
}
# fmt: on
_SPELLED = re.compile(r"\b(?:double )?[^\W\d_](?:(?:[-.,\s]+|\.-)(?:double )?[^\W\d_]\b){2,}\.?", re.IGNORECASE)
_CUT = re.compile(
    r"[.!?;:]+(?:\s|$)|,\s|\s[-–—]\s"
    r"|\s(?:and|und|but|aber|with|mit|from|von der|because|weil|spelled|spelt|buchstabiert|that's|as in|wie in)\s",
    re.IGNORECASE,
)
_LAST_NAME = re.compile(
    r",?\s(?:and )?(?:my )?(?:last|family) name(?:'s| is)? (?=\w)|,?\s(?:und )?nachname (?:ist )?", re.IGNORECASE
)
_TITLES = re.compile(r"\b(mr|mrs|ms|dr|st)\.", re.IGNORECASE)


def name(text: str, language: str, *, before: str = "") -> str | None:
    """A name of at most MOST_WORDS, as it is written; by its spelling where the speaker spelled it. None: no name.

    `before`: what the name was understood as before it was spelled, so that letters find their words.
    """
    code = language.lower()[:2]
    plain = _TITLES.sub(r"\1", " ".join(text.replace("’", "'").split()))
    plain = _LAST_NAME.sub(" ", plain)
    spelled = _spelled(plain)
    rest = _SPELLED.sub(" ; ", plain)
    pieces = [one for piece in _CUT.split(rest) if (one := _in_piece(piece, code))]
    found = next((one for one in pieces[1:2] if one.startswith(f"{pieces[0]} ")), next(iter(pieces), None))
    if found is None:
        one_word = spelled and " " not in spelled
        return (one_word and _corrected(before, spelled)) or spelled.title() or None
    return (_corrected(found, spelled) or found) if spelled else found


def _in_piece(piece: str, code: str) -> str | None:
    before, after = _BEFORE.get(code), _AFTER.get(code)
    said = piece.strip(" ,.;:!?-\"'")
    changed = True
    while changed and before and after:
        shorter = re.sub(rf"^{before}(?:\W+|$)", "", said, flags=re.IGNORECASE)
        shorter = re.sub(rf"(?:^|\W+){after}\W*$", "", shorter, flags=re.IGNORECASE)
        changed, said = shorter != said, shorter
    words = re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*\.?", said)
    if not 0 < len(words) <= MOST_WORDS or re.search(r"\d", said):
        return None
    if any(word.lower().rstrip(".") in _NOT_NAMES.get(code, ()) for word in words):
        return None
    return " ".join(words) if any(word[0].isupper() for word in words) else " ".join(words).title()


def _spelled(text: str) -> str:
    match = max(_SPELLED.finditer(text), key=lambda one: len(one[0]), default=None)
    if match is None:
        return ""
    doubled = re.sub(r"double ([^\W\d_])", r"\1 \1", match[0], flags=re.IGNORECASE)
    words = ["".join(re.findall(r"[^\W\d_]", piece)) for piece in re.split(r"[.,;]\s+(?=[^\W\d_]-)", doubled)]
    return " ".join(word for word in words if word).upper()


def _corrected(found: str, spelled: str) -> str:
    """With the words that were spelled in place of those that sound like them; empty: none does."""
    words = found.split()
    if " " in spelled and len(spelled.split()) >= len(words):
        return spelled.title()
    if len(words) > 2 and _alike(words[0] + words[-1], spelled) >= SAME:
        return _parted(spelled, words).title()
    for joined in range(len(words), 0, -1):
        for start in range(len(words) - joined, -1, -1):
            piece = words[start : start + joined]
            if joined > 1 and len(spelled) < len("".join(piece)) - 1:
                continue
            if _alike("".join(piece), spelled) >= ALIKE:
                said = _parted(spelled, words) if joined == len(words) else spelled
                return " ".join([*words[:start], said.title(), *words[start + joined :]])
    return ""


def _parted(letters: str, words: Sequence[str]) -> str:
    """Letters that were said without pauses, as a first and a last name like these."""
    if len(words) == 1:
        return letters
    ways = [(letters[:at], letters[at:]) for at in range(1, len(letters))]
    first, last = max(ways, key=lambda way: _alike(words[0], way[0]) + _alike(words[-1], way[1]))
    return f"{first} {last}"


def _alike(one: str, other: str) -> float:
    """0 to 1."""
    return SequenceMatcher(None, one.upper(), other.upper()).ratio()
