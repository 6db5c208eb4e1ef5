from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.doctor.check import Check, Status
from agent.doctor.trunks import check_outbound, check_trunk, knows_host
from agent.settings import OutboundSettings, TrunkSettings
from agent.store.switches import Switch
from agent.telephony.ami_state import Reach, Registration
from agent.telephony.trunk_states import TrunkState

OURS = TrunkSettings(endpoint="line")
RENDERED = TrunkSettings(endpoint="line", host="sip.example.net", port=5070, username="me")
WELL = TrunkState(
    name="one",
    endpoint="line",
    known=True,
    configured=True,
    registration=Registration.REGISTERED,
    reach=Reach.REACHABLE,
    roundtrip_ms=12.4,
)


def found(settings: TrunkSettings = OURS, *, host_known: bool = True, **changes: Any) -> Check:
    check = check_trunk(replace(WELL, **changes), settings, host_known=host_known)
    assert check.name == "trunk one"
    assert bool(check.remedy) == (check.status is not Status.GOOD)
    return check


def test_a_trunk_that_works_says_how() -> None:
    assert found().message == "registered, answers in 12 ms"
    asked_nothing = found(registration=Registration.NONE, reach=Reach.UNKNOWN, roundtrip_ms=None)
    assert asked_nothing.message == "needs no registration; whether it answers is not asked (qualify)"


@pytest.mark.parametrize(
    ("changes", "code", "advice"),
    [
        ({"registration": Registration.REJECTED}, "trunk_rejected", "check outbound.trunks.one.username and"),
        ({"registration": Registration.UNREGISTERED}, "trunk_not_registered", "check sip.example.net:5070, and that f"),
        ({"registration": Registration.STOPPED}, "trunk_not_registered", "pjsip show registrations"),
        ({"reach": Reach.UNREACHABLE}, "trunk_unreachable", "firewalls let SIP out"),
        ({"configured": False}, "trunk_not_configured", "restart `phone-agent run`"),
    ],
)
def test_what_is_wrong_says_what_to_do(changes: dict[str, Any], code: str, advice: str) -> None:
    check = found(RENDERED, **changes)
    assert (check.code, check.status) == (code, Status.WARNING)
    assert advice in check.remedy


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"registration": Registration.REJECTED}, "user and password of its auth in pjsip.conf"),
        ({"reach": Reach.UNREACHABLE}, "its address in pjsip.conf"),
        ({"configured": False}, "add the section line to its pjsip.conf"),
    ],
)
def test_a_trunk_of_an_asterisk_of_ones_own_is_mended_there(changes: dict[str, Any], advice: str) -> None:
    assert advice in found(OURS, **changes).remedy


def test_a_name_without_an_address_comes_before_all_that_follows_from_it() -> None:
    check = found(RENDERED, host_known=False, registration=Registration.UNREGISTERED)
    assert check.code == "trunk_host_unknown"
    assert "sip.example.net" in check.message
    assert "outbound.trunks.one.host" in check.remedy


@pytest.mark.parametrize(
    ("host", "known"), [("", True), ("127.0.0.1", True), ("localhost", True), ("a.invalid", False)]
)
async def test_which_names_have_an_address(host: str, known: bool) -> None:
    assert await knows_host(host) is known


OPEN = OutboundSettings(allow=("+4930", "+4989"), trunks={"one": TrunkSettings(endpoint="line", prefixes=("+49",))})


def test_calls_out_are_closed_until_numbers_are_allowed() -> None:
    check = check_outbound(OutboundSettings(), None)
    assert (check.status, check.message.split(":")[0]) == (Status.GOOD, "closed")


def test_an_open_one_says_for_whom_and_what_bounds_it() -> None:
    check = check_outbound(OPEN, None)
    assert check.message == "open for +4930, +4989 over 1 trunk; no bound of minutes and money per day"
    assert (
        "bound" not in check_outbound(OPEN.model_copy(update={"minutes_per_day": 60, "spend_per_day": 5}), None).message
    )


@pytest.mark.parametrize(
    ("settings", "switch", "code", "says"),
    [
        (OPEN.model_copy(update={"stopped": True}), None, "outbound_stopped", "outbound.stopped"),
        (OPEN, Switch(datetime(2026, 3, 4, 5, 6, tzinfo=UTC), ""), "outbound_stopped", "2026-03-04 05:06 UTC"),
        (OPEN.model_copy(update={"trunks": {}}), None, "no_trunk", "+4930, +4989"),
        (OPEN.model_copy(update={"allow": ("+4930", "+43")}), None, "no_trunk", "leads to +43,"),
    ],
)
def test_what_keeps_calls_from_going_out(
    settings: OutboundSettings, switch: Switch | None, code: str, says: str
) -> None:
    check = check_outbound(settings, switch)
    assert (check.code, check.status) == (code, Status.WARNING)
    assert says in check.message
    assert check.remedy


def test_a_prefix_that_a_trunk_takes_in_part_is_led_to() -> None:
    narrow = TrunkSettings(endpoint="line", prefixes=("+4930",))
    assert check_outbound(OutboundSettings(allow=("+",), trunks={"one": narrow}), None).status is Status.GOOD
