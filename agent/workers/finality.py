"""How sure the recogniser is that a sentence ends where the sound ends.

Whisper writes a full stop after nearly everything it hears, so the mark itself says little. How much likelier it held
that mark than a sign that something follows says much: it has listened to the melody of the last words, and has learned
from text where sentences end. It costs nothing: the scores are there when the text is (docs/decisions/091).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ctranslate2 import StorageView
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

ENDS = (".", "?", "!", "。", "？", "！")
"""Marks that end a sentence. A language whose own are no single tokens is judged by those it shares."""
MORE: tuple[tuple[str, ...], ...] = ((",", "、", "，"), ("...", "…"), ("-", "–", "—"))
"""Marks that say that something follows, by kind; one more kind is any further word."""
EVEN_LOG_ODDS, EVEN_LOG_ODDS_ENGLISH = 4.4, 4.2
"""Mean log odds of an end against the four kinds of continuation at which ends and pauses are equally likely; with
SLOPE, fitted by logistic regression to recordings of several kinds of speakers, whole and cut (decision 091). Measured
with base; and with tiny.en, which like all English models knows no other language and is less sure of every mark."""
SLOPE = 1.35


class Finality:
    """Reads it from the decoder's scores. For one tokenizer."""

    def __init__(self, tokenizer: Tokenizer, *, multilingual: bool = True) -> None:
        self._even = EVEN_LOG_ODDS if multilingual else EVEN_LOG_ODDS_ENGLISH
        self._ends = _single_tokens(tokenizer, ENDS)
        self._more = [_single_tokens(tokenizer, kind) for kind in MORE]
        self._marks = frozenset(self._ends).union(*self._more)
        self._no_word = [*self._marks, tokenizer.eot]

    def __call__(self, tokens: Sequence[int], scores: Sequence[StorageView]) -> float | None:
        """How likely a sentence ends right after the last word of `tokens`: 0 to 1, 0.5 where nothing is known.

        `scores` are the decoder's, before the softmax: one vector for each of `tokens` and one for the end of the text.
        None where there is no word, or where the text was cut off at its limit, so that nothing is known of its end.
        """
        words = len(tokens)
        while words and tokens[words - 1] in self._marks:
            words -= 1
        if not words or words >= len(scores):
            return None
        after_last_word = np.array(scores[words], dtype=np.float32)
        kinds = [_log_sum(after_last_word[kind]) for kind in self._more]
        end = _log_sum(after_last_word[self._ends])
        after_last_word[self._no_word] = -np.inf
        log_odds = end - float(np.mean([*kinds, _log_sum(after_last_word)]))
        return float(1 / (1 + np.exp(-SLOPE * (log_odds - self._even))))


def _log_sum(scores: NDArray[np.float32]) -> float:
    """Logarithm of the sum of odds; never below -100, where the decoder forbids what is asked for."""
    highest = max(float(scores.max(initial=-100)), -100.0)
    return highest + float(np.log(max(np.exp(scores - highest).sum(), 1e-9)))


def _single_tokens(tokenizer: Tokenizer, marks: Sequence[str]) -> list[int]:
    encoded = (tokenizer.encode(mark) for mark in marks)
    return [tokens[0] for tokens in encoded if len(tokens) == 1]
