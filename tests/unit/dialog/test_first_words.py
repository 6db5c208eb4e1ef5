"""How a call that the agent makes begins, by who answers."""

from __future__ import annotations

from typing import Any

import pytest

from agent.domain.agent import Agent
from agent.domain.answered_by import Answer, AnsweredBy, AnswerRule
from agent.domain.call import EndedReason
from agent.domain.events import CallAnsweredBy
from agent.domain.turns import Speaker
from agent.domain.voicemail import VoicemailAction, VoicemailPolicy
from agent.errors import SpeechToTextError
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.virtual_time import run

GREETING = "Good day, this is the practice."
MESSAGE = "Please call the practice back."
LEAVE = VoicemailPolicy(action=VoicemailAction.LEAVE_MESSAGE, message=MESSAGE)
MACHINE = "You've reached Tom. Leave a message after the tone."
DONE = ("agent_quiet", 9)


def stage(policy: VoicemailPolicy | None = None, *heard: str | SpeechToTextError, **agent: Any) -> Stage:
    persona = Agent(
        name="tester", greeting=GREETING, instructions="Be brief.", voicemail=policy or VoicemailPolicy(), **agent
    )
    return Stage(persona, FakeEars(heard or [""]), FakeMind(["Certainly."]), detect=True)


def answers(scene: Stage) -> list[Answer]:
    return [event.answer for event in scene.events if isinstance(event, CallAnsweredBy)]


def said(scene: Stage) -> list[tuple[Speaker, str]]:
    return [(turn.speaker, turn.text) for turn in scene.turns]


def test_a_person_says_hello_and_is_greeted_at_once() -> None:
    scene = stage(None, "Hello?", "What is it about?")
    reason = run(
        scene.caller(
            ("quiet", 0.4), ("speak", 0.4), ("quiet", 0.2), ("agent_talks", 0.7), DONE,
            ("speak", 1.0), ("quiet", 2), DONE, ("hang_up", 0),
        )
    )  # fmt: skip
    assert reason is EndedReason.CALLER_HANGUP
    assert [(one.by, one.rule, one.heard) for one in answers(scene)] == [
        (AnsweredBy.PERSON, AnswerRule.WORDS, "Hello?")
    ]
    assert said(scene) == [
        (Speaker.CALLER, "Hello?"), (Speaker.AGENT, GREETING), (Speaker.CALLER, "What is it about?"),
        (Speaker.AGENT, "Certainly."),
    ]  # fmt: skip


def test_a_person_is_known_while_they_speak_and_greeted_when_they_have_finished() -> None:
    words = "Yes, hello, who is this please, I can not hear you at all, it is the bus"
    scene = stage(None, *(words[:end] for end in range(18, len(words), 4)))
    run(scene.caller(("speak", 3.0), ("agent_talks", 3), DONE, ("hang_up", 0)))
    [answer] = answers(scene)
    assert (answer.by, answer.rule) == (AnsweredBy.PERSON, AnswerRule.WORDS)
    assert answer.decided_ms < 1000
    assert [speaker for speaker, _ in said(scene)] == [Speaker.CALLER, Speaker.AGENT]
    assert 3.0 < scene.turns[-1].started_at < 4.5


def test_noise_without_words_does_not_hold_up_the_greeting() -> None:
    scene = stage()
    run(scene.caller(("speak", 6.0), DONE, ("hang_up", 0)))
    assert [(one.by, one.rule) for one in answers(scene)] == [(AnsweredBy.UNCERTAIN, AnswerRule.NOTHING_SAID)]
    assert said(scene) == [(Speaker.AGENT, GREETING)]
    assert scene.turns[-1].started_at < 3.0


def test_nobody_waits_in_silence_for_somebody_to_speak() -> None:
    scene = stage()
    run(scene.caller(("quiet", 2.0), ("agent_talks", 0.3), DONE, ("hang_up", 0)))
    assert [(one.by, one.rule, one.decided_ms) for one in answers(scene)] == [
        (AnsweredBy.UNCERTAIN, AnswerRule.NOTHING_SAID, 2016)
    ]
    assert said(scene) == [(Speaker.AGENT, GREETING)]


def test_a_machine_is_hung_up_on_before_anything_is_said() -> None:
    scene = stage(None, "You've reached", MACHINE)
    assert run(scene.caller(("speak", 4.0))) is EndedReason.VOICEMAIL
    assert scene.line.samples_of_sound == 0
    assert [one.by for one in answers(scene)] == [AnsweredBy.VOICEMAIL]
    assert said(scene) == [(Speaker.CALLER, MACHINE)]


def test_the_message_is_said_after_the_beep_word_for_word() -> None:
    scene = stage(LEAVE, MACHINE)
    reason = run(scene.caller(("speak", 4.0), ("quiet", 0.6), ("beep", 0.4)))
    assert reason is EndedReason.VOICEMAIL
    assert said(scene) == [(Speaker.CALLER, MACHINE), (Speaker.AGENT, MESSAGE)]
    message = scene.turns[-1]
    assert message.started_at >= 5.0 + 0.25


def test_a_machine_that_does_not_beep_hears_the_message_after_a_silence() -> None:
    scene = stage(LEAVE.model_copy(update={"beep_wait_s": 3}), MACHINE)
    assert run(scene.caller(("speak", 4.0))) is EndedReason.VOICEMAIL
    assert said(scene)[-1] == (Speaker.AGENT, MESSAGE)
    assert 7.0 <= scene.turns[-1].started_at <= 7.5


def test_a_greeting_without_end_is_hung_up_on() -> None:
    scene = stage(LEAVE.model_copy(update={"longest_greeting_s": 10}), MACHINE)
    assert run(scene.caller(("speak", 20.0))) is EndedReason.VOICEMAIL
    assert scene.line.samples_of_sound == 0


def test_a_full_mailbox_takes_no_message() -> None:
    scene = stage(LEAVE, "You have reached Tom. The mailbox is full.")
    assert run(scene.caller(("speak", 3.0))) is EndedReason.VOICEMAIL
    assert [one.by for one in answers(scene)] == [AnsweredBy.MAILBOX_FULL]
    assert scene.line.samples_of_sound == 0


def test_a_machine_that_paused_is_found_out_while_the_agent_begins() -> None:
    scene = stage(LEAVE, "Hi, it's Tom.", MACHINE)
    reason = run(scene.caller(("speak", 0.4), ("quiet", 1.3), ("speak", 4.0), ("quiet", 0.5), ("beep", 0.4)))
    assert reason is EndedReason.VOICEMAIL
    assert [one.by for one in answers(scene)] == [AnsweredBy.PERSON, AnsweredBy.VOICEMAIL]
    assert said(scene)[-1] == (Speaker.AGENT, MESSAGE)


def test_a_person_who_let_the_agent_speak_is_no_machine_whatever_they_say() -> None:
    scene = stage(None, "Hello?", "Hello? He's not here. Leave a message with me after the tone.")
    reason = run(scene.caller(("speak", 0.4), ("quiet", 1), DONE, ("speak", 3), ("quiet", 2), DONE, ("hang_up", 0)))
    assert reason is EndedReason.CALLER_HANGUP
    assert [one.by for one in answers(scene)] == [AnsweredBy.PERSON]


@pytest.mark.parametrize("heard", ["For sales, press one.", "Please say your name and why you are calling."])
def test_a_menu_and_call_screening_are_answered_when_they_have_ended(heard: str) -> None:
    scene = stage(None, heard)
    run(scene.caller(("speak", 4.0), ("agent_talks", 4), DONE, ("hang_up", 0)))
    assert [one.by.machine for one in answers(scene)] == [True]
    assert said(scene) == [(Speaker.CALLER, heard), (Speaker.AGENT, GREETING)]
    assert scene.turns[-1].started_at >= 4.0


def test_with_continue_a_machine_is_talked_to() -> None:
    scene = stage(VoicemailPolicy(action=VoicemailAction.CONTINUE), MACHINE)
    run(scene.caller(("speak", 4.0), ("agent_talks", 4), DONE, ("hang_up", 0)))
    assert said(scene)[-1] == (Speaker.AGENT, GREETING)


def test_broken_ears_hold_nobody_up() -> None:
    scene = stage(None, SpeechToTextError("gone"))
    run(scene.caller(("speak", 0.5), ("agent_talks", 2), DONE, ("hang_up", 0)))
    assert [(one.by, one.rule) for one in answers(scene)] == [(AnsweredBy.PERSON, AnswerRule.SHORT_ANSWER)]


def test_who_hangs_up_before_a_word_was_said_is_no_mystery() -> None:
    scene = stage()
    assert run(scene.caller(("quiet", 0.5), ("hang_up", 0))) is EndedReason.CALLER_HANGUP
    assert answers(scene) == []
