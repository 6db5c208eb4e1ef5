"""What happens in a conversation when both talk, as the caller hears it."""

from __future__ import annotations

import asyncio

import pytest

from agent.dialog.history import Role
from agent.domain.call import EndedReason
from agent.domain.events import KeysEntered, SpeechPaused, SpeechResumed
from agent.domain.turns import Speaker
from agent.media.playout import FADE_SAMPLES
from agent.settings import Settings, TurnSettings
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.test_conversation import AGENT, ANSWER
from tests.unit.dialog.virtual_time import run

ASK = [("agent_quiet", 9), ("quiet", 0.2), ("speak", 1), ("quiet", 0.3), ("agent_talks", 3)]


def stage(*heard: str, answer: str = ANSWER, **agent: object) -> Stage:
    return Stage(AGENT.model_copy(update=agent), FakeEars(heard), FakeMind([answer]))


@pytest.mark.parametrize("sound", ["", "Mm-hmm.", "We open at nine on Sundays"], ids=["cough", "backchannel", "echo"])
def test_what_is_no_interruption_costs_no_syllable_and_repeats_none(sound: str) -> None:
    quiet, disturbed = stage("When do you open?"), stage("When do you open?", sound)
    run(quiet.caller(*ASK, ("agent_quiet", 9), ("quiet", 1), ("hang_up", 0)))
    run(disturbed.caller(*ASK, ("quiet", 2.2), ("speak", 0.4), ("agent_quiet", 9), ("quiet", 1), ("hang_up", 0)))
    assert disturbed.said_by(Speaker.AGENT) == quiet.said_by(Speaker.AGENT) == [AGENT.greeting, ANSWER]
    fading_away = FADE_SAMPLES
    assert 0 < disturbed.line.samples_of_sound - quiet.line.samples_of_sound <= fading_away
    kinds = [type(event) for event in disturbed.events]
    assert (kinds.count(SpeechPaused), kinds.count(SpeechResumed)) == (1, 1)


def test_the_agent_is_silent_at_once_while_it_is_not_known_what_the_caller_wants() -> None:
    scene = stage("When do you open?", "Stop.")
    frames_at_pause: list[int] = []
    scene.on_event = lambda event: (
        frames_at_pause.append(len(scene.line.received)) if isinstance(event, SpeechPaused) else None
    )
    run(scene.caller(*ASK, ("quiet", 0.5), ("speak", 0.6), ("quiet", 3), ("hang_up", 0)))
    fade, *after = scene.line.received[frames_at_pause[0] : frames_at_pause[0] + 10]
    assert any(fade)
    assert not any(any(frame) for frame in after)
    assert scene.turns[2].interrupted


def test_a_question_that_is_still_to_come_makes_no_answer_of_a_backchannel() -> None:
    greeting = "Good day, this is the practice by the lake, we are open until six. How can I help you?"
    scene = stage("Okay.", greeting=greeting)
    run(scene.caller(("quiet", 1.2), ("speak", 0.4), ("agent_quiet", 12), ("quiet", 1), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT) == [greeting]
    assert scene.said_by(Speaker.CALLER) == []


def test_a_notice_is_not_interrupted_and_what_the_caller_says_in_it_is_answered_afterwards() -> None:
    notice = "This call may be recorded for training."
    scene = stage("When do you open?", notice=notice)
    script = [("agent_talks", 3), ("quiet", 1.2), ("speak", 0.6), ("quiet", 5), ("agent_quiet", 9), ("hang_up", 0)]
    run(scene.caller(*script))
    assert scene.said_by(Speaker.AGENT) == [f"{AGENT.greeting} {notice}", ANSWER]
    assert scene.said_by(Speaker.CALLER) == ["When do you open?"]
    assert not any(isinstance(event, SpeechPaused) for event in scene.events)


def test_who_speaks_into_the_greeting_does_not_miss_the_notice_after_it() -> None:
    notice = "This call may be recorded for training."
    greeting = "Good day, this is the practice by the lake, we are open until six."
    scene = stage("When do you open?", greeting=greeting, notice=notice)
    run(
        scene.caller(
            ("agent_talks", 3), ("quiet", 0.5), ("speak", 1.0), ("quiet", 7), ("agent_quiet", 12), ("hang_up", 0)
        )
    )
    opening, answer = scene.said_by(Speaker.AGENT)
    assert opening == f"{greeting} {notice}"
    assert answer.endswith(ANSWER)
    assert scene.said_by(Speaker.CALLER) == ["When do you open?"]


def test_a_word_bridges_a_long_wait_and_the_model_does_not_read_it_as_part_of_its_answer() -> None:
    scene = Stage(AGENT, FakeEars(["When?", "And then?"]), FakeMind([ANSWER], delay_s=3))
    question = [("speak", 1.0), ("quiet", 4), ("agent_quiet", 9)]
    run(scene.caller(("agent_quiet", 9), *question, *question, ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT)[1] == f"{AGENT.phrases.let_me_see} {ANSWER}"
    assert [message.text for message in scene.mind.asked[-1] if message.role is Role.AGENT] == [AGENT.greeting, ANSWER]


def test_nobody_is_bridged_over_who_speaks() -> None:
    settings = Settings(turns=TurnSettings(filler_after_ms=1000))
    scene = Stage(AGENT, FakeEars(["One thing.", "And another."]), FakeMind([ANSWER], delay_s=2), settings=settings)
    run(scene.caller(("agent_quiet", 9), ("speak", 1), ("quiet", 0.9), ("speak", 3), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT) == [AGENT.greeting]


def test_nothing_of_a_speculation_is_said_or_remembered_when_the_caller_goes_on() -> None:
    scene = stage("I would like to", "I would like to know when you open.")
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.5), ("speak", 1), ("quiet", 3), ("agent_quiet", 9)]
    run(scene.caller(*script, ("hang_up", 0)))
    assert len(scene.mind.asked) == 2
    assert scene.said_by(Speaker.CALLER) == ["I would like to know when you open."]
    assert scene.said_by(Speaker.AGENT) == [AGENT.greeting, ANSWER]
    ledger = scene.conversation._parts.speculation
    assert (ledger.used, ledger.thrown_away, ledger.running, ledger.waiting) == (1, 1, 0, 0)


def test_speculation_that_is_switched_off_gives_the_same_conversation() -> None:
    settings = Settings(turns=TurnSettings(speculate=False))
    scene = Stage(AGENT, FakeEars(["When?"]), FakeMind([ANSWER]), settings=settings)
    run(scene.caller(("agent_quiet", 9), ("speak", 1), ("quiet", 3), ("agent_quiet", 9), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT) == [AGENT.greeting, ANSWER]
    timings = scene.turns[2].timings
    assert (timings.first_token or 0) > (timings.turn_ended or 9)


def test_keys_are_one_entry_and_one_turn() -> None:
    scene = stage("never")

    async def play() -> EndedReason:
        caller = asyncio.create_task(scene.caller(("agent_quiet", 9), ("quiet", 6), ("agent_quiet", 9), ("hang_up", 0)))
        await asyncio.sleep(3)
        for digit in "123#":
            scene.keys.put_nowait(digit)
        return await caller

    run(play())
    assert [event.digits for event in scene.events if isinstance(event, KeysEntered)] == ["123"]
    assert scene.said_by(Speaker.CALLER) == ["(The caller keyed 1 2 3 on the telephone.)"]
    assert scene.said_by(Speaker.AGENT) == [AGENT.greeting, ANSWER]


def test_keys_without_a_terminator_are_taken_after_a_pause_and_stop_the_agent() -> None:
    scene = stage("When do you open?", answer="word " * 60)

    async def play() -> EndedReason:
        caller = asyncio.create_task(scene.caller(*ASK, ("quiet", 8), ("hang_up", 0)))
        await asyncio.sleep(4)
        scene.keys.put_nowait("7")
        return await caller

    run(play())
    assert scene.turns[2].interrupted
    assert scene.said_by(Speaker.CALLER)[1] == "(The caller keyed 7 on the telephone.)"


def test_a_caller_who_hangs_up_before_the_answer_has_still_said_it() -> None:
    scene = Stage(AGENT, FakeEars(["One thing."]), FakeMind([ANSWER], delay_s=5))
    run(scene.caller(("agent_quiet", 9), ("speak", 1), ("quiet", 1.5), ("hang_up", 0)))
    assert scene.said_by(Speaker.CALLER) == ["One thing."]
