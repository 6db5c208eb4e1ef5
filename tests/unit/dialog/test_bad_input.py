"""Bad input: the call stays polite and bounded, and ends for the right reason."""

from __future__ import annotations

import asyncio
from itertools import groupby

import pytest

from agent.domain.agent import Agent, Limits, Phrases
from agent.domain.call import EndedReason
from agent.domain.turns import Speaker
from agent.testing.fakes import FakeEars, FakeMind
from tests.unit.dialog.stage import SILENCE, SPEECH, Stage
from tests.unit.dialog.virtual_time import run

LIMITS = Limits(max_duration_s=60, silence_prompt_s=4, silence_prompts=1)
PHRASES = Phrases()
AGENT = Agent(name="tester", greeting="Good day.", instructions="Be brief.", limits=LIMITS)
POLITE = "How can I help you?"
FRAME_S = 0.02


def stage(*heard: str, answer: str = POLITE, limits: Limits = LIMITS) -> Stage:
    return Stage(AGENT.model_copy(update={"limits": limits}), FakeEars(heard or [""]), FakeMind([answer]))


async def _until_the_end(scene: Stage, frame: bytes, *, lost_every: int = 0, at_most_s: float = 300) -> EndedReason:
    """The caller's telephone sends the same for ever; one frame of `lost_every` never arrives."""
    for number in range(round(at_most_s / FRAME_S)):
        if scene.task.done():
            break
        if not lost_every or number % lost_every:
            scene.line.frames.put(frame)
        await asyncio.sleep(FRAME_S)
    scene.line.playout.close()
    return await asyncio.wait_for(scene.task, 1)


async def _endless(scene: Stage, frame: bytes) -> EndedReason:
    await scene.raise_curtain()
    return await _until_the_end(scene, frame)


def test_sound_without_words_is_asked_about_and_then_left() -> None:
    """Music, a fax, people far away, where the detector takes them for speech."""
    scene = stage("")
    assert run(_endless(scene, SPEECH)) is EndedReason.SILENCE_TIMEOUT
    assert scene.said_by(Speaker.CALLER) == []
    assert scene.said_by(Speaker.AGENT)[-1] == PHRASES.silence_goodbye
    assert len(scene.said_by(Speaker.AGENT)) <= 4
    assert scene.mind.asked == []


def test_a_telephone_that_sends_nothing_any_more_is_asked_and_then_left() -> None:
    async def stops() -> EndedReason:
        await scene.raise_curtain()
        for _ in range(100):
            scene.line.frames.put(SILENCE)
            await asyncio.sleep(FRAME_S)
        return await asyncio.wait_for(scene.task, 60)

    scene = stage("")
    assert run(stops()) is EndedReason.SILENCE_TIMEOUT
    assert scene.said_by(Speaker.AGENT) == ["Good day.", PHRASES.still_there, PHRASES.silence_goodbye]


def test_a_caller_who_never_stops_is_answered_now_and_then_and_ended_when_the_time_is_up() -> None:
    scene = stage("and then she said that")
    assert run(_endless(scene, SPEECH)) is EndedReason.MAX_DURATION
    said = scene.said_by(Speaker.AGENT)
    assert said[-1] == PHRASES.time_is_up
    assert len(said) <= 5


def test_a_caller_who_is_heard_speaking_is_not_asked_whether_they_are_there() -> None:
    scene = stage("and then she said that", limits=Limits(max_duration_s=60, silence_prompt_s=4, silence_prompts=2))
    run(_endless(scene, SPEECH))
    assert PHRASES.still_there not in scene.said_by(Speaker.AGENT)


@pytest.mark.parametrize("lost_every", [20, 10, 5])
def test_lost_packets_tear_no_silence_into_the_callers_words(lost_every: int) -> None:
    """One in 20, 10 and 5: what is missing may be left out, or be a frame's silence, but never a pause."""

    async def speaks() -> None:
        await scene.raise_curtain()
        for number in range(500):
            talking = 100 <= number < 400
            if number % lost_every:
                scene.line.frames.put(SPEECH if talking else SILENCE)
            await asyncio.sleep(FRAME_S)
        scene.line.hang_up()
        await scene.task

    scene = stage("a long sentence", limits=Limits())
    run(speaks())
    sound = scene.ears.heard[-1].strip(b"\0")
    frames = [bool(any(sound[at : at + 320])) for at in range(0, len(sound), 320)]
    pauses = [len(list(run_of)) for loud, run_of in groupby(frames) if not loud]
    assert max(pauses, default=0) <= 1
    assert len(frames) >= 300 * (lost_every - 1) / lost_every - 5


async def _connected(first: Stage, second: Stage) -> list[EndedReason]:
    """Each hears the other, until one hangs up; then the other's caller has gone."""
    await first.raise_curtain()
    await second.raise_curtain()
    ends: list[EndedReason] = []
    while not (first.task.done() or second.task.done()):
        for one, other in ((first, second), (second, first)):
            other.line.frames.put(one.line.received[-1] if one.line.received else SILENCE)
        await asyncio.sleep(FRAME_S)
    for scene in (first, second):
        if not scene.task.done():
            scene.line.hang_up()
        scene.line.playout.close()
        ends.append(await asyncio.wait_for(scene.task, 1))
    return ends


@pytest.mark.parametrize("words", [POLITE, "Good day. I am calling about the order."])
def test_two_agents_who_understand_each_other_end_by_the_limit_of_one(words: str) -> None:
    first = stage(words, limits=Limits(max_duration_s=60))
    second = stage(words, limits=Limits(max_duration_s=600))
    assert run(_connected(first, second)) == [EndedReason.MAX_DURATION, EndedReason.CALLER_HANGUP]
    for scene in (first, second):
        assert len(scene.said_by(Speaker.AGENT)) <= 30


def test_two_agents_who_do_not_understand_each_other_beg_pardon_a_few_times_and_end() -> None:
    first, second = stage(""), stage("")
    ends = run(_connected(first, second))
    assert EndedReason.SILENCE_TIMEOUT in ends
    for scene in (first, second):
        said = scene.said_by(Speaker.AGENT)
        assert len(said) <= 5
        assert said.count(PHRASES.did_not_understand) <= 2
