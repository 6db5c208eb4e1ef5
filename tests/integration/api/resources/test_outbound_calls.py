from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.domain.outbound_rules import OutboundRule
from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office

TO = "+493012345678"
ORDER = {"to": TO, "agent": "desk"}


async def code(office: Office, body: dict[str, Any], status: int = 422) -> str:
    answered, problem = await office.send("POST", "/v1/calls", body)
    assert answered == status, problem
    return str(problem["errors"][0]["code"] if problem["code"] == "validation_failed" else problem["code"])


async def test_a_call_is_ordered_listed_and_taken_back(office: Office) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    body = {
        **ORDER,
        "from": "+493099999999",
        "variables": {"name": "Ann"},
        "metadata": {"ticket": 4711},
        "schedule_at": at.isoformat(),
        "ring_timeout_seconds": 20,
        "priority": 7,
    }
    status, call = await office.send("POST", "/v1/calls", body, scope=Scope.CALLS)
    assert (status, call["status"], call["direction"], call["from"]) == (201, "queued", "outbound", "+493099999999")
    assert call["outbound"] == {
        "scheduled_at": at.isoformat().replace("+00:00", "Z"),
        "priority": 7,
        "ring_timeout_seconds": 20.0,
        "dialled_at": None,
        "trunk": None,
        "attempts": 0,
        "refusal": None,
        "opted_out": False,
    }
    _, listed = await office.send("GET", "/v1/calls?direction=outbound&status=queued&agent=desk")
    assert [one["id"] for one in listed["data"]] == [call["id"]]
    path = f"/v1/calls/{call['id']}"
    assert (await office.send("POST", f"{path}/hangup", {}))[0] == 202
    _, ended = await office.send("GET", path)
    assert (ended["status"], ended["ended_reason"]) == ("canceled", "canceled")
    status, problem = await office.send("POST", f"{path}/hangup", {})
    assert (status, problem["code"]) == (409, "wrong_state")


async def test_a_call_shows_the_number_of_its_trunk_where_it_names_none(office: Office) -> None:
    _, call = await office.send("POST", "/v1/calls", ORDER)
    assert call["from"] == "+493011111111"


async def test_the_agent_may_be_named_by_its_id(office: Office) -> None:
    _, agents = await office.send("GET", "/v1/agents")
    status, call = await office.send("POST", "/v1/calls", {"to": TO, "agent_id": agents["data"][0]["id"]})
    assert (status, call["agent"], call["agent_version"]) == (201, "desk", 1)


async def test_the_same_idempotency_key_calls_once(office: Office) -> None:
    key = {"Idempotency-Key": "order-1"}
    first = await office.send("POST", "/v1/calls", ORDER, headers=key)
    again = await office.send("POST", "/v1/calls", ORDER, headers=key)
    assert (first[0], first[1]["id"]) == (again[0], again[1]["id"])
    _, listed = await office.send("GET", "/v1/calls?direction=outbound")
    assert len(listed["data"]) == 1


RULES = [
    ("030 123456", OutboundRule.INVALID),
    ("+4930123456 &SIP/evil", OutboundRule.INVALID),
    ("112", OutboundRule.EMERGENCY),
    ("+49112", OutboundRule.EMERGENCY),
    ("+441632960000", OutboundRule.UNALLOCATED),
    ("+499001234567", OutboundRule.PREMIUM),
    ("+12025550123", OutboundRule.NOT_ALLOWED),
    ("+493099123456", OutboundRule.DENIED),
    ("+4989123456", OutboundRule.NO_TRUNK),
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"agent": "nobody"}, "unknown_agent"),
    ({"agent": None}, "invalid_value"),
    ({"agent_id": "agt_01JDQ3W8Z5K7M2N4P6R8T0V2X4"}, "invalid_value"),
    ({"agent": None, "agent_id": "agt_01JDQ3W8Z5K7M2N4P6R8T0V2X4"}, "unknown_agent"),
    ({"script_id": "scr_01JDQ3W8Z5K7M2N4P6R8T0V2X4"}, "unknown_script"),
    ({"from": "reception"}, "invalid_number"),
    ({"from": "+4930123\r\nX-Evil: 1"}, "invalid_number"),
    ({"record": True}, "no_consent_rule"),
    ({"schedule_at": "2099-01-01T00:00:00Z"}, "too_far_ahead"),
    ({"schedule_at": "2026-11-27T10:00:00"}, "timezone_aware"),
    ({"ring_timeout_seconds": 0}, "greater_than_equal"),
    ({"max_duration_seconds": 100_000}, "less_than_equal"),
    ({"priority": "high"}, "int_type"),
    ({"retry_on_trunk_failure": 6}, "less_than_equal"),
    ({"variables": {"a b": 1}}, "string_pattern_mismatch"),
    ({"too": TO}, "unknown_field"),
    ({"to": 493012345678}, "string_type"),
    ({"to": "+" + "1" * 5000}, "string_too_long"),
]


async def test_each_rule_refuses_by_its_own_code_and_orders_nothing(office: Office) -> None:
    found = {to: await code(office, {"to": to, "agent": "desk"}) for to, _ in RULES}
    assert found == dict(RULES)
    _, listed = await office.send("GET", "/v1/calls")
    assert listed["data"] == []


async def test_attempts_that_are_used_up_are_429(office: Office) -> None:
    for _ in range(2):
        assert (await office.send("POST", "/v1/calls", ORDER))[0] == 201
    assert await code(office, ORDER, 429) == OutboundRule.ATTEMPTS


async def test_bad_input_is_named_by_its_field(office: Office) -> None:
    for change, expected in BAD:
        body = {name: value for name, value in ({**ORDER, **change}).items() if value is not None}
        assert await code(office, body) == expected, change


async def test_only_keys_that_may_act_on_calls_call_out(office: Office) -> None:
    assert (await office.send("POST", "/v1/calls", ORDER, scope=Scope.READ))[0] == 403


async def test_a_number_is_put_on_the_list_and_taken_off(office: Office) -> None:
    status, entry = await office.send("POST", "/v1/do_not_call", {"number": TO, "note": "by letter"}, scope=Scope.CALLS)
    assert (status, entry["source"], entry["call_id"]) == (201, "api", None)
    _, again = await office.send("POST", "/v1/do_not_call", {"number": TO})
    assert again == entry
    assert await code(office, ORDER) == OutboundRule.DO_NOT_CALL
    _, listed = await office.send("GET", "/v1/do_not_call?number=%2B493012345678")
    assert listed["data"] == [entry]
    assert (await office.send("GET", "/v1/do_not_call?number=%2B4930"))[1]["data"] == []
    path = f"/v1/do_not_call/{entry['id']}"
    assert (await office.send("GET", path))[1] == entry
    assert (await office.send("DELETE", path, scope=Scope.CALLS))[0] == 403
    assert [(await office.send("DELETE", path))[0] for _ in range(2)] == [204, 404]
    assert (await office.send("GET", path))[0] == 404
    assert (await office.send("POST", "/v1/calls", ORDER))[0] == 201


async def test_only_whole_numbers_come_on_the_list(office: Office) -> None:
    for number in ("112", "030123", "+49 30 1", "", "+4930123456'; DROP TABLE calls"):
        assert (await office.send("POST", "/v1/do_not_call", {"number": number}))[0] == 422


async def test_one_switch_stops_all_calls_out(office: Office) -> None:
    path = "/v1/system/outbound_stop"
    _, waits = await office.send("POST", "/v1/calls", ORDER)
    assert (await office.send("GET", path))[1]["stopped"] is False
    assert (await office.send("POST", path, {}, scope=Scope.CALLS))[0] == 403
    _, stop = await office.send("POST", path, {"reason": "Wrong list."})
    assert (stop["stopped"], stop["reason"], stop["waiting"]) == (True, "Wrong list.", 1)
    assert (await office.send("POST", path, {"reason": "Another."}))[1] == stop
    assert await code(office, ORDER, 409) == OutboundRule.STOPPED
    assert (await office.send("GET", f"/v1/calls/{waits['id']}"))[1]["status"] == "queued"
    assert [(await office.send("DELETE", path))[0] for _ in range(2)] == [204, 204]
    assert (await office.send("GET", path))[1] == {**stop, "stopped": False, "since": None, "reason": ""}
    assert (await office.send("POST", "/v1/calls", ORDER))[0] == 201
