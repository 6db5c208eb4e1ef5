"""What a caller hears and answers before anything is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from agent.domain.agent import Agent, RecordingConsent, RecordingPolicy
from agent.domain.call import EndedReason
from agent.domain.commands import Say
from agent.domain.events import SpeechStarted
from agent.domain.recording import Consent, ConsentBy
from agent.domain.turns import Speaker
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.virtual_time import run

ANNOUNCED = RecordingPolicy(consent=RecordingConsent.ANNOUNCED, announcement="We record this call.")
ASKED = RecordingPolicy(
    consent=RecordingConsent.ASKED, question="May we record?", accepted="Thanks.", declined="Not recorded, then."
)
GREETING = "Good day."
ANSWER = "We open at nine."
DONE = (("agent_quiet", 9), ("quiet", 0.1), ("agent_quiet", 9))
"""Also where it says two sentences."""
SPEAK = (("speak", 1.0), ("quiet", 2), *DONE)
VOICE, KEY = ConsentBy.VOICE, ConsentBy.KEY


class Tape:
    """Notes what was decided, and how much the agent had sent by then."""

    def __init__(self) -> None:
        self.decided: list[tuple[Consent, ConsentBy | None]] = []
        self.samples_before: list[int] = []
        self.stage: Stage

    def __call__(self, consent: Consent, by: ConsentBy | None) -> None:
        self.decided.append((consent, by))
        self.samples_before.append(self.stage.line.samples_of_sound)


def stage(policy: RecordingPolicy, *heard: str, **agent: Any) -> tuple[Stage, Tape]:
    tape = Tape()
    persona = Agent(name="tester", greeting=GREETING, instructions="Be brief.", recording=policy, **agent)
    tape.stage = Stage(persona, FakeEars(heard or [""]), FakeMind([ANSWER]), recording=tape)
    return tape.stage, tape


def said(scene: Stage) -> list[str]:
    return scene.said_by(Speaker.AGENT)


def texts_for_the_model(scene: Stage) -> str:
    return " ".join(message.text for messages in scene.mind.asked for message in messages[1:])


def test_the_announcement_comes_first_in_full_and_then_the_recording() -> None:
    scene, tape = stage(ANNOUNCED, "When do you open?")
    run(scene.caller(*DONE, *SPEAK, ("hang_up", 0)))
    assert said(scene)[0] == f"{ANNOUNCED.announcement} {GREETING}"
    assert tape.decided == [(Consent.ANNOUNCED, None)]
    announcement = scene.conversation._parts.mouth.get(ANNOUNCED.announcement, voice="")
    greeting = scene.conversation._parts.mouth.get(GREETING, voice="")
    assert announcement is not None
    assert greeting is not None
    sound = sum(1 for at in range(0, len(announcement), 2) if announcement[at : at + 2] != b"\0\0")
    assert tape.samples_before == [sound]  # to its last sample, and nothing of the greeting
    assert ANNOUNCED.announcement not in texts_for_the_model(scene)
    assert GREETING in texts_for_the_model(scene)


def test_nobody_interrupts_the_announcement() -> None:
    scene, tape = stage(ANNOUNCED, "Stop it now, please.")
    run(scene.caller(("speak", 1.0), ("quiet", 2), *DONE, ("hang_up", 0)))
    assert tape.decided == [(Consent.ANNOUNCED, None)]
    assert said(scene)[0].startswith(ANNOUNCED.announcement)


def test_who_hangs_up_during_the_announcement_is_not_recorded() -> None:
    scene, tape = stage(ANNOUNCED)
    assert run(scene.caller(("quiet", 0.1), ("hang_up", 0))) is EndedReason.CALLER_HANGUP
    assert tape.decided == []


@pytest.mark.parametrize(
    ("heard", "decided", "then"),
    [
        (["Yes, sure."], (Consent.GRANTED, VOICE), ASKED.accepted),
        (["No, thank you."], (Consent.DECLINED, VOICE), ASKED.declined),
        (["What is this about?", "Okay then."], (Consent.GRANTED, VOICE), ASKED.accepted),
        (["What is this about?", "I need a dentist."], (Consent.UNANSWERED, None), ASKED.declined),
    ],
)
def test_only_a_yes_starts_the_recording(heard: list[str], decided: tuple[Consent, Any], then: str) -> None:
    scene, tape = stage(ASKED, *heard, "When do you open?")
    answers = [step for _ in heard for step in SPEAK]
    run(scene.caller(*DONE, *answers, *SPEAK, ("hang_up", 0)))
    assert tape.decided == [decided]
    assert said(scene) == [*[ASKED.question] * len(heard), f"{then} {GREETING}", ANSWER]
    assert scene.said_by(Speaker.CALLER) == [*heard, "When do you open?"]


def test_the_model_reads_nothing_of_it() -> None:
    scene, _ = stage(ASKED, "Yes, sure.", "When do you open?")
    run(scene.caller(*DONE, *SPEAK, *SPEAK, ("hang_up", 0)))
    assert len(scene.mind.asked) >= 1
    read = texts_for_the_model(scene)
    assert GREETING in read
    for text in (ASKED.question, ASKED.accepted, "Yes, sure."):
        assert text not in read


def test_an_answer_over_the_question_counts_when_the_question_is_over() -> None:
    scene, tape = stage(ASKED.model_copy(update={"question": "May we record this call, for training?"}), "Yes.")
    run(scene.caller(("quiet", 0.3), ("speak", 0.4), ("quiet", 2), *DONE, ("hang_up", 0)))
    assert tape.decided == [(Consent.GRANTED, VOICE)]
    assert said(scene)[0] == "May we record this call, for training?"


def test_the_question_that_comes_back_as_an_echo_is_no_answer() -> None:
    question = "May we record this call? Say yes or no."
    scene, tape = stage(ASKED.model_copy(update={"question": question}), question, "Yes.")
    run(scene.caller(*DONE, *SPEAK, *SPEAK, ("hang_up", 0)))
    assert tape.decided == [(Consent.GRANTED, VOICE)]


def with_keys(scene: Stage, keys: Iterable[str]) -> None:
    pending = list(keys)

    def press(event: object) -> None:
        if isinstance(event, SpeechStarted) and event.text == ASKED.question and pending:
            asyncio.get_running_loop().call_later(0.6, scene.keys.put_nowait, pending.pop(0))

    scene.on_event = press


@pytest.mark.parametrize(
    ("key", "consent", "then"),
    [("1", Consent.GRANTED, ASKED.accepted), ("2", Consent.DECLINED, ASKED.declined)],
)
def test_a_key_answers_at_once_also_while_the_question_is_being_said(key: str, consent: Consent, then: str) -> None:
    scene, tape = stage(ASKED)
    with_keys(scene, key)
    run(scene.caller(*DONE, ("quiet", 3), ("hang_up", 0)))
    assert tape.decided == [(consent, KEY)]
    assert said(scene)[-1] == f"{then} {GREETING}"
    assert scene.turns[0].interrupted
    assert scene.said_by(Speaker.CALLER) == []


def test_another_key_is_no_answer() -> None:
    scene, tape = stage(ASKED)
    with_keys(scene, "77")
    run(scene.caller(*DONE, ("quiet", 30), ("hang_up", 0)))
    assert tape.decided == [(Consent.UNANSWERED, None)]


def test_who_says_nothing_is_asked_again_and_then_greeted_without_a_recording() -> None:
    scene, tape = stage(ASKED)
    run(scene.caller(*DONE, ("quiet", 25), ("hang_up", 0)))
    assert said(scene)[:3] == [ASKED.question, ASKED.question, f"{ASKED.declined} {GREETING}"]
    assert tape.decided == [(Consent.UNANSWERED, None)]


def test_who_hangs_up_before_an_answer_has_given_none() -> None:
    scene, tape = stage(ASKED)
    run(scene.caller(*DONE, ("quiet", 1), ("hang_up", 0)))
    assert tape.decided == [(Consent.UNANSWERED, None)]


def test_a_goodbye_ends_the_call_without_a_recording() -> None:
    scene, tape = stage(ASKED, "No, goodbye.")
    assert run(scene.caller(*DONE, *SPEAK)) is EndedReason.AGENT_HANGUP
    assert tape.decided == [(Consent.UNANSWERED, None)]


def test_the_back_end_speaks_when_the_question_is_settled() -> None:
    scene, _ = stage(ASKED, "Yes.")

    def ask(event: object) -> None:
        if isinstance(event, SpeechStarted) and event.text == ASKED.question:
            scene.commands.put_nowait(Say("The doctor is free now."))

    scene.on_event = ask
    run(scene.caller(*DONE, *SPEAK, ("quiet", 3), *DONE, ("hang_up", 0)))
    assert said(scene) == [ASKED.question, f"{ASKED.accepted} {GREETING}", "The doctor is free now."]


def test_without_a_recorder_nothing_is_asked() -> None:
    scene, tape = stage(ASKED)
    scene.recording = None
    run(scene.caller(*DONE, ("hang_up", 0)))
    assert said(scene) == [GREETING]
    assert tape.decided == []
