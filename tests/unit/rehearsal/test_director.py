"""The director with a telephone on paper: the other side's speech is a list, the clock is a number."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from agent.rehearsal.director import Director, Line
from agent.rehearsal.moments import Moment, MomentKind
from agent.rehearsal.performance import Span
from agent.rehearsal.scenario import Scenario
from agent.testing.measure import Span as Samples
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.ending import CallEnd, EndKind
from agent.testing.softphone.rtp import Pcm

MS = 8


class PaperPhone:
    """Milliseconds in, samples out. `agent` is when the agent speaks; `ends_at` is when it hangs up."""

    def __init__(self, *agent: tuple[int, int], ends_at: int | None = None) -> None:
        self.answered_at: int | None = 100 * MS
        self.ended: asyncio.Future[CallEnd] = asyncio.get_running_loop().create_future()
        self.position = 100 * MS
        self.did: list[str] = []
        self._agent = agent
        self._ends_at = ends_at

    async def say(self, pcm: Pcm, *, at: int | None = None) -> Samples:
        start = max(self.position, at or 0)
        await self._until(start + len(pcm))
        self.did.append(f"say {start // MS}-{self.position // MS}")
        return Samples(start, self.position)

    async def press(self, keys: str) -> None:
        self.did.append(f"press {keys}")

    def stop_sending(self) -> None:
        self.did.append("stop sending")

    async def agent_started(self, *, after: int = 0) -> int:
        for start, end in self._agent:
            if end * MS > after:
                await self._until(max(start * MS, after))
                return max(start * MS, after)
        await self._until(None)
        raise AssertionError

    async def agent_quiet(self, quiet_ms: int, *, after: int = 0) -> int:
        since = after
        for start, end in self._agent:
            if end * MS > after and (start * MS - since) < quiet_ms * MS:
                since = end * MS
        await self._until(since + quiet_ms * MS)
        return since

    async def reached(self, position: int) -> int:
        await self._until(position)
        return position

    async def hang_up(self) -> CallEnd:
        if not self.ended.done():
            self.did.append(f"hang up {self.position // MS}")
            self.ended.set_result(CallEnd(EndKind.HUNG_UP))
        return self.ended.result()

    async def _until(self, position: int | None) -> None:
        if self._ends_at is not None and (position is None or position > self._ends_at * MS):
            self.position = self._ends_at * MS
            if not self.ended.done():
                self.ended.set_result(CallEnd(EndKind.REMOTE_HUNG_UP))
            raise CallEndedError("The call ended first.")
        if position is None:
            await asyncio.Event().wait()
        self.position = max(self.position, position or 0)


async def _play(
    phone: PaperPhone,
    *steps: dict[str, Any],
    sound_ms: int = 1000,
    other: PaperPhone | None = None,
    bridging_until_ms: int = 0,
) -> tuple[Director, list[Moment]]:
    scenario = Scenario.model_validate({"name": "a", "caller": list(steps)})
    lines = [
        Line(turn, step, np.ones(sound_ms * MS, np.int16) if step.utterance else None)
        for turn, step in scenario.numbered_steps()
    ]
    moments: list[Moment] = []

    async def dial(number: str) -> PaperPhone:
        phone.did.append(f"connect {number}")
        assert other is not None
        return other

    director = Director(
        phone, moments.append, dial if other else None, bridging=lambda: phone.position < bridging_until_ms * MS
    )
    await director.play(lines)
    assert phone.ended.done()
    return director, moments


WAIT: dict[str, Any] = {"wait_for_agent": {"quiet_ms": 700, "timeout_s": 0.05}}
SAY = {"say": "Hello"}


async def test_the_caller_waits_for_the_agent_and_then_speaks() -> None:
    phone = PaperPhone((500, 1500), (1900, 2500), (5000, 6000))
    director, moments = await _play(phone, WAIT, SAY, WAIT, {"hang_up": {}})
    assert phone.did == ["say 3200-4200", "hang up 6700"]
    assert director.trouble is None
    assert director.said[0].span == Span(3.2, 4.2)
    assert [(moment.kind, moment.ms) for moment in moments] == [
        (MomentKind.AGENT_BEGAN, 400),
        (MomentKind.CALLER_BEGAN, None),
        (MomentKind.CALLER_SAID, None),
        (MomentKind.AGENT_BEGAN, 800),
    ]


async def test_each_wait_is_for_something_new() -> None:
    phone = PaperPhone((500, 1000), (9000, 9500), (20000, 20500))
    await _play(phone, WAIT, WAIT, WAIT)
    assert phone.did == ["hang up 21200"]


async def test_a_filler_is_no_answer_yet() -> None:
    phone = PaperPhone((500, 1000), (3000, 4000), (9000, 9500))
    patient = {"wait_for_agent": {"quiet_ms": 700, "timeout_s": 20}}
    await _play(phone, patient, SAY, bridging_until_ms=3900)
    assert phone.did == ["say 4700-5700", "hang up 5700"]


async def test_an_interruption_is_counted_from_the_agents_first_sound() -> None:
    phone = PaperPhone((500, 1000), (3000, 9000))
    director, _ = await _play(phone, WAIT, SAY, {"interrupt": {"say": "Stop", "after_ms": 800}})
    assert phone.did == ["say 1700-2700", "say 3800-4800", "hang up 4800"]
    assert [(one.turn, one.kind) for one in director.said] == [(1, "say"), (2, "interrupt")]


async def test_a_backchannel_does_not_change_what_is_waited_for() -> None:
    """The agent falls silent while the caller says mm-hm; that it has spoken was heard all the same."""
    phone = PaperPhone((500, 1000), (3000, 4500))
    director, _ = await _play(phone, WAIT, SAY, {"backchannel": {"say": "mm-hm", "after_ms": 800}}, WAIT)
    assert phone.did[-1] == "hang up 5200"
    assert director.trouble is None
    assert director.said[1].kind == "backchannel"


async def test_silence_and_keys_take_their_place() -> None:
    phone = PaperPhone()
    await _play(phone, {"silence": {"ms": 4000}}, {"dtmf": "12#"}, SAY, {"hang_up": {}})
    assert phone.did == ["press 12#", "say 4100-5100", "hang up 5100"]


async def test_speech_can_be_broken_off() -> None:
    phone = PaperPhone()
    director, _ = await _play(phone, {"say": {"text": "Hello there", "cut_after_ms": 300}}, {"hang_up": {}})
    assert phone.did == ["say 100-400", "hang up 400"]
    assert director.said[0].cut


async def test_a_recording_has_no_text_of_its_own(tmp_path: Any) -> None:
    director, moments = await _play(PaperPhone(), {"wav": "a.wav"})
    assert director.said[0].text == ""
    assert moments[0].text == "(a recording)"


async def test_an_agent_that_says_nothing_is_a_trouble_with_its_step() -> None:
    phone = PaperPhone()
    director, moments = await _play(phone, SAY, WAIT, SAY)
    assert director.trouble == "Step 2, wait_for_agent: the agent said nothing within 0.05 s."
    assert moments[-1].kind is MomentKind.TROUBLE
    assert phone.did == ["say 100-1100", "hang up 1100"]


async def test_a_call_that_ends_too_early_is_a_trouble() -> None:
    director, _ = await _play(PaperPhone((500, 1000), ends_at=1900), WAIT, SAY, {"hang_up": {}})
    assert director.trouble == "Step 2, say: the call had ended."


async def test_an_agent_that_hangs_up_after_its_words_is_waited_for() -> None:
    director, _ = await _play(PaperPhone((500, 1000), ends_at=1200), WAIT, {"wait_for_end": {}}, {"hang_up": {}})
    assert director.trouble is None


async def test_an_agent_that_hangs_up_without_a_word_is_not() -> None:
    director, _ = await _play(PaperPhone(ends_at=1200), WAIT, {"hang_up": {}})
    assert director.trouble == "Step 1, wait_for_agent: the call had ended."


async def test_an_agent_that_does_not_hang_up_is_a_trouble() -> None:
    director, _ = await _play(PaperPhone(), {"wait_for_end": {"timeout_s": 0.05}})
    assert director.trouble == "Step 1, wait_for_end: the agent did not hang up within 0.05 s."


@pytest.mark.parametrize("last", [{"hang_up": {}}, {"wait_for_end": {}}])
async def test_hanging_up_a_call_that_is_over_is_no_trouble(last: dict[str, Any]) -> None:
    phone = PaperPhone((500, 1000), ends_at=1200)
    director, _ = await _play(phone, WAIT, last)
    assert director.trouble is None
    assert phone.did == []


async def test_sound_can_stop_while_the_call_goes_on() -> None:
    director, _ = await _play(PaperPhone(ends_at=900), SAY, {"stop_sending": {}}, {"wait_for_end": {}})
    assert director.trouble == "Step 1, say: the call had ended."
    phone = PaperPhone()
    await _play(phone, SAY, {"stop_sending": {}}, {"hang_up": {}})
    assert phone.did == ["say 100-1100", "stop sending", "hang up 1100"]


CONNECT = {"connect": {"to": "1001", "timeout_s": 0.05}}


@pytest.mark.parametrize("first", ["this", "other"])
async def test_two_connected_calls_end_together(first: str) -> None:
    phone, other = PaperPhone(), PaperPhone()
    (phone if first == "this" else other).ended.set_result(CallEnd(EndKind.REMOTE_HUNG_UP))
    director, _ = await _play(phone, CONNECT, other=other)
    assert director.trouble is None
    assert phone.did == ["connect 1001", *(["hang up 100"] if first == "other" else [])]
    assert other.did == (["hang up 100"] if first == "this" else [])


async def test_two_calls_that_talk_for_ever_are_a_trouble_and_are_hung_up() -> None:
    phone, other = PaperPhone(), PaperPhone()
    director, _ = await _play(phone, CONNECT, other=other)
    assert director.trouble == "Step 1, connect: both were still talking after 0.05 s."
    assert other.did == ["hang up 100"]
    assert phone.ended.done()


async def test_without_a_way_to_dial_nothing_can_be_connected() -> None:
    director, _ = await _play(PaperPhone(), CONNECT)
    assert director.trouble == "Step 1, connect: nobody can be called here."


async def test_who_talks_until_the_end_may_be_hung_up_on() -> None:
    talk = {"say": {"text": "Hello", "until_end": True}}
    director, _ = await _play(PaperPhone((500, 1000), ends_at=700), talk, {"wait_for_end": {}})
    assert director.trouble is None
    assert [(one.span, one.cut) for one in director.said] == [(Span(0.1, 0.7), True)]
    director, _ = await _play(PaperPhone((500, 1000), ends_at=700), SAY, {"wait_for_end": {}})
    assert director.trouble == "Step 1, say: the call had ended."
