from __future__ import annotations

from agent.domain.agent import Agent, Limits
from agent.domain.briefing import briefed
from agent.domain.call import EndedReason
from agent.domain.call_control import CallControl
from agent.domain.events import ScriptProgressed
from agent.domain.script_progress import ScriptProgress
from agent.domain.transfer import TransferDestination, TransferFailure
from agent.domain.turns import Speaker
from agent.errors import LanguageModelError
from agent.testing.fakes import FakeEars, FakeMind, FakeMouth
from tests.unit.dialog.booking import BOOKING
from tests.unit.dialog.exchange import FakeExchange
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.virtual_time import run

AGENT = Agent(
    name="tester", greeting="Good day.", instructions="Be brief.", script=BOOKING, variables={"doctor": "Dr. Lee"}
)
QUIET = (("agent_quiet", 30), ("quiet", 0.3))
TURN = (*QUIET, ("quiet", 0.2), ("speak", 1.0), ("quiet", 2.5))
RECEPTION = CallControl(
    destinations=(TransferDestination(name="reception", description="People.", endpoint="desk"),), tools=()
)
WAIT = 25
"""Frames of 20 ms: longer than any pause between two sentences."""
PERSON = "Can I speak to a person?"


def stage(*heard: str, answers: list[str | LanguageModelError] | None = None, **agent: object) -> Stage:
    return Stage(briefed(AGENT.model_copy(update=agent)), FakeEars(heard), FakeMind(answers or [""]))


def progress_of(scene: Stage) -> ScriptProgress:
    return [event.progress for event in scene.events if isinstance(event, ScriptProgressed)][-1]


def test_a_call_is_led_through_the_script_to_its_end_without_the_model() -> None:
    scene = stage("Anna Miller.", "Tomorrow.", "Yes, that's right.")

    assert run(scene.caller(*TURN, *TURN, *TURN)) is EndedReason.AGENT_HANGUP
    said = scene.said_by(Speaker.AGENT)
    assert said[0] == f"{BOOKING.opening} {BOOKING.disclosures[0]} May I have your name, please?"
    assert said[1].endswith("Which day suits you for Dr. Lee?")
    assert said[-1].startswith("See you on")
    assert progress_of(scene).outcome == "booked"
    assert progress_of(scene).slots["name"] == "Anna Miller"
    assert scene.mind.asked == []


def test_the_disclosure_is_heard_to_its_end_whatever_the_callee_says_meanwhile() -> None:
    scene = stage("Anna Miller.", "no")

    run(scene.caller(("agent_talks", 3), ("quiet", 0.5), ("speak", 1.5), ("agent_quiet", 60), ("hang_up", 0)))

    opening = next(turn for turn in scene.turns if turn.speaker is Speaker.AGENT)
    assert opening.text.startswith(f"{BOOKING.opening} {BOOKING.disclosures[0]}")


def test_a_question_of_the_callee_s_is_answered_from_the_facts() -> None:
    scene = stage("How much does it cost?", answers=["A check-up costs $60. It is the best in town for 20 years."])

    run(scene.caller(*TURN, ("agent_quiet", 30), ("hang_up", 0)))

    assert scene.said_by(Speaker.AGENT)[-1] == "A check-up costs $60. May I have your name, please?"


def test_what_the_model_makes_up_is_not_said() -> None:
    scene = stage("How much does it cost?", answers=["It is free on Mondays, and you get a new car."])

    run(scene.caller(*TURN, ("agent_quiet", 30), ("hang_up", 0)))

    assert scene.said_by(Speaker.AGENT)[-1] == "I am afraid I do not know that. May I have your name, please?"


def test_whoever_hangs_up_leaves_what_was_found_out_and_no_outcome() -> None:
    scene = stage("Anna Miller.")

    assert run(scene.caller(*TURN, ("agent_quiet", 30), ("hang_up", 0))) is EndedReason.CALLER_HANGUP
    assert progress_of(scene) == ScriptProgress(state="details", slots={"name": "Anna Miller"})


def test_a_callee_who_says_nothing_is_asked_again_and_given_up() -> None:
    scene = stage("", limits=Limits(silence_prompt_s=3, silence_prompts=1))

    assert run(scene.caller(("agent_quiet", 30), ("quiet", 20))) is EndedReason.SILENCE_TIMEOUT
    said = scene.said_by(Speaker.AGENT)
    assert said[1] == "Are you still there? May I have your name, please?"
    assert progress_of(scene).outcome == "not_reached"


def test_a_model_that_is_away_does_not_end_a_call_by_script() -> None:
    away = LanguageModelError("away", code="llm_timeout")
    scene = stage("What does it cost?", "well well well you know", "Anna Miller.", answers=[away])

    run(scene.caller(*TURN, *TURN, *TURN, ("agent_quiet", 30), ("hang_up", 0)))

    assert progress_of(scene).slots == {"name": "Anna Miller"}


def test_a_hand_over_is_announced_once_and_nothing_is_done_before_it_was_heard() -> None:
    scene = stage(PERSON, call_control=RECEPTION)
    scene.switching = exchange = FakeExchange()
    exchange.playing = lambda: scene.line.playout.busy

    assert run(scene.caller(*TURN)) is EndedReason.TRANSFERRED
    assert scene.said_by(Speaker.AGENT)[1:] == ["I connect you."]
    assert (exchange.noted, exchange.spoken_over) == (["reach", "connect"], [])
    assert progress_of(scene).outcome == "handed_over"


def test_a_callee_whom_nobody_takes_is_told_so_at_once_and_was_not_handed_over() -> None:
    scene = stage(PERSON, call_control=RECEPTION)
    scene.switching = FakeExchange(TransferFailure.BUSY)

    assert run(scene.caller(*TURN)) is EndedReason.AGENT_HANGUP
    assert scene.said_by(Speaker.AGENT)[1:] == [
        "I connect you. I am sorry, nobody can take your call at the moment. I will have somebody call you. Goodbye."
    ]
    assert progress_of(scene).outcome == "not_reached"


def test_a_question_follows_without_a_wait_on_a_disclosure_and_on_thanks_though_the_mouth_is_slow() -> None:
    scene = stage("Anna Miller.")
    scene.mouth = FakeMouth(delay_s=1.5)

    run(scene.caller(*TURN, ("agent_talks", 9), ("agent_quiet", 30), ("hang_up", 0)))

    heard = "".join("x" if any(frame) else "." for frame in scene.line.received).strip(".")
    assert len([pause for pause in heard.split("x") if len(pause) > WAIT]) == 1, "only the callee's turn"
    assert scene.said_by(Speaker.AGENT)[1].endswith("Thank you. Which day suits you for Dr. Lee?")
