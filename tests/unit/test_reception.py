from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from agent.dialog.phrases import PhraseBook
from agent.domain.agent import Agent
from agent.domain.briefing import Briefing
from agent.domain.call import Call, CallStatus, Direction
from agent.domain.script import CallScript
from agent.reception import FrontDesk
from agent.testing.fakes import FakeMouth
from agent.webhooks.agent_lookup import AgentLookup
from tests.unit.dialog.booking import BOOKING

UP_TO_THE_QUESTION = [BOOKING.opening, *BOOKING.disclosures, "May I have your name, please?"]


@pytest.mark.parametrize(
    ("script", "first"), [(None, ["Good day, Anna.", "This call is recorded."]), (BOOKING, UP_TO_THE_QUESTION)]
)
def test_what_is_said_first_is_made_before_anybody_answers(script: CallScript | None, first: list[str]) -> None:
    agent = Agent(
        name="tester",
        greeting="Good day, Anna.",
        notice="This call is recorded.",
        instructions="Be brief.",
        script=script,
    )
    briefing = Briefing(variables={"doctor": "Dr. Lee"})
    now = datetime.now(UTC)
    call = Call("call_1", Direction.OUTBOUND, "", "1000", "tester", CallStatus.QUEUED, now, briefing=briefing)
    mouth = FakeMouth(delay_s=0)
    desk = FrontDesk(cast("AgentLookup", None), PhraseBook(mouth), lambda _call: agent)
    asyncio.run(desk.prepare(call))
    assert mouth.said == first
