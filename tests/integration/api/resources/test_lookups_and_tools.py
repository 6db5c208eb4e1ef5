"""Tools of agents, applications of numbers, and what became of both, as the API shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.domain.briefing import Briefing
from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.events import CallChanged, CallDeclined, LookedUp, ToolCalled
from agent.domain.lookup import Lookup, LookupOutcome, Refusal
from agent.domain.tool_calls import ToolAnswer, ToolCall, ToolStatus
from tests.integration.api.resources.conftest import Office

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
RINGING = Call("call_1", Direction.INBOUND, "+4930123", "1000", "desk", CallStatus.RINGING, NOW, agent_version=1)
NIGHT = {"name": "night", "greeting": "Good evening, {{name}}.", "instructions": "Be brief."}
FIND = {
    "name": "find_order",
    "description": "Finds an order.",
    "parameters": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
    "url": "http://127.0.0.1:9/tool",
    "timeout_s": 5,
    "say": "One moment.",
    "once": True,
}


def changed(call: Call) -> CallChanged:
    return CallChanged(call.id, call.ended_at or call.answered_at or call.created_at, call=call)


async def test_an_agent_has_tools_and_variables_by_version(office: Office) -> None:
    status, made = await office.send("POST", "/v1/agents", {**NIGHT, "tools": [FIND], "variables": {"name": "there"}})
    assert (status, made["tools"], made["variables"]) == (
        201,
        [{**FIND, "http": None, "confirm": ""}],
        {"name": "there"},
    )
    _, changed_ = await office.send("PATCH", f"/v1/agents/{made['id']}", {"tools": []})
    assert (changed_["version"], changed_["tools"]) == (2, [])
    assert [agent.tools[0].name for agent in office.prepared if agent.tools] == ["find_order"]


@pytest.mark.parametrize(
    ("tool", "field", "code"),
    [
        ({"name": "find order"}, "tools[0].name", None),
        ({"description": ""}, "tools[0].description", None),
        ({"parameters": {"type": "string"}}, "tools[0].parameters", None),
        ({"parameters": {"type": "object", "properties": {"a": {"type": "strnig"}}}}, "tools[0].parameters", None),
        ({"parameters": {"type": "object", "$ref": "http://127.0.0.1/x"}}, "tools[0].parameters", None),
        ({"url": "ftp://example.com"}, "tools[0].url", None),
        ({"url": "http://10.1.2.3/tool"}, "tools", "webhook_target_private"),
        ({"url": "http://169.254.169.254/tool"}, "tools", "webhook_target_forbidden"),
        ({"url": ""}, "tools", "tool_without_url"),
        ({"timeout_s": 31}, "tools[0].timeout_s", None),
        ({"colour": "red"}, "tools[0].colour", None),
    ],
)
async def test_a_tool_that_cannot_work_is_refused_with_its_field(
    office: Office, tool: dict[str, Any], field: str, code: str | None
) -> None:
    status, problem = await office.send("POST", "/v1/agents", {**NIGHT, "tools": [{**FIND, **tool}]})
    assert status == 422
    errors = {error["field"]: error["code"] for error in problem["errors"]}
    assert field in errors
    assert code is None or errors[field] == code


async def test_two_tools_of_one_name_are_refused(office: Office) -> None:
    status, problem = await office.send("POST", "/v1/agents", {**NIGHT, "tools": [FIND, FIND]})
    assert (status, problem["errors"][0]["field"]) == (422, "tools")


async def test_a_number_has_an_application_of_its_own(office: Office) -> None:
    _, agent = await office.send("POST", "/v1/agents", NIGHT)
    body = {"number": "+4930999", "agent_id": agent["id"], "lookup_url": "http://127.0.0.1:9/lookup"}
    status, number = await office.send("POST", "/v1/phone_numbers", body)
    assert (status, number["lookup_url"]) == (201, body["lookup_url"])
    assert office.house.registry.lookup_url("+4930999") == body["lookup_url"]
    path = f"/v1/phone_numbers/{number['id']}"
    _, problem = await office.send("PATCH", path, {"lookup_url": "http://10.1.2.3/lookup"})
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("lookup_url", "webhook_target_private")
    ]
    _, number = await office.send("PATCH", path, {"lookup_url": ""})
    assert (number["lookup_url"], office.house.registry.lookup_url("+4930999")) == ("", "")


async def test_a_call_shows_who_took_it_and_what_the_agent_was_told(office: Office) -> None:
    briefing = Briefing({"name": "Ann"}, "Hi.", {"ticket": 7})
    chosen = replace(RINGING, agent="night", agent_version=4, briefing=briefing)
    lookup = Lookup(LookupOutcome.ANSWERED, 0.1234)
    await office.happens(changed(RINGING), LookedUp("call_1", NOW, call=chosen, lookup=lookup))
    await office.happens(changed(transition(chosen, CallStatus.IN_PROGRESS, at=NOW)))
    _, call = await office.send("GET", "/v1/calls/call_1")
    assert (call["agent"], call["agent_version"], call["metadata"]) == ("night", 4, {"ticket": 7})
    assert call["variables"] == {"name": "Ann"}
    assert call["lookup"] == {"outcome": "answered", "code": None, "duration_ms": 123.4}
    _, events = await office.send("GET", "/v1/calls/call_1/events")
    assert [event["type"] for event in events["data"]] == ["call.created", "call.ringing", "call.answered"]
    assert events["data"][-1]["data"]["call"] == call


async def test_a_lookup_that_failed_shows_why(office: Office) -> None:
    failed = Lookup(LookupOutcome.FAILED, 2.0, code="webhook_timeout", problem="It did not answer.")
    await office.happens(changed(RINGING), LookedUp("call_1", NOW, call=RINGING, lookup=failed))
    _, call = await office.send("GET", "/v1/calls/call_1")
    assert (call["agent"], call["lookup"]["outcome"], call["lookup"]["code"]) == ("desk", "failed", "webhook_timeout")


async def test_a_caller_that_the_application_rejected_is_told(office: Office) -> None:
    rejected = Lookup(LookupOutcome.REJECTED, 0.1, Refusal.BUSY)
    over = transition(RINGING, CallStatus.FAILED, at=NOW, reason=EndedReason.REJECTED)
    await office.happens(
        changed(RINGING),
        LookedUp("call_1", NOW, call=RINGING, lookup=rejected),
        CallDeclined("call_1", NOW, reason="busy"),
        changed(over),
    )
    _, events = await office.send("GET", "/v1/calls/call_1/events?after=2")
    assert [(event["type"], event["data"].get("reason")) for event in events["data"]] == [
        ("call.rejected", "busy"), ("call.ended", None),
    ]  # fmt: skip


async def test_the_transcript_shows_what_was_done(office: Office) -> None:
    told = ToolAnswer({"status": "sent", "note": "\u0000<script>\u202e"})
    done = ToolCall("tool_1", "find_order", {"number": "'; --"}, ToolStatus.SUCCEEDED, 3.25, 0.5, told)
    wrong = ToolCall(
        "tool_0",
        "drop",
        {},
        ToolStatus.INVALID,
        1.0,
        answer=ToolAnswer(error="there is none"),
        code="tool_bad_arguments",
    )
    await office.happens(changed(RINGING), *(ToolCalled("call_1", NOW, tool_call=one) for one in (wrong, done)))
    _, transcript = await office.send("GET", "/v1/calls/call_1/transcript")
    assert [one["id"] for one in transcript["tool_calls"]] == ["tool_0", "tool_1"]
    assert transcript["tool_calls"][1] == {
        "object": "tool_call", "id": "tool_1", "name": "find_order", "arguments": {"number": "'; --"},
        "status": "succeeded", "result": told.result, "error": None, "code": None,
        "started_at": 3.25, "duration_ms": 500.0,
    }  # fmt: skip
    _, events = await office.send("GET", "/v1/calls/call_1/events?after=2")
    assert [event["type"] for event in events["data"]] == ["call.tool.called"] * 2
    assert events["data"][1]["data"]["tool_call"] == transcript["tool_calls"][1]
