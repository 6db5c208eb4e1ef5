from __future__ import annotations

import pytest

from agent.doctor.check import Status
from agent.doctor.dialplan import check_dialplan, check_fallback, matches


@pytest.mark.parametrize(
    ("pattern", "number", "does"),
    [
        ("1000", "1000", True),
        ("1000", "10000", False),
        ("_XXXX", "1000", True),
        ("_XXXX", "100", False),
        ("_xxxx", "1000", True),
        ("_+X", "+1", True),
        ("_+XX", "0049", False),
        ("_NXX", "199", False),
        ("_NXX", "299", True),
        ("_ZXX", "099", False),
        ("_[2-4]00", "300", True),
        ("_[2-4]00", "500", False),
        ("_[135]X", "37", True),
        ("_1.", "1", False),
        ("_1.", "12", True),
        ("_1!", "1", True),
        ("_X.", "1*#", True),
        ("_555-XXXX", "5551234", True),
        ("_XXXX/100", "1000", True),
        ("s", "1000", False),
    ],
)
def test_patterns_match_as_asterisk_matches_them(pattern: str, number: str, does: bool) -> None:
    assert matches(pattern, number) is does


def step(context: str, extension: str, application: str, data: str) -> dict[str, str]:
    return {"Context": context, "Extension": extension, "Application": application, "AppData": data}


PLAN = [step("in", "_XXXX", "Stasis", "phone-agent"), step("in", "_XXXX", "Goto", "after,1")]


def test_numbers_that_lead_to_our_application_are_well() -> None:
    check = check_dialplan(PLAN, "phone-agent", ["1000", "2000"])
    assert (check.code, check.status) == ("ok", Status.GOOD)
    assert "context in" in check.message


def test_arguments_of_the_application_do_not_hide_it() -> None:
    assert check_dialplan([step("in", "1000", "Stasis", "phone-agent,x")], "phone-agent", ["1000"]).code == "ok"


def test_a_number_that_leads_nowhere_is_named() -> None:
    check = check_dialplan(PLAN, "phone-agent", ["1000", "+4930123"])
    assert check.code == "number_not_routed"
    assert "+4930123" in check.message
    assert "1000" not in check.message


ASTERISKS_OWN = step("stasis-phone-agent", "_.", "Stasis", "phone-agent")


@pytest.mark.parametrize("plan", [[], PLAN[1:], [step("in", "_X", "Stasis", "other")], [ASTERISKS_OWN]])
def test_a_dialplan_that_does_not_know_our_application_is_told(plan: list[dict[str, str]]) -> None:
    check = check_dialplan(plan, "phone-agent", ["1000"])
    assert (check.code, check.status) == ("dialplan_without_app", Status.WARNING)


def test_callers_without_a_place_need_an_extension_s_of_the_fallback() -> None:
    plan = [*PLAN, step("elsewhere", "s", "Dial", "PJSIP/reception"), step("aside", "1", "Hangup", "")]
    assert check_fallback(plan, "elsewhere").code == "ok"
    assert check_fallback(plan, "aside").code == "no_fallback"
    assert check_fallback(plan, "phone-agent-fallback").status is Status.WARNING
