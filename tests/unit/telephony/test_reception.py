"""Calls whose agent somebody else chooses, while the caller hears ringing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from agent.domain.briefing import Briefing
from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.events import CallDeclined, LookedUp, Trouble
from agent.domain.lookup import Lookup, LookupOutcome, Refusal
from agent.settings import CapacitySettings
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.house import open_house

pytestmark = pytest.mark.usefixtures("without_logs")
BRIEFING = Briefing({"name": "Ann"}, metadata={"ticket": 1})


def takes(agent: str) -> Callable[[Call], Awaitable[tuple[Call, Lookup]]]:
    async def answer(call: Call) -> tuple[Call, Lookup]:
        await asyncio.sleep(0.5)
        chosen = replace(call, agent=agent, agent_version=7, briefing=BRIEFING)
        return chosen, Lookup(LookupOutcome.ANSWERED, 0.5)

    return answer


def says(lookup: Lookup) -> Callable[[Call], Awaitable[tuple[Call, Lookup]]]:
    async def answer(call: Call) -> tuple[Call, Lookup]:
        return call, lookup

    return answer


@dataclass
class Desk:
    """A Reception."""

    answer: Callable[[Call], Awaitable[tuple[Call, Lookup]]]
    prepares_s: float = 0.2
    asked: list[Call] = field(default_factory=list)
    prepared: list[Call] = field(default_factory=list)

    def asks_about(self, call: Call) -> bool:
        return call.callee != "1001"

    async def ask(self, call: Call) -> tuple[Call, Lookup]:
        self.asked.append(call)
        return await self.answer(call)

    async def prepare(self, call: Call) -> None:
        await asyncio.sleep(self.prepares_s)
        self.prepared.append(call)


def test_the_caller_hears_ringing_and_then_the_agent_that_was_chosen() -> None:
    async def main() -> None:
        desk = Desk(takes("night"))
        async with open_house(reception=desk) as house:
            channel = house.asterisk.ring()
            await house.in_conversation.wait()
            talking = house.switchboard.calls[0]
            assert (talking.agent, talking.agent_version, talking.briefing) == ("night", 7, BRIEFING)
            assert [call.agent for call in desk.asked] == ["receptionist"]
            assert [call.agent for call in desk.prepared] == ["night"]
            requests = house.asterisk.requests
            assert requests.index("indicate_ringing") < requests.index("external_media") < requests.index("answer")
            house.asterisk.caller_hangs_up(channel)
            await house.settled()
            assert house.last.agent == "night"
            (told,) = [event for event in house.events if isinstance(event, LookedUp)]
            assert (told.call.agent, told.lookup.outcome) == ("night", LookupOutcome.ANSWERED)
            await house.check_nothing_left()

    run(main())


@pytest.mark.parametrize(("refusal", "cause"), [(Refusal.BUSY, 17), (Refusal.DECLINED, 21)])
def test_a_caller_who_is_not_wanted_is_not_answered(refusal: Refusal, cause: int) -> None:
    async def main() -> None:
        desk = Desk(says(Lookup(LookupOutcome.REJECTED, 0.1, refusal)))
        async with open_house(reception=desk) as house:
            channel = house.asterisk.ring()
            await house.settled()
            assert (house.last.status, house.last.ended_reason) == (CallStatus.FAILED, EndedReason.REJECTED)
            assert house.asterisk.hung_up_with[channel] == cause
            assert [event.reason for event in house.events if isinstance(event, CallDeclined)] == [refusal]
            assert desk.prepared == []
            await house.check_nothing_left()

    run(main())


def test_where_nobody_answers_the_number_s_own_agent_does_and_it_is_told() -> None:
    async def main() -> None:
        failed = Lookup(LookupOutcome.FAILED, 2.0, code="webhook_timeout", problem="It did not answer.")
        async with open_house(reception=Desk(says(failed))) as house:
            house.asterisk.ring()
            await house.in_conversation.wait()
            assert house.switchboard.calls[0].agent == "receptionist"
            (trouble,) = [event for event in house.events if isinstance(event, Trouble)]
            assert (trouble.code, trouble.message) == ("webhook_timeout", "It did not answer.")

    run(main())


def test_a_number_of_nobody_may_be_taken_by_whom_the_application_names() -> None:
    async def main() -> None:
        async with open_house(reception=Desk(takes("night"))) as house:
            house.asterisk.ring("5555")
            await house.in_conversation.wait()
            assert house.switchboard.calls[0].agent == "night"

    run(main())


def test_a_number_of_nobody_stays_one_where_the_application_names_nobody() -> None:
    async def main() -> None:
        async with open_house(reception=Desk(says(Lookup(LookupOutcome.ANSWERED, 0.1)))) as house:
            house.asterisk.ring("5555")
            await house.settled()
            assert house.last.ended_reason is EndedReason.INVALID_DESTINATION

    run(main())


def test_a_caller_who_gives_up_meanwhile_leaves_nothing_behind() -> None:
    async def forever(call: Call) -> tuple[Call, Lookup]:
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> None:
        desk = Desk(forever)
        async with open_house(reception=desk) as house:
            channel = house.asterisk.ring()
            await asyncio.sleep(1)  # virtual time
            assert desk.asked
            house.asterisk.caller_hangs_up(channel)
            await house.settled()
            assert (house.last.status, house.last.ended_reason) == (CallStatus.CANCELED, EndedReason.CANCELED)
            await house.check_nothing_left()

    run(main())


def test_a_greeting_that_is_not_ready_holds_a_caller_up_for_a_moment_only() -> None:
    async def main() -> None:
        desk = Desk(takes("night"), prepares_s=60)
        async with open_house(reception=desk) as house:
            house.asterisk.ring()
            await house.in_conversation.wait()
            assert desk.prepared == []

    run(main())


def test_who_finds_no_place_after_all_is_let_go() -> None:
    async def main() -> None:
        async with open_house(reception=Desk(takes("night")), capacity=CapacitySettings(max_calls=1)) as house:
            house.asterisk.ring()
            await house.in_conversation.wait()
            house.asterisk.ring()
            await asyncio.sleep(5)  # virtual time
            reasons = [history[-1].ended_reason for history in house.calls.values()]
            assert reasons == [None, EndedReason.LIMIT_EXCEEDED]

    run(main())
