"""What those see who follow a call as it is spoken, and what the record says of a turn that was cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from typing import Any

from agent.dialog.history import Message
from agent.dialog.lulls import Lulls
from agent.dialog.mind import Piece
from agent.domain.call import EndedReason
from agent.domain.events import SpeechStarted
from agent.domain.turns import Speaker
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.stage import Partials, Stage
from tests.unit.dialog.test_conversation import AGENT, ANSWER
from tests.unit.dialog.virtual_time import run

ASK = [("agent_quiet", 9), ("quiet", 0.2), ("speak", 1), ("quiet", 0.3), ("agent_talks", 3)]


def stage(*heard: str, answer: str = ANSWER, partials: Partials | None = None) -> Stage:
    return Stage(AGENT, FakeEars(heard), FakeMind([answer]), partials=partials or Partials())


def test_the_agent_s_words_are_told_as_they_are_played() -> None:
    scene = stage("When do you open?")
    run(scene.caller(*ASK, ("agent_quiet", 9), ("quiet", 1), ("hang_up", 0)))
    shown = scene.partials.of(Speaker.AGENT)
    assert len(shown) > 5
    assert all(later.startswith(earlier) or len(later) < len(earlier) for earlier, later in pairwise(shown))
    assert all((AGENT.greeting + "|" + ANSWER).find(text) >= 0 for text in shown)
    assert max(len(text) for text in shown if ANSWER.startswith(text)) > len(ANSWER) / 2


def test_the_caller_s_words_are_told_while_the_turn_may_still_go_on() -> None:
    scene = stage("When do you", "When do you open on Sunday?")
    run(scene.caller(("agent_quiet", 9), ("speak", 1), ("quiet", 0.4), ("speak", 1), ("quiet", 3), ("hang_up", 0)))
    assert scene.partials.of(Speaker.CALLER)[:2] == ["When do you", "When do you open on Sunday?"]
    assert scene.said_by(Speaker.CALLER) == ["When do you open on Sunday?"]


def test_nothing_is_told_where_nobody_follows() -> None:
    scene = stage("When do you open?", partials=Partials(wanted=False))
    assert run(scene.caller(*ASK, ("agent_quiet", 9), ("hang_up", 0))) is EndedReason.CALLER_HANGUP
    assert scene.partials.told == []


def test_the_record_says_what_was_heard_and_what_would_have_been_said() -> None:
    more = " ".join(f"Room {number} is on the next floor." for number in range(20))
    scene = stage("When do you open?", "Stop.", answer=f"{ANSWER} {more}")
    run(scene.caller(*ASK, ("quiet", 0.5), ("speak", 0.6), ("quiet", 3), ("hang_up", 0)))
    cut = scene.turns[2]
    assert cut.interrupted
    assert cut.intended is not None
    assert cut.intended.startswith(cut.text)
    assert len(cut.intended) > len(cut.text)
    assert f"{ANSWER} {more}".startswith(cut.intended)
    assert cut.ended_at < scene.turns[3].started_at + 0.5
    assert all((turn.intended is not None) is turn.interrupted for turn in scene.turns)


class WatchedMind(FakeMind):
    """Notes whether there was a lull when it was asked."""

    lulls: Lulls | None = None

    async def stream(self, messages: Sequence[Message], **more: Any) -> AsyncIterator[Piece]:
        assert self.lulls is not None
        self.was_lull = self.lulls.is_lull
        async for piece in super().stream(messages, **more):
            yield piece


def test_a_caller_has_the_model_from_their_first_sound_until_the_answer_is_heard() -> None:
    mind = WatchedMind([ANSWER])
    scene = Stage(AGENT, FakeEars(["When do you open?"]), mind)
    mind.lulls = scene.lulls
    at_first_sound: list[bool] = []
    scene.on_event = lambda event: (
        at_first_sound.append(scene.lulls.is_lull) if isinstance(event, SpeechStarted) else None
    )
    run(scene.caller(*ASK, ("agent_quiet", 9), ("speak", 1), ("hang_up", 0)))
    assert not mind.was_lull
    assert at_first_sound == [True, True]
    assert scene.lulls.is_lull
