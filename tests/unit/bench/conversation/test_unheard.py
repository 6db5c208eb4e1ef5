from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from agent.bench.conversation.encounter import Encounter
from agent.bench.conversation.heard_words import Difference, Word
from agent.bench.conversation.interruption import Interruption
from agent.bench.conversation.unheard import account, turn_sound
from agent.rehearsal.performance import Performance, Span
from agent.testing import measure
from agent.testing.softphone.rtp import Pcm
from tests.unit.bench.conversation.tales import RATE, agent_turn

CHANCE = np.random.default_rng(3)
SPEECH = (np.convolve(CHANCE.standard_normal(4 * RATE), np.hanning(9), "same") * 2500).astype(np.int16)
WORDS = [Word(text, 1 + at, 1.8 + at) for at, text in enumerate(["one", "two", "three", "four"])]


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * RATE), np.int16)


REFERENCE = np.concatenate([silence(1), SPEECH, silence(1)])


def encounter(received: Pcm, *spans: tuple[float, float]) -> Encounter:
    performance = Performance(
        zero=datetime(2026, 1, 1, tzinfo=UTC),
        answered=0.0,
        ended=len(received) / RATE,
        agent_speech=tuple(Span(start, end) for start, end in spans),
    )
    return Encounter(performance, received, Path("call-1.wav"))


def test_the_greeting_is_compared_by_the_times_of_its_words() -> None:
    received = np.concatenate([silence(0.5), SPEECH[: 2 * RATE], silence(3)])
    call = encounter(received, (0.5, 2.5))
    one = Interruption("call-1", "Wait.", recorded=False, greeting=True, stop_ms=100, cut=True)
    turn = agent_turn(0.5, 2.6, "One two three", interrupted=True)
    heard = [Word("one", 0, 1), Word("two", 1, 2)]
    found = account(call, one, turn, turn_sound(turn, call), heard, (WORDS, REFERENCE))
    assert found.time == Difference(unheard=1, missing=0)
    assert found.transcript == Difference(unheard=1, missing=0)
    assert (found.unheard, found.missing) == (1, 0)


def test_an_answer_of_the_model_is_compared_by_what_our_ears_heard() -> None:
    call = encounter(np.concatenate([silence(0.5), SPEECH, silence(1)]), (0.5, 4.5))
    one = Interruption("call-1", "Wait.", recorded=False, greeting=False, stop_ms=100, cut=True)
    turn = agent_turn(0.5, 4.6, "There is a shop", interrupted=True)
    heard = [Word(text, 0, 1) for text in ("there", "is", "a", "shop", "and")]
    found = account(call, one, turn, turn_sound(turn, call), heard, (WORDS, REFERENCE))
    assert found.time is None
    assert (found.unheard, found.missing) == (0, 1)


def test_the_sound_of_a_turn_is_all_that_was_heard_of_it() -> None:
    call = encounter(silence(20), (1.0, 2.0), (3.0, 5.0), (5.5, 6.0), (9.0, 10.0))
    assert turn_sound(agent_turn(2.9, 6.0), call) == measure.Span(3 * RATE, 6 * RATE)
    assert turn_sound(agent_turn(15, 16), call).length == 0
