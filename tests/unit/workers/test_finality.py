from __future__ import annotations

import numpy as np
import pytest
from ctranslate2 import StorageView

from agent.workers.finality import Finality

WORDS = {".": 0, "?": 1, ",": 2, "...": 3, " go": 4, " home": 5, "<end>": 6}


class Letters:
    """A tokenizer of seven tokens."""

    def encode(self, text: str) -> list[int]:
        return [WORDS[text]] if text in WORDS else [4, 5]


def scores(**probabilities: float) -> StorageView:
    names = {"stop": 0, "ask": 1, "comma": 2, "go": 4, "end": 6}
    vector = np.full(len(WORDS), -50, dtype=np.float32)
    for name, probability in probabilities.items():
        vector[names[name]] = np.log(probability) + 7  # a softmax does not mind a constant
    return StorageView.from_array(vector)


GO = scores(go=1.0)
FINALITY = Finality(Letters())


@pytest.mark.parametrize(
    ("tokens", "last"),
    [([4, 5], []), ([4, 5, 0], [scores(end=1.0)]), ([4, 5, 3], [scores(end=1.0)]), ([4, 5, 2, 0], [GO, GO])],
    ids=["no mark", "full stop", "ellipsis", "two marks"],
)
def test_it_is_read_right_after_the_last_word(tokens: list[int], last: list[StorageView]) -> None:
    after_the_words = scores(stop=0.5, ask=0.2, comma=0.2, go=0.1)
    assert FINALITY(tokens, [GO, GO, after_the_words, *last]) == pytest.approx(0.7, abs=1e-4)


def test_a_text_that_was_cut_off_tells_nothing_of_its_end() -> None:
    assert FINALITY([4, 5], [GO, GO]) is None


def test_without_words_there_is_no_sentence() -> None:
    assert FINALITY([], [GO]) is None
    assert FINALITY([0], [GO, GO]) is None


def test_a_language_without_marks_of_its_own_is_never_final() -> None:
    assert FINALITY([4], [GO, scores(go=1.0)]) == pytest.approx(0, abs=1e-4)
