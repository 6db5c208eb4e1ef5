"""Real calls: SIP and RTP on loopback, Asterisk, Whisper base, the 0.5B model, Piper."""

from __future__ import annotations

import asyncio

import pytest

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import prompts, voices
from agent.personas import load_agents
from agent.rehearsal.moments import MomentKind
from tests.acceptance.theatre import GOODBYE, LISTEN, Played, Theatre, heard_by_our_ears

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECEPTIONIST = load_agents(None)["receptionist"]
QUESTION = "What are your opening hours on Saturday?"
BE_PATIENT = {"wait_for_agent": {"quiet_ms": 7500, "timeout_s": 60}}
SILENCE_AFTER_SPEECH_S = 0.1  # sound that was cut off goes on to the very end of the recording
ANSWERED = {"turn": 1, "agent_says_any": ["nine"]}
COMPLETED = {"call": {"status": "completed", "ended_reason": "agent_hangup"}}


async def test_a_caller_is_greeted_understood_answered_and_sent_off(theatre: Theatre) -> None:
    played = await theatre.play(
        [LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE],
        {"turn": 0, "agent_says_any": ["How can I help you"]},
        ANSWERED,
        {"turn": 1, "caller_heard_as": QUESTION},
        COMPLETED,
    )
    played.check()
    assert [turn["index"] for turn in played.turns] == list(range(len(played.turns)))
    assert played.call["hangup_cause"] == 16


async def test_two_callers_at_once_are_both_served(theatre: Theatre) -> None:
    calls: list[Played] = await asyncio.gather(
        *(theatre.play([LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE], ANSWERED, COMPLETED) for _ in range(2))
    )
    for played in calls:
        played.check()
    first, second = (played.call["id"] for played in calls)
    assert first != second


async def test_a_caller_who_speaks_stops_the_agent_and_only_what_was_played_is_in_the_history(theatre: Theatre) -> None:
    played = await theatre.play(
        [
            {"interrupt": {"say": "Excuse me, how much does a check-up cost?", "after_ms": 600}},
            LISTEN,
            *GOODBYE,
        ],
        {"turn": 0, "interrupted": True},
        {"turn": 1, "agent_says_any": ["sixty", "60"]},
        COMPLETED,
    )
    played.check()
    greeting = played.turns[0]
    assert greeting["interrupted"]
    assert RECEPTIONIST.greeting.startswith(greeting["text"])
    assert len(greeting["text"]) < len(RECEPTIONIST.greeting)


async def test_a_caller_who_hangs_up_in_mid_word_ends_the_call_at_once(theatre: Theatre) -> None:
    played = await theatre.play(
        [LISTEN, {"say": {"text": QUESTION, "cut_after_ms": 700}}, {"hang_up": {}}],
        {"call": {"status": "completed", "ended_reason": "caller_hangup"}},
    )
    played.check()
    assert all(turn["speaker"] == "agent" for turn in played.turns)


async def test_the_farewell_is_heard_to_its_last_word(theatre: Theatre) -> None:
    played = await theatre.play(
        [LISTEN, *GOODBYE],
        {"turn": 1, "agent_heard_as": RECEPTIONIST.phrases.farewell, "max_wer": 0.3},  # "goodbye", "bye-bye"
        COMPLETED,
    )
    (await heard_by_our_ears(played)).check()
    performance = played.performance
    assert performance.agent_speech[-1].end < performance.ended - SILENCE_AFTER_SPEECH_S


@pytest.mark.parametrize(
    ("worker", "moment"),
    [("ears", MomentKind.CALLER_SAID), ("mind", MomentKind.CALLER_SAID), ("mouth", MomentKind.CALLER_HEARD)],
)
async def test_a_model_process_that_is_killed_costs_an_apology_and_not_the_call(
    theatre: Theatre, worker: str, moment: MomentKind
) -> None:
    """Killed about when it is needed: the work may be just done, or begun, or the answer be half said."""
    played = await theatre.play(
        [LISTEN, {"say": QUESTION}, BE_PATIENT, {"say": "And how much does a check-up cost?"}, BE_PATIENT, *GOODBYE],
        {"turn": 1, "agent_says_any": [RECEPTIONIST.phrases.one_moment, "nine"]},
        {"turn": 2, "agent_says_any": ["sixty", "60"]},
        COMPLETED,
        on={moment: lambda: theatre.kill(worker)},
    )
    played.check()
    troubles = {event["code"] for event in played.performance.events if event["type"] == "call.trouble"}
    apologised = any(
        RECEPTIONIST.phrases.one_moment in turn.agent_text for turn in played.judgement.turns if turn.agent_text
    )
    assert not apologised or {"ears": "stt_error", "mind": "llm_error", "mouth": "tts_error"}[worker] in troubles


async def test_an_unknown_number_is_refused_and_recorded(theatre: Theatre) -> None:
    played = await theatre.play(
        [LISTEN],
        {"call": {"status": "failed", "ended_reason": "invalid_destination"}},
        to="4711",
    )
    assert [verdict.passed for verdict in played.judgement.verdicts if verdict.what.startswith("call,")] == [True] * 2
    assert played.performance.answered is None


async def test_recorded_people_are_understood(theatre: Theatre) -> None:
    read = next(one for one in voices(bundle("voices")) if 6 <= len(one.text.split()) <= 14)
    spoken = next(one for one in prompts(bundle("prompts")) if 8 <= len(one.text.split()) <= 14)
    played = await theatre.play(
        [LISTEN, {"say": {"wav": str(read.path)}}, LISTEN, {"say": {"wav": str(spoken.path)}}, LISTEN, {"hang_up": {}}],
        {"turn": 1, "caller_heard_as": read.text, "max_wer": 0.35},
        {"turn": 2, "caller_heard_as": spoken.text, "max_wer": 0.35},
    )
    played.check()


async def test_asterisk_restarted_in_mid_call_ends_the_call_and_the_next_one_works(theatre: Theatre) -> None:
    restarts: list[asyncio.Task[None]] = []

    def restart() -> None:
        restarts.append(asyncio.create_task(theatre.stage.asterisk.restart()))

    async with theatre.asterisk_away():
        played = await theatre.play(
            [LISTEN, {"say": QUESTION}, LISTEN, {"hang_up": {}}],
            {"call": {"status": "completed", "ended_reason": "telephony_error"}},
            on={MomentKind.CALLER_SAID: restart},
        )
        await restarts[0]
    assert [verdict.passed for verdict in played.judgement.verdicts if verdict.what.startswith("call,")] == [True] * 2
    again = await theatre.play([LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE], ANSWERED, COMPLETED)
    again.check()
