"""Cuts a stream of text into sentences, so that the first can be spoken while the model still writes the second.

What comes out depends on the text alone, not on how it was cut into tokens. Joining two sentences costs a little time;
cutting one in two costs a wrong melody: so in doubt, nothing is cut. Only the opening of an answer is cut finer, at its
first clause or phrase, for until its first piece is there the caller hears nothing.
"""

from __future__ import annotations

import re

from agent.speech.phrase_boundaries import begins_phrase

TERMINATORS = ".!?…"
TERMINATORS_WITHOUT_SPACE = "。！？"  # Chinese and Japanese write no space after them
CLOSERS = "\"'”’»)]*_"
CLAUSE_MARKS = ",;:–—"
FIRST_CLAUSE_CHARS = 3
"""The shortest first clause: "So,"."""
FIRST_PHRASE_WORDS = 4
"""Words that the first phrase has at least: over a second of speech, in which the rest can be written and spoken."""
OPENING_CHARS = 16
"""A first piece shorter than this ("Yes,") is over before a long sentence is written, so the next may be cut too."""

# fmt: off
_NEVER_LAST = frozenset({
    "mr", "mrs", "ms", "mx", "dr", "prof", "rev", "hon", "st", "mt", "ft", "vs", "e.g", "i.e", "cf", "approx",
    "fig", "vol", "dept", "est", "tel", "ext", "ca", "al", "gen", "capt", "sgt",
})
# fmt: on
"""Abbreviations that need the next word to make sense."""
# fmt: off
_SOMETIMES_LAST = frozenset({
    "etc", "inc", "ltd", "co", "corp", "jr", "sr", "ave", "blvd", "rd", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug", "sept", "sep", "oct", "nov", "dec", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat",
    "sun", "min", "max", "hr", "hrs", "no", "a.m", "p.m", "u.s", "u.k", "u.s.a", "b.c", "a.d", "ph.d", "b.a", "m.a",
    "d.c",
})
# fmt: on
"""Abbreviations that end a sentence when the next word begins with a capital."""

_NEVER_LAST_IN_GERMAN = frozenset(
    {
        "bzw",
        "inkl",
        "zzgl",
        "evtl",
        "ggf",
        "vgl",
        "nr",
        "hr",
        "hrn",
        "fr",
        "frl",
        "tel",
        "str",
        "ca",
        "max",
        "min",
        "std",
    }
    | {"mio", "mrd", "tsd", "st", "mo", "di", "mi", "do", "sa", "so", "sog", "lt", "abt", "mind", "art", "bd", "kap"}
)
"""German ones; as German nouns begin with a capital, the next letter does not tell."""

_LIST_MARKER = re.compile(r"(?:[-*•–]\s+)?\(?\d{1,2}\.")
_BULLET = re.compile(r"^\s*(?:[-*•–]+\s+|#+\s+|>\s+)+")
_MARKUP = re.compile(r"\*+|`+|__+")


class SentenceSplitter:
    """One answer of the model. Pure; holds at most `longest` characters."""

    def __init__(
        self,
        first_clause_chars: int = FIRST_CLAUSE_CHARS,
        longest: int = 240,
        *,
        language: str = "",
        first_phrase_words: int = FIRST_PHRASE_WORDS,
    ) -> None:
        """`first_clause_chars`: the first piece may end at a clause once it has so many characters; 0: it may not.

        `first_phrase_words`: or before a phrase, once it has so many words, in a known `language`: "en", "de"; 0: not.
        `longest`: a sentence of so many characters is cut at its last clause or word.
        """
        self._first_clause_chars = first_clause_chars
        self._first_phrase_words = first_phrase_words if first_clause_chars else 0
        self._longest = longest
        self._language = language
        self._text = ""
        self._undecided = False
        """Whether the text ends in an abbreviation and a space, so that the next letter tells."""
        self._given = 0
        """Characters of the pieces so far."""

    def feed(self, text: str) -> list[str]:
        """More of the stream; gives the sentences that are complete now, ready to be spoken."""
        pieces = (piece for character in text if (piece := self._take(character)))
        return list(pieces)

    def flush(self) -> list[str]:
        """The stream has ended; gives what is left, if there is something to say, and begins anew."""
        rest = self._cut(len(self._text))
        self._given = 0
        return [rest] if rest else []

    def _take(self, character: str) -> str:
        begins_sentence = character.isupper() or character in "\"“‘'«(["
        if self._undecided and not character.isspace():
            self._undecided = False
            finished = self._cut(len(self._text)) if begins_sentence else ""
            self._text += character
            return finished
        self._text += character
        if character == "\n" or character in TERMINATORS_WITHOUT_SPACE:
            return self._cut(len(self._text))
        if character.isspace():
            return self._at_space()
        if len(self._text) >= self._longest:
            return self._cut(self._last_resort())
        return ""

    def _at_space(self) -> str:
        """What a space, now the last character, completes."""
        before = self._text[:-1]
        core = before.rstrip(CLOSERS)
        if core.endswith(tuple(TERMINATORS)):
            verdict = _ends_sentence(core, self._language)
            if verdict:
                return self._cut(len(self._text))
            self._undecided = verdict is None
            return ""
        return self._at_opening(before) if self._given < OPENING_CHARS and self._first_clause_chars else ""

    def _at_opening(self, before: str) -> str:
        """The first clause or phrase, if the text up to the space that was just read completes one."""
        clause = speakable(before)
        ends_clause = before.endswith(tuple(CLAUSE_MARKS)) and not before[-2:-1].isdigit()  # not in "May 3, 2026"
        if ends_clause and len(clause) >= self._first_clause_chars:
            return self._cut(len(self._text))
        words = clause.split()
        if begins_phrase(words, self._language, self._first_phrase_words):
            return self._cut(before.rindex(words[-1]))
        return ""

    def _last_resort(self) -> int:
        """Where to cut a text that has grown too long: after its last clause, else its last word, else here."""
        clauses = [match.end() for match in re.finditer(r"[,;:–—]\s", self._text)]
        spaces = [match.end() for match in re.finditer(r"\s", self._text)]
        useful = [end for end in clauses if end > self._longest // 3] or spaces
        return useful[-1] if useful else len(self._text)

    def _cut(self, end: int) -> str:
        """Take the text up to `end` off; gives it as it is spoken, which may be nothing."""
        piece, self._text = speakable(self._text[:end]), self._text[end:]
        self._undecided = False
        self._given += len(piece)
        return piece


def speakable(text: str) -> str:
    """Without markup, bullets and line breaks; nothing where no letter and no digit would be left."""
    plain = " ".join(_MARKUP.sub("", _BULLET.sub("", text)).split())
    return plain if any(character.isalnum() for character in plain) else ""


def _ends_sentence(text: str, language: str) -> bool | None:
    """Whether the terminator at the end of `text` ends a sentence before a space; None: the next letter tells.

    In German a full stop after a number makes an ordinal ("am 3. März"), after a letter an abbreviation ("z. B.").
    """
    if text.endswith(("...", "…")):
        return None
    if not text.endswith("."):
        return True
    is_list_marker = _LIST_MARKER.fullmatch(text.strip())
    words = text.split()
    word = words[-1].lstrip("\"'“‘«([*_").removesuffix(".") if words else ""
    if language[:2].lower() == "de" and (word.isdigit() or len(word) == 1 or word.lower() in _NEVER_LAST_IN_GERMAN):
        return False
    is_initial = len(word) == 1 and word.isalpha() and word.isupper() and word != "I"
    if is_list_marker or is_initial or word.lower() in _NEVER_LAST or not word:
        return False
    return None if word.lower() in _SOMETIMES_LAST else True
