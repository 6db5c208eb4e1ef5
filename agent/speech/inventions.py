"""What Whisper is known to write where nobody spoke: phrases that its training videos say over music and silence.

The table is `inventions.toml`, by language. Credits are said by no caller, ever. Courtesies are said by callers too,
and so are dropped only where the recogniser itself doubts that anybody spoke.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

DOUBTED = 0.55
"""Probability of no speech from which a courtesy counts as invented; one that is said clearly has at most 0.3."""


def is_credit(text: str) -> bool:
    """Whether a text, in lower case without punctuation, begins as only subtitles and closing words of videos do.

    Those of all languages are looked for: Whisper invents them across languages.
    """
    return text.startswith(tuple(phrase for table in _tables().values() for phrase in table["credits"]))


def is_invention(text: str, language: str, no_speech: float) -> bool:
    """Whether a whole text, in lower case without punctuation, is a courtesy that nobody said."""
    return no_speech > DOUBTED and text in _tables().get(language, {}).get("courtesies", ())


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, frozenset[str]]]:
    table = tomllib.loads((files("agent.speech") / "inventions.toml").read_text(encoding="utf-8"))
    return {
        language: {kind: frozenset(phrases) for kind, phrases in kinds.items()} for language, kinds in table.items()
    }
