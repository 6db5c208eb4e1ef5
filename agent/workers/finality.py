"""How sure the recogniser is that a sentence ends where the sound ends.

Whisper writes a full stop after nearly everything it hears, so the mark itself says little. How probable it held that
mark says much: it has listened to the melody of the last words and has learned from text where sentences end. It
costs nothing: the probabilities are there when the text is (docs/decisions/091).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ctranslate2 import StorageView
from faster_whisper.tokenizer import Tokenizer

ENDS = (".", "?", "!", "。", "？", "！", '."', '?"', '!"')
"""Marks that end a sentence. A language that has none of its own as single tokens is judged by what it shares."""
MARKS = (*ENDS, ",", "...", "…", "-", "–", "—", ":", ";", "、", "，")


class Finality:
    """Reads it from the decoder's scores. For one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._ends = _single_tokens(tokenizer, ENDS)
        self._marks = frozenset(_single_tokens(tokenizer, MARKS))

    def __call__(self, tokens: Sequence[int], scores: Sequence[StorageView]) -> float | None:
        """The probability, 0 to 1, of a mark that ends a sentence, right after the last word of `tokens`.

        `scores` are the decoder's, before the softmax, one vector for each of `tokens` and for the end of the text.
        None where the text was cut off at its limit, so that nothing is known of its end.
        """
        words = len(tokens)
        while words and tokens[words - 1] in self._marks:
            words -= 1
        if not words or words >= len(scores):
            return None
        after_last_word = np.array(scores[words], dtype=np.float32)
        odds = np.exp(after_last_word - after_last_word.max())
        return float(odds[self._ends].sum() / odds.sum())


def _single_tokens(tokenizer: Tokenizer, marks: Sequence[str]) -> list[int]:
    encoded = (tokenizer.encode(mark) for mark in marks)
    return [tokens[0] for tokens in encoded if len(tokens) == 1]
