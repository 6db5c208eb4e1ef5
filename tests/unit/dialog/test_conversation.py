from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from agent.dialog.history import CUT, INTERRUPTING, Message, Role
from agent.dialog.tool_request import ToolRequest
from agent.domain.agent import Agent, Limits
from agent.domain.call import EndedReason
from agent.domain.events import Trouble
from agent.domain.turns import Speaker
from agent.errors import LanguageModelError, SpeechToTextError, TextToSpeechError
from agent.speech.urgency import Escalation, Urgency
from agent.testing.fakes import FakeEars, FakeMind, FakeMouth
from tests.unit.dialog.stage import Stage
from tests.unit.dialog.virtual_time import run

AGENT = Agent(name="tester", greeting="Good day.", instructions="Be brief.", facts=("We open at nine.",))
ANSWER = "We open at nine. On Sundays we are closed the whole day."


def stage(
    *heard: str | SpeechToTextError, answers: list[str | LanguageModelError] | None = None, **agent: object
) -> Stage:
    return Stage(AGENT.model_copy(update=agent), FakeEars(heard), FakeMind(answers or [ANSWER]))


def test_greets_answers_and_ends_when_the_caller_hangs_up() -> None:
    scene = stage("When do you open?")
    script = [("agent_quiet", 9), ("quiet", 1), ("speak", 1.5), ("quiet", 2), ("agent_quiet", 9), ("hang_up", 0)]
    assert run(scene.caller(*script)) is EndedReason.CALLER_HANGUP
    assert [(turn.speaker, turn.text) for turn in scene.turns] == [
        (Speaker.AGENT, "Good day."),
        (Speaker.CALLER, "When do you open?"),
        (Speaker.AGENT, ANSWER),
    ]
    assert [turn.index for turn in scene.turns] == [0, 1, 2]


def test_the_model_reads_the_prompt_during_the_greeting_and_sees_facts_and_history() -> None:
    scene = stage("When do you open?", "And on Sunday?")
    question = [("speak", 1.0), ("quiet", 2), ("agent_quiet", 9)]
    run(scene.caller(("agent_quiet", 9), *question, *question, ("hang_up", 0)))
    assert scene.mind.prefilled[0][0] == scene.mind.asked[0][0]
    assert "We open at nine." in scene.mind.asked[0][0].text
    assert [message.role for message in scene.mind.asked[1]] == [
        Role.SYSTEM, Role.AGENT, Role.CALLER, Role.AGENT, Role.CALLER,
    ]  # fmt: skip


def test_the_sound_of_a_turn_begins_before_the_speech_and_ends_after_it() -> None:
    scene = stage("Yes.")
    run(scene.caller(("agent_quiet", 9), ("quiet", 1), ("speak", 0.5), ("quiet", 2), ("hang_up", 0)))
    pcm = scene.ears.heard[0]
    speech = pcm.find(b"\x01\x10")
    assert 0.25 <= speech / 16000 <= 0.45
    assert 0.15 <= (len(pcm) - pcm.rfind(b"\x01\x10")) / 16000 <= 0.3


def test_a_caller_who_speaks_stops_the_agent_and_the_history_keeps_what_was_heard() -> None:
    scene = stage("When do you open?", "Stop.")
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.6), ("agent_talks", 3), ("quiet", 1), ("speak", 0.5)]
    run(scene.caller(*script, ("quiet", 3), ("hang_up", 0)))
    answer = scene.turns[2]
    assert answer.interrupted
    assert ANSWER.startswith(answer.text)
    assert 0 < len(answer.text) < len(ANSWER)
    heard = [message.text for message in scene.mind.asked[1] if message.role is Role.AGENT][-1]
    assert heard == answer.text + CUT
    assert scene.mind.asked[1][-1].text == INTERRUPTING + "Stop."


def test_an_agent_that_may_not_be_interrupted_goes_on_and_answers_afterwards() -> None:
    scene = stage("When do you open?", "Stop.", interruptible=False)
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.6), ("agent_talks", 3), ("quiet", 1), ("speak", 0.5)]
    run(scene.caller(*script, ("quiet", 3), ("agent_quiet", 9), ("quiet", 2), ("agent_quiet", 9), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT)[1] == ANSWER
    assert scene.said_by(Speaker.CALLER) == ["When do you open?", "Stop."]


def test_mm_hm_does_not_stop_the_agent() -> None:
    scene = stage("When do you open?", "Mm-hmm.")
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.6), ("agent_talks", 3), ("quiet", 1), ("speak", 0.15)]
    run(scene.caller(*script, ("agent_quiet", 9), ("quiet", 1), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT) == ["Good day.", ANSWER]
    assert scene.said_by(Speaker.CALLER) == ["When do you open?"]


def test_a_caller_who_goes_on_while_it_is_transcribed_is_heard_as_one_turn() -> None:
    scene = Stage(AGENT, FakeEars(["All of it."], delay_s=4), FakeMind([ANSWER]))
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.8), ("speak", 1), ("quiet", 6), ("agent_quiet", 9)]
    run(scene.caller(*script, ("hang_up", 0)))
    assert scene.said_by(Speaker.CALLER) == ["All of it."]
    assert scene.ears.heard[-1].startswith(scene.ears.heard[0])
    assert scene.ears.heard[-1].count(b"\x01\x10") > 2 * 7000


def test_a_turn_is_understood_before_it_is_over_and_only_once() -> None:
    scene = Stage(AGENT, FakeEars(["When?"], delay_s=0.2), FakeMind([ANSWER]))
    run(scene.caller(("agent_quiet", 9), ("speak", 1), ("quiet", 3), ("agent_quiet", 9), ("hang_up", 0)))
    timings = scene.turns[2].timings
    assert len(scene.ears.heard) == 1
    assert timings.turn_ended is not None
    assert (timings.transcribed or 9) < timings.turn_ended
    assert (timings.first_clause or 9) < timings.turn_ended == timings.first_sound_queued


def test_what_was_drafted_is_void_when_the_caller_goes_on() -> None:
    scene = stage("Half of it.", "All of it.")
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.4), ("speak", 1), ("quiet", 3), ("agent_quiet", 9)]
    run(scene.caller(*script, ("hang_up", 0)))
    assert scene.said_by(Speaker.CALLER) == ["All of it."]


def test_a_guess_that_was_given_up_is_not_taken_for_the_answer_when_nothing_new_may_be_guessed() -> None:
    scene = stage("I see,", "I see, and how do I get to you?")
    script = [("speak", 0.6), ("quiet", 0.3), ("others_wait", 0), ("speak", 1.5), ("quiet", 4), ("agent_quiet", 9)]
    run(scene.caller(("agent_quiet", 9), ("quiet", 1), *script, ("hang_up", 0)))
    assert scene.speculation.thrown_away == 1
    assert scene.said_by(Speaker.AGENT) == ["Good day.", ANSWER]


def test_a_caller_who_goes_on_while_the_model_thinks_adds_to_the_turn() -> None:
    scene = Stage(AGENT, FakeEars(["One thing.", "And another."]), FakeMind([ANSWER], delay_s=1.5))
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 1), ("speak", 1), ("quiet", 4), ("agent_quiet", 9)]
    run(scene.caller(*script, ("hang_up", 0)))
    assert scene.mind.asked[-1][-1].text == "One thing. And another."
    assert scene.said_by(Speaker.AGENT) == ["Good day.", ANSWER]


def test_goodbye_ends_the_call_after_the_farewell_was_played_in_full() -> None:
    scene = stage("Thank you, goodbye.")
    assert run(scene.caller(("agent_quiet", 9), ("speak", 1))) is EndedReason.AGENT_HANGUP
    farewell = AGENT.phrases.farewell
    assert scene.turns[-1].text == farewell
    assert not scene.turns[-1].interrupted
    assert farewell == "Thank you for calling. Goodbye."
    faded_to_nothing = 2  # first and last sample of each piece
    pieces = (AGENT.greeting, "Thank you for calling.", "Goodbye.")
    expected = [480 * len(piece) - faded_to_nothing for piece in pieces]
    assert scene.line.samples_of_sound == sum(expected)


def test_bye_during_the_farewell_does_not_cut_it() -> None:
    scene = stage("Goodbye.")
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 0.6), ("agent_talks", 3), ("speak", 1)]
    assert run(scene.caller(*script)) is EndedReason.AGENT_HANGUP
    assert not scene.turns[-1].interrupted


@pytest.mark.parametrize(("ears_take_s", "recorded"), [(4.0, ["Please cancel my appointment."]), (9.0, [])])
def test_what_was_said_just_before_the_hang_up_is_on_record_if_it_is_understood_soon(
    ears_take_s: float, recorded: list[str]
) -> None:
    scene = stage()
    scene.ears = FakeEars(["Please cancel my appointment."], delay_s=ears_take_s)
    script = [("agent_quiet", 9), ("quiet", 1), ("speak", 1.5), ("quiet", 2.8), ("hang_up", 0)]
    assert run(scene.caller(*script)) is EndedReason.CALLER_HANGUP
    assert scene.said_by(Speaker.CALLER) == recorded


def test_silence_is_asked_about_twice_and_then_ends_the_call() -> None:
    scene = stage("", limits=Limits(silence_prompt_s=5, silence_prompts=2))
    assert run(scene.caller()) is EndedReason.SILENCE_TIMEOUT
    phrases = AGENT.phrases
    assert scene.said_by(Speaker.AGENT) == [
        AGENT.greeting, phrases.still_there, phrases.still_there, phrases.silence_goodbye,
    ]  # fmt: skip


def test_a_call_has_a_longest_duration_and_ends_with_a_word() -> None:
    scene = stage("Go on.", answers=["word " * 200], limits=Limits(max_duration_s=20))
    assert run(scene.caller(("agent_quiet", 9), ("speak", 1))) is EndedReason.MAX_DURATION
    assert scene.turns[-1].text == AGENT.phrases.time_is_up


def test_speech_without_words_gets_a_question() -> None:
    scene = stage("")
    run(scene.caller(("agent_quiet", 9), ("speak", 1.5), ("quiet", 2), ("agent_quiet", 9), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT)[1] == AGENT.phrases.did_not_understand


@pytest.mark.parametrize(("failures", "ended"), [(1, EndedReason.CALLER_HANGUP), (99, EndedReason.STT_ERROR)])
def test_ears_that_fail_get_one_more_try_after_an_apology(failures: int, ended: EndedReason) -> None:
    scene = stage(*[SpeechToTextError("gone")] * failures, "When?")
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 3), ("agent_quiet", 30), ("quiet", 12)]
    if failures == 1:
        script.append(("hang_up", 0))
    assert run(scene.caller(*script)) is ended
    agent_said = scene.said_by(Speaker.AGENT)[1]
    assert agent_said.startswith(AGENT.phrases.one_moment)
    assert agent_said.endswith(ANSWER if failures == 1 else AGENT.phrases.trouble_goodbye)
    assert any(isinstance(event, Trouble) and event.code == "stt_error" for event in scene.events)


@pytest.mark.parametrize(("failures", "ended"), [(1, EndedReason.CALLER_HANGUP), (99, EndedReason.LLM_ERROR)])
def test_a_mind_that_fails_gets_one_more_try_after_an_apology(failures: int, ended: EndedReason) -> None:
    scene = stage("When?", answers=[*[LanguageModelError("gone")] * failures, ANSWER])
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 3), ("agent_quiet", 30), ("quiet", 12)]
    if failures == 1:
        script.append(("hang_up", 0))
    assert run(scene.caller(*script)) is ended
    said = scene.said_by(Speaker.AGENT)[1]
    if failures == 1:
        assert said == ANSWER  # the second try came in time: there is nothing to apologise for
    else:
        assert said == f"{AGENT.phrases.one_moment} {AGENT.phrases.trouble_goodbye}"


def test_a_mouth_that_fails_still_apologises_since_fixed_sentences_are_kept() -> None:
    scene = stage("When?")
    scene.mouth = FakeMouth([TextToSpeechError("gone")] * 5)
    script = [("agent_quiet", 9), ("speak", 1), ("quiet", 3), ("agent_quiet", 9), ("quiet", 1), ("hang_up", 0)]
    assert run(scene.caller(*script)) is EndedReason.CALLER_HANGUP
    assert scene.said_by(Speaker.AGENT)[1] == f"{AGENT.phrases.one_moment} {ANSWER}"


def test_a_key_counts_as_a_sign_of_life() -> None:
    scene = stage("", limits=Limits(silence_prompt_s=5, silence_prompts=0))

    async def play(key_after_s: float | None) -> tuple[EndedReason, float]:
        caller = asyncio.create_task(scene.caller())
        if key_after_s is not None:
            await asyncio.sleep(key_after_s)
            scene.keys.put_nowait("5")
        return await caller, asyncio.get_running_loop().time()

    ended, without_key_s = run(play(None))
    assert ended is EndedReason.SILENCE_TIMEOUT
    ended, with_key_s = run(play(4))
    assert ended is EndedReason.SILENCE_TIMEOUT
    assert with_key_s > without_key_s + 2


def test_a_server_that_shuts_down_says_goodbye() -> None:
    scene = stage("")

    async def play() -> EndedReason:
        caller = asyncio.create_task(scene.caller())
        await asyncio.sleep(3)
        scene.closing.set()
        return await caller

    assert run(play()) is EndedReason.SERVER_SHUTDOWN
    assert scene.turns[-1].text == AGENT.phrases.shutting_down


def test_the_model_reads_ahead_what_was_said_after_each_turn_of_the_agent() -> None:
    scene = stage("When do you open?")
    run(
        scene.caller(("agent_quiet", 9), ("speak", 1.0), ("quiet", 2), ("agent_quiet", 9), ("quiet", 1), ("hang_up", 0))
    )
    read = [[message.text for message in messages[1:]] for messages in scene.mind.prefilled]
    assert read == [[], [AGENT.greeting], [AGENT.greeting, "When do you open?", ANSWER]]


class Stammerer(FakeMind):
    """Gives a word every 4 s, so that each comes in time but no sentence does."""

    async def stream(
        self, messages: Sequence[Message], *, call: str = "", urgency: Urgency | Escalation = Urgency.CALLER_WAITS
    ) -> AsyncIterator[str | ToolRequest]:
        async for word in super().stream(messages, call=call, urgency=urgency):
            await asyncio.sleep(4)
            yield word


def test_a_model_without_words_does_not_leave_the_caller_in_silence() -> None:
    scene = stage("When?", answers=["", ANSWER])
    run(scene.caller(("agent_quiet", 9), ("quiet", 1), ("speak", 1), ("quiet", 3), ("agent_quiet", 9), ("hang_up", 0)))
    assert scene.said_by(Speaker.AGENT)[1] == AGENT.phrases.did_not_understand


def test_words_that_trickle_in_get_an_apology_and_then_a_polite_end() -> None:
    scene = stage("When?")
    scene.mind = Stammerer(["word " * 40])
    assert run(scene.caller(("agent_quiet", 9), ("speak", 1))) is EndedReason.LLM_ERROR
    phrases = AGENT.phrases
    assert scene.turns[-1].text == f"{phrases.let_me_see} {phrases.one_moment} {phrases.trouble_goodbye}"
