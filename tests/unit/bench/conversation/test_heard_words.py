from __future__ import annotations

import pytest

from agent.bench.conversation.heard_words import Difference, Word, by_time, by_transcript, timed


@pytest.mark.parametrize(
    ("claimed", "heard", "unheard", "missing"),
    [
        ("The museum is open", "the museum is open", 0, 0),
        ("The museum is open from Tuesday to Sunday", "The museum is open from", 3, 0),
        ("The museum is open", "The museum is open from Tuesday", 0, 2),
        ("The museum shows fire engines", "The museum shows fire ench", 0, 0),  # the half word was heard
        ("The museum has old steam engines", "The museum hat old", 2, 0),  # a misheard word is no difference
        ("Open at 9:30 every day", "open at nine thirty", 2, 0),
        ("", "Hello there", 0, 2),
        ("Hello there", "", 2, 0),
        ("", "", 0, 0),
    ],
)
def test_by_transcript(claimed: str, heard: str, unheard: int, missing: int) -> None:
    assert by_transcript(claimed, heard) == Difference(unheard, missing)


WORDS = [Word("one", 0.0, 0.4), Word("two", 0.5, 0.9), Word("three", 1.0, 1.6)]


@pytest.mark.parametrize(
    ("claimed", "reached_s", "unheard", "missing"),
    [("one two", 0.95, 0, 0), ("one two three", 0.95, 1, 0), ("one", 0.95, 0, 1), ("one two", 0.69, 1, 0)],
)
def test_by_time(claimed: str, reached_s: float, unheard: int, missing: int) -> None:
    assert by_time(claimed, WORDS, reached_s) == Difference(unheard, missing)


def test_words_that_were_not_recognised_share_the_time_between_their_neighbours() -> None:
    heard = [Word("the", 0.0, 0.2), Word("museums,", 0.2, 0.6), Word("open", 1.0, 1.4)]
    the, museum, is_, open_ = timed("The museum is open", heard)
    assert (the.start, the.end) == (0.0, 0.2)
    assert (open_.start, open_.end) == (1.0, 1.4)
    assert (museum.start, museum.end) == pytest.approx((0.2, 0.6))
    assert (is_.start, is_.end) == pytest.approx((0.6, 1.0))


def test_a_number_that_was_heard_as_figures_has_a_time() -> None:
    words = timed("open at nine thirty", [Word("open", 0, 0.3), Word("at", 0.3, 0.5), Word("9:30", 0.5, 1.2)])
    assert [word.start for word in words] == [0, 0.3, 0.5, 0.5]
