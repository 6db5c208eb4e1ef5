from __future__ import annotations

import numpy as np
import pytest

from agent.bench.conversation.heard_words import Word
from agent.bench.conversation.pauses import BROKE_IN, Pause, measures, observed
from agent.bench.conversation.sounds import HIBARI, Sound, rest
from agent.bench.conversation.word_gaps import Halves, Paused, boundaries, halved, paused, quietest
from agent.testing.measure import Pcm, speech_spans
from tests.unit.bench.conversation.chance import seeded
from tests.unit.bench.conversation.tales import RATE, said, sounds
from tests.unit.testing.sounds import voice

WORDS = [Word("could", 0.0, 0.4), Word("you", 0.5, 0.9), Word("tell", 1.0, 1.4), Word("me", 1.5, 2.0)]


def two_words() -> Pcm:
    return np.concatenate([voice(RATE), rest(0.06), voice(RATE, seed=3)])


def sentence(planned_s: float = 0.8) -> Paused:
    whole = Sound(two_words(), "could you", HIBARI)
    cut = halved(whole, [Word("could", 0.0, 0.95), Word("you", 1.08, 2.0)], 1)
    return paused(cut, planned_s, seeded(1))


def test_pauses_come_in_the_middle_of_a_sentence() -> None:
    assert boundaries(WORDS, 2.0) == [2, 3]
    assert boundaries(WORDS[:1], 2.0) == []
    assert boundaries([*WORDS[:2], Word("tell.", 1.0, 1.4), WORDS[3]], 2.0) == [2]


def test_a_sentence_is_cut_where_it_is_quietest() -> None:
    assert quietest(two_words(), RATE - 400) == pytest.approx(RATE + 240, abs=240)


@pytest.mark.parametrize("planned_s", [0.5, 0.8, 1.2])
def test_the_pause_is_as_long_as_planned(planned_s: float) -> None:
    made = sentence(planned_s)
    first, second = speech_spans(made.pcm)
    assert (second.start - first.end) / RATE == pytest.approx(planned_s, abs=0.02)
    assert made.pause.length / RATE == pytest.approx(planned_s, abs=0.02)
    assert made.pause.start == pytest.approx(RATE, abs=80)


def result(*agent: tuple[float, float]) -> Pause:
    """The caller speaks from 10 s, pauses from 11.0 to 11.8 and is done at 12.8."""
    return observed(said(10.0, 12.8), sentence(), sounds(*agent), "call-1")


def test_an_agent_that_waits_cuts_nobody_off() -> None:
    one = result((5.0, 8.0), (13.2, 15.0))
    assert not one.cut_off
    assert one.unjudged is None


def test_an_agent_that_speaks_in_the_pause_does() -> None:
    one = result((11.5, 13.0))
    assert one.cut_off
    assert one.within
    assert one.spoke_after_ms == pytest.approx(500, abs=20)


def test_an_agent_that_speaks_when_the_caller_has_gone_on_does() -> None:
    one = result((11.9, 13.0))
    assert one.cut_off
    assert not one.within


def test_an_agent_that_broke_in_before_the_pause_is_not_judged() -> None:
    assert result((10.4, 11.2)).unjudged == BROKE_IN


def pause(pause_s: float, *, cut: bool, judged: bool = True) -> Pause:
    return Pause("a", "b", HIBARI, "the", pause_s, pause_s, 300 if cut else None, None if judged else BROKE_IN)


def test_the_figures_are_by_length() -> None:
    found = [pause(0.5, cut=False), pause(0.8, cut=True), pause(0.8, cut=False), pause(0.8, cut=True, judged=False)]
    values = {one.name: (one.value, one.count) for one in measures(found)}
    assert values == {
        "conversation.cut_off_500": (0, 1),
        "conversation.cut_off_800": (50, 2),
        "conversation.cut_off_1200": (None, 0),
    }


def test_the_halves_have_no_click() -> None:
    cut: Halves = halved(Sound(voice(2 * RATE), "a b", HIBARI), [Word("a", 0, 0.9), Word("b", 1.0, 2.0)], 1)
    assert abs(int(cut.first[-1])) < 50
    assert abs(int(cut.second[0])) < 50
