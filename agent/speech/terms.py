"""Names and terms that callers of an agent are likely to say, taken from what the agent knows. Pure.

Given to the recogniser, they make it write "Doctor Szymanski" instead of what it would guess (docs/decisions/089).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_TERMS = 40
"""About a hundred tokens, as much as the recogniser is given (whisper.MOST_PROMPT_TOKENS)."""

_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+")
_WORD = re.compile(r"[^\W_](?:[^\W_]|['’&.-](?=[^\W_]))*")


def terms_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Runs of capitalised words, each once, in the order in which they come; MOST_TERMS at most.

    A single word at the beginning of a sentence does not count: it is capitalised for another reason.
    """
    found: dict[str, None] = {}
    for text in texts:
        for sentence in _SENTENCE.split(text):
            for at, run in _runs(sentence):
                capital_is_the_sentences = at == 0 and " " not in run and run[1:] == run[1:].lower()
                if len(run) > 1 and not capital_is_the_sentences:
                    found[run] = None
    return tuple(found)[:MOST_TERMS]


def _runs(sentence: str) -> Iterable[tuple[int, str]]:
    """Neighbouring capitalised words of a sentence, with the number of the first; punctuation parts them."""
    run: list[str] = []
    first = end = 0
    for number, word in enumerate(_WORD.finditer(sentence)):
        joined = bool(run) and not sentence[end : word.start()].strip()
        is_name = word[0] != word[0].lower()
        if run and not (joined and is_name):
            yield first, " ".join(run)
            run = []
        if is_name:
            first = first if run else number
            run.append(word[0])
        end = word.end()
    if run:
        yield first, " ".join(run)
