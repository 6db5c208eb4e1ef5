from __future__ import annotations

import pytest

from agent.domain.agent import AgentRef
from agent.domain.dialing import Dial
from agent.domain.outbound import OutboundOrder
from agent.outbound.ways import dial, ways
from agent.settings import TrunkSettings

TRUNKS = {
    "world": TrunkSettings(endpoint="world"),
    "world-too": TrunkSettings(endpoint="w2", priority=20),
    "germany": TrunkSettings(endpoint="germany", prefixes=("+49", "+43"), priority=50, caller_id="+493011111111"),
    "berlin": TrunkSettings(endpoint="berlin", prefixes=("+4930",), strip_plus=True),
}


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("+493012345678", ["berlin", "germany", "world", "world-too"]),
        ("+4989123456", ["germany", "world", "world-too"]),
        ("+12025550123", ["world", "world-too"]),
    ],
)
def test_the_longest_prefix_goes_first_then_the_priority(number: str, names: list[str]) -> None:
    assert ways(number, TRUNKS) == names


def test_a_trunk_that_is_known_to_be_dead_comes_last() -> None:
    found = ways("+493012345678", TRUNKS, reachable=lambda name: name != "berlin")
    assert found == ["germany", "world", "world-too", "berlin"]


def test_no_trunk_leads_where_no_prefix_fits() -> None:
    assert ways("+12025550123", {"germany": TRUNKS["germany"]}) == []


def test_a_dial_is_made_of_the_trunk_and_the_order_alone() -> None:
    order = OutboundOrder("call_1", "+493012345678", AgentRef("desk"), ring_timeout_s=20)
    assert dial(order, "berlin", TRUNKS["berlin"]) == Dial("berlin", "berlin", "493012345678", "", 20)
    shown = dial(order, "germany", TRUNKS["germany"])
    assert (shown.number, shown.caller_id) == ("+493012345678", "+493011111111")
