from __future__ import annotations

import pytest

from agent.domain.destination import Destination, destination
from agent.domain.outbound_rules import OutboundRefusal, OutboundRule

R = OutboundRule


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("+493012345678", ["Europe/Berlin"]),
        ("+12025550123", ["America/New_York"]),
        ("+33155667788", ["Europe/Paris"]),  # begins with 15, the French emergency number, and is a subscriber's
        ("+80012345678", []),
    ],
)
def test_a_number_of_a_numbering_plan_is_a_destination_with_the_time_zones_of_its_region(
    text: str, zones: list[str]
) -> None:
    found = destination(text)
    assert isinstance(found, Destination)
    assert (found.number, [zone.key for zone in found.zones]) == (text, zones)


def test_a_number_that_may_be_anywhere_in_a_country_has_all_its_time_zones() -> None:
    found = destination("+61491570006")
    assert isinstance(found, Destination)
    assert {"Australia/Perth", "Australia/Sydney"} <= {zone.key for zone in found.zones}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("112", R.EMERGENCY),
        ("911", R.EMERGENCY),
        ("110", R.EMERGENCY),
        ("116117", R.EMERGENCY),
        ("*31#", R.EMERGENCY),
        ("+49112", R.EMERGENCY),
        ("+1911", R.EMERGENCY),
        ("+44999", R.EMERGENCY),
        ("030123456", R.INVALID),
        ("+49 30 123456", R.INVALID),
        ("+4930123456\n", R.INVALID),
        ("+4930123456&SIP/evil", R.INVALID),
        ("+4930٣٤٥٦٧٨", R.INVALID),
        ("sip:+4930123456@example.com", R.INVALID),
        ("", R.INVALID),
        ("+", R.INVALID),
        ("+049301234567", R.INVALID),
        ("+999123456789", R.INVALID),
        ("+4930" + "1" * 20, R.INVALID),
        ("+120255", R.INVALID),
        ("+441632960000", R.UNALLOCATED),
        ("+12001234567", R.UNALLOCATED),
        ("+499001234567", R.PREMIUM),
        ("+19005551234", R.PREMIUM),
    ],
)
def test_what_is_no_number_to_call_is_refused_by_its_own_rule(text: str, rule: OutboundRule) -> None:
    found = destination(text)
    assert isinstance(found, OutboundRefusal)
    assert found.rule is rule
