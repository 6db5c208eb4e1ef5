from __future__ import annotations

import numpy as np
import pytest
from ctranslate2 import StorageView

from agent.workers.finality import Finality

WORDS = {".": 0, "?": 1, ",": 2, "...": 3, "-": 4, " go": 5, " home": 6}
END = 7


class Letters:
    """A tokenizer of eight tokens."""

    eot = END

    def encode(self, text: str) -> list[int]:
        return [WORDS[text]] if text in WORDS else [5, 6]


def scores(**probabilities: float) -> StorageView:
    names = {"stop": 0, "ask": 1, "comma": 2, "dots": 3, "dash": 4, "go": 5, "end": 7}
    vector = np.full(8, -30, dtype=np.float32)
    for name, probability in probabilities.items():
        vector[names[name]] = np.log(probability) + 7  # a softmax does not mind a constant
    return StorageView.from_array(vector)


GO = scores(go=1.0)
OVER = scores(stop=0.95, comma=0.001, dots=0.001, dash=0.0001, go=0.01, end=0.03)
OPEN = scores(stop=0.3, comma=0.1, dots=0.1, dash=0.01, go=0.4, end=0.05)
FINALITY = Finality(Letters(), multilingual=True)


def finality(*tokens: int, after: StorageView) -> float:
    """Of the words "go home" and the marks `tokens`."""
    found = FINALITY([5, 6, *tokens], [GO, GO, after, *(GO for _ in tokens)])
    assert found is not None
    return found


@pytest.mark.parametrize("marks", [[], [0], [3], [2, 0]], ids=["no mark", "full stop", "ellipsis", "two marks"])
def test_it_is_read_right_after_the_last_word(marks: list[int]) -> None:
    assert finality(*marks, after=OVER) > 0.8
    assert finality(*marks, after=OPEN) < 0.2


def test_a_full_stop_and_a_question_mark_are_both_ends() -> None:
    both = scores(stop=0.475, ask=0.475, comma=0.001, dots=0.001, dash=0.0001, go=0.01, end=0.03)
    assert finality(after=both) == pytest.approx(finality(after=OVER), abs=1e-4)


def test_text_without_any_mark_says_nothing_for_either() -> None:
    without = scores(stop=0.475, comma=0.0005, dots=0.0005, dash=0.00005, go=0.005, end=0.5)
    assert finality(after=without) == pytest.approx(finality(after=OVER), abs=0.01)


def test_every_sign_of_more_lowers_it() -> None:
    for sign in ("comma", "dots", "dash", "go"):
        usual = {"stop": 0.9, "comma": 0.001, "dots": 0.001, "dash": 0.0001, "go": 0.01}
        assert finality(after=scores(**{**usual, sign: 0.09})) < finality(after=scores(**usual))


def test_an_english_model_is_less_sure_of_every_mark() -> None:
    english = Finality(Letters(), multilingual=False)([5, 6], [GO, GO, OPEN])
    assert english is not None
    assert english > finality(after=OPEN)


def test_a_text_that_was_cut_off_tells_nothing_of_its_end() -> None:
    assert FINALITY([5, 6], [GO, GO]) is None


def test_without_words_there_is_no_sentence() -> None:
    assert FINALITY([], [GO]) is None
    assert FINALITY([0], [GO, GO]) is None


def test_what_the_decoder_forbids_does_no_harm() -> None:
    forbidden = StorageView.from_array(np.full(8, -np.inf, dtype=np.float32))
    assert 0 <= finality(after=forbidden) <= 1
