from __future__ import annotations

import numpy as np
import pytest

from agent.bench.conversation import idle_lines
from agent.bench.conversation.inventions import conditions, measures, observed
from agent.media.pcm import rms_dbfs
from tests.unit.bench.conversation.chance import seeded
from tests.unit.bench.conversation.tales import RATE, agent_turn, caller_turn


def test_turns_of_a_silent_caller_are_inventions() -> None:
    told = [agent_turn(0, 1, "Hello."), caller_turn(30, 31, "Thank you."), agent_turn(32, 33), caller_turn(40, 41, "…")]
    one = observed("silence", 2.0, 602.0, told, "call-1")
    assert one.heard == ("Thank you.",)
    assert one.words == 2
    assert one.spoke == 1
    (figure,) = measures([one])
    assert (figure.value, figure.count, figure.met) == (2, 10, False)
    assert conditions([one])["inventions"]["silence"] == {"minutes": 10.0, "words": 2, "agent_spoke": 1}


def test_an_agent_that_hears_nothing_invents_nothing() -> None:
    (figure,) = measures([observed("silence", 2.0, 602.0, [agent_turn(0, 1)], "call-1")])
    assert (figure.value, figure.met) == (0, True)


def test_without_calls_nothing_is_reached() -> None:
    (figure,) = measures([])
    assert figure.met is False


@pytest.mark.parametrize("kind", ["silence", "noise and hum", "exchange tones"])
def test_the_sounds_are_as_long_as_asked_for_and_begin_anew_by_seed(kind: str) -> None:
    make = idle_lines.KINDS[kind]
    one, again, other = make(75.5, seeded(1)), make(75.5, seeded(1)), make(75.5, seeded(2))
    assert len(one) == round(75.5 * RATE)
    assert np.array_equal(one, again)
    assert np.array_equal(one, other) == (kind == "silence")


def test_noise_is_within_its_levels() -> None:
    noise = idle_lines.noise_and_hum(120, seeded(1))
    for start in range(0, len(noise), 30 * RATE):
        assert -61 <= rms_dbfs(noise[start : start + 30 * RATE].tobytes()) <= -28
