"""Where a sentence can be cut before it is complete: before a word that begins a phrase, not within a name or a range.

A voice that is given the words before such a place, and no mark, ends them as it would within the sentence: with
Piper's joe voice the pitch stays up and the sentence gets 0.15 s longer; see docs/decisions/085.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The words of one language that matter for this."""

    begin: frozenset[str]
    """Words that begin a phrase or a clause."""
    join: frozenset[str]
    """Of these, the ones that may also join two names or the ends of a range."""
    open_range: frozenset[str]
    """Words after which a range or a pair is still to be completed."""
    hold: frozenset[str]
    """Words that want the next word: articles, prepositions, auxiliaries, verbs with a particle."""


_ENGLISH = Boundaries(
    begin=frozenset(
        """
        and but or so because if when while although though until unless which who where since with for from during
        before after between without near behind next inside at in on by
        """.split()  # noqa: SIM905 - words are read more easily than a list of strings
    ),
    join=frozenset({"and", "or", "until"}),
    open_range=frozenset({"from", "between", "both", "either"}),
    hold=frozenset(
        """
        a an the this that these those my your our his her its their some any no every each another is are was
        were be been being am has have had having do does did will would can could should may might must shall
        not and but or so of to in on at for with from by into about than as if when while because until very
        too more most much many few one two three four five six seven eight nine ten eleven twelve twenty thirty
        forty fifty hundred thousand half next first last only just even still also ever never turn turned
        switch switched hand handed look looking looks wait waiting ask asking call calling called come coming
        go going put take taking get getting sign log check checked fill hold pick drop drive stand sit depends
        depend interested responsible available directly right straight exactly mainly especially far close here
        there up down out off over who which what where how why i he she it we they doctor mister miss professor
        saint
        """.split()  # noqa: SIM905 - words are read more easily than a list of strings
    ),
)
_GERMAN = Boundaries(
    begin=frozenset(
        """
        und oder aber weil wenn während obwohl damit sobald falls dass bis mit für von vom zwischen nach vor bei beim
        ohne gegen wegen neben hinter im in am an um auf zum zur ab seit
        """.split()  # noqa: SIM905 - words are read more easily than a list of strings
    ),
    join=frozenset({"und", "oder", "bis"}),
    open_range=frozenset({"von", "vom", "zwischen", "sowohl", "entweder", "ab"}),
    hold=frozenset(
        """
        der die das den dem des ein eine einen einem einer eines kein keine keinen mein meine unser unsere ihr
        ihre ihren ihrem sein seine dieser diese dieses diesen jeder jede jedes jeden ist sind war waren bin
        bist seid wird werden hat haben hatte kann können könnte soll muss müssen darf nicht und oder aber weil
        wenn dass zu von vom mit für in im am an auf um bei beim nach vor zwischen bis ab seit über unter aus
        durch gegen ohne als wie so sehr auch nur noch schon immer ganz etwa rund circa eins zwei drei vier fünf
        sechs sieben acht neun zehn elf zwölf zwanzig dreißig hundert tausend ich du er sie es wir man wer was
        wo herr frau doktor professor sankt rufen ruft kommen
        """.split()  # noqa: SIM905 - words are read more easily than a list of strings
    ),
)
_LANGUAGES = {"en": _ENGLISH, "de": _GERMAN}
_RANGE_WORDS = 5
"""How many words after "from" or "between" the end of the range may come."""


def begins_phrase(words: list[str], language: str, least_words: int) -> bool:
    """Whether the words before the last one can be spoken now, because the last one begins a new phrase.

    `words` are whole words of one sentence, the last one included; at least `least_words` stand before it. A language
    without a table is never cut.
    """
    boundaries = _LANGUAGES.get(language[:2].lower())
    if boundaries is None or least_words <= 0 or len(words) <= least_words:
        return False
    before, word = words[-2], words[-1]
    if word not in boundaries.begin or not before.isalpha() or before.lower() in boundaries.hold:
        return False
    if word not in boundaries.join:
        return True
    in_range = any(earlier.lower() in boundaries.open_range for earlier in words[-1 - _RANGE_WORDS : -1])
    return not in_range and not before[0].isupper()
