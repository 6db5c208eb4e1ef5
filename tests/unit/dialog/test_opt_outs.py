from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent.dialog.opt_outs import OptOuts, OptOutWatch
from agent.domain.agent import Agent
from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.events import CallChanged, Event, OptedOut, TurnEnded
from agent.domain.turns import Speaker, Turn

AT = datetime(2026, 11, 27, tzinfo=UTC)
AGENT = Agent(name="desk", greeting="Good day.", instructions="Be brief.")
WISH = "Please don't call me again."
RINGING = Call("call_1", Direction.OUTBOUND, "+493011111111", "+493012345678", "desk", CallStatus.RINGING, AT)
ANSWERED = transition(RINGING, CallStatus.IN_PROGRESS, at=AT)


def heard(call: Call, *turns: tuple[Speaker, str]) -> list[Event]:
    told: list[Event] = []
    watch = OptOutWatch(told.append)
    watch(CallChanged(call.id, AT, call=call))
    for index, (speaker, text) in enumerate(turns):
        watch(TurnEnded(call.id, AT, turn=Turn(index, speaker, text, 0, 1)))
    return told


@pytest.mark.parametrize("call", [ANSWERED, replace(ANSWERED, direction=Direction.INBOUND, caller="+493012345678")])
def test_who_says_it_opts_out_once_with_the_number_of_the_other_side(call: Call) -> None:
    told = heard(call, (Speaker.CALLER, "Hello?"), (Speaker.CALLER, WISH), (Speaker.CALLER, WISH))
    assert [(type(event), getattr(event, "number", "")) for event in told] == [(OptedOut, "+493012345678")]


def test_what_the_agent_says_or_is_said_before_the_answer_opts_nobody_out() -> None:
    assert heard(ANSWERED, (Speaker.AGENT, WISH), (Speaker.CALLER, "Call me again tomorrow.")) == []
    assert heard(RINGING, (Speaker.CALLER, WISH)) == []


def test_without_a_whole_number_nobody_can_be_put_on_the_list() -> None:
    assert heard(replace(ANSWERED, direction=Direction.INBOUND, caller="anonymous"), (Speaker.CALLER, WISH)) == []


async def test_they_hear_a_promise_and_the_call_is_over() -> None:
    said: list[tuple[str, EndedReason]] = []

    class Turned:
        async def say_and_end(self, text: str, reason: EndedReason) -> EndedReason:
            said.append((text, reason))
            return reason

    guide = OptOuts(AGENT)
    assert await guide.consider("I would like to think about it.") is None
    reply = await guide.consider(WISH)
    assert reply is not None
    assert await reply.say(Turned()) is EndedReason.AGENT_HANGUP  # type: ignore[arg-type]  # as much as it uses
    assert said == [(AGENT.phrases.will_not_call, EndedReason.AGENT_HANGUP)]
