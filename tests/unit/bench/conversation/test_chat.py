from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from agent.bench.conversation.chat import Chatter, Spoken
from agent.bench.conversation.house import Dialled
from agent.bench.conversation.people import Line
from agent.testing.measure import Span
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.rtp import RATE, Pcm

AGENT_DONE = {"type": "turn.ended", "turn": {"speaker": "agent"}}
CALLER_DONE = {"type": "turn.ended", "turn": {"speaker": "caller"}}


class FakeCall:
    """An agent that greets, and after each word of the caller's says a filler and only 5 s later the answer."""

    def __init__(self, *, answers: bool = True) -> None:
        loop = asyncio.get_running_loop()
        self.answered: asyncio.Future[bool] = loop.create_future()
        self.answered.set_result(answers)
        self.answered_at = 0
        self.position = 0
        self.events: list[dict[str, Any]] = []
        self.done_at = [2 * RATE]
        self.said_at: list[int] = []

    async def say(self, pcm: Pcm) -> Span:
        self.said_at.append(self.position)
        span = Span(self.position, self.position + len(pcm))
        self.position = span.end
        self.events.append(CALLER_DONE)
        self.done_at.append(span.end + 5 * RATE)
        return span

    async def agent_started(self, *, after: int = 0) -> int:
        self.position = max(self.position, after + RATE)
        return after + RATE

    async def agent_quiet(self, quiet_ms: int, *, after: int = 0) -> int:
        since = max(self.position, after)
        self.position = since + quiet_ms * RATE // 1000
        return since

    async def reached(self, position: int) -> int:
        self.position = position
        while self.done_at and self.position >= self.done_at[0]:
            self.done_at.pop(0)
            self.events.append(AGENT_DONE)
        return position


def _chatter(call: FakeCall) -> Chatter:
    return Chatter(cast("Dialled", SimpleNamespace(call=call, follower=SimpleNamespace(events=call.events))))


def _script(*pauses_ms: int) -> list[Spoken]:
    return [Spoken(Line("Are you open?"), np.ones(RATE, np.int16), pause_ms) for pause_ms in pauses_ms]


async def test_the_caller_waits_for_the_answer_behind_a_filler_and_then_for_a_pause() -> None:
    call = FakeCall()
    chatter = _chatter(call)
    await chatter.answered()
    await chatter.talk(_script(1000, 700), 900)
    first, second = call.said_at
    assert first >= 2 * RATE + RATE, "the greeting's end by the agent's account, and the pause"
    assert second >= first + RATE + 5 * RATE + 0.7 * RATE
    assert call.position >= second + RATE + 5 * RATE + 0.9 * RATE, "the last answer is heard to its end"


async def test_a_call_that_is_not_answered_has_no_conversation() -> None:
    with pytest.raises(CallEndedError, match="not answered"):
        await _chatter(FakeCall(answers=False)).answered()
