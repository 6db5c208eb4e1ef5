from __future__ import annotations

from agent.dialog.history import Message, Role
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.commands import Command, HangUp, Hint, Say
from agent.domain.events import Event, SpeechStarted
from agent.domain.turns import Speaker
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.virtual_time import run

AGENT = Agent(name="tester", greeting="Good day.", instructions="Be brief.")
ANSWER = "We open at nine."
QUESTION = (("speak", 1.0), ("quiet", 2), ("agent_quiet", 9))


def stage(*heard: str, when: str, then: Command, **agent: object) -> Stage:
    """`then` is asked of the call as soon as the agent begins to say `when`."""
    scene = Stage(AGENT.model_copy(update=agent), FakeEars(heard), FakeMind([ANSWER]))

    def ask(event: Event) -> None:
        if isinstance(event, SpeechStarted) and event.text == when:
            scene.commands.put_nowait(then)

    scene.on_event = ask
    return scene


def test_what_is_to_be_said_waits_for_the_end_of_the_agent_s_turn() -> None:
    scene = stage("When?", when=ANSWER, then=Say("The doctor is free now."))
    run(scene.caller(("agent_quiet", 9), *QUESTION, ("quiet", 3), ("agent_quiet", 9), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT) == ["Good day.", ANSWER, "The doctor is free now."]


def test_what_is_to_be_said_is_history_for_the_model() -> None:
    scene = stage("When?", when="Good day.", then=Say("We moved."))
    run(scene.caller(("agent_quiet", 9), ("quiet", 1), ("agent_quiet", 9), *QUESTION, ("hang_up", 0)))
    assert Message(Role.AGENT, "Good day. We moved.") in scene.mind.asked[0]


def test_what_may_not_be_interrupted_is_said_to_its_end() -> None:
    notice = "This call may be recorded for training and quality, and for nothing else whatever."
    scene = stage("Stop it now, please.", when="Good day.", then=Say(notice, interruptible=False))
    run(scene.caller(("agent_quiet", 9), ("agent_talks", 3), *QUESTION, ("quiet", 9), ("hang_up", 0)))
    assert [turn.interrupted for turn in scene.turns if turn.text == notice] == [False]


def test_a_hint_reaches_the_model_and_not_the_caller() -> None:
    scene = stage("When?", when="Good day.", then=Hint("The caller is a regular."))
    run(scene.caller(("agent_quiet", 9), ("quiet", 1), *QUESTION, ("hang_up", 0)))
    assert Message(Role.SYSTEM, "The caller is a regular.") in scene.mind.asked[0]
    assert "regular" not in " ".join(scene.said_by(Speaker.AGENT))


def test_hanging_up_says_the_farewell_to_its_end() -> None:
    scene = stage(when="Good day.", then=HangUp("We call you back. Goodbye."))
    assert run(scene.caller()) is EndedReason.API_HANGUP
    assert scene.said_by(Speaker.AGENT)[-1] == "We call you back. Goodbye."
    assert not scene.turns[-1].interrupted


def test_without_a_farewell_of_its_own_the_agent_s_is_said() -> None:
    scene = stage(when="Good day.", then=HangUp())
    assert run(scene.caller()) is EndedReason.API_HANGUP
    assert scene.said_by(Speaker.AGENT)[-1] == AGENT.phrases.farewell
