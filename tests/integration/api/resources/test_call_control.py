"""Transfers and holds as the API takes them; what comes of them is tried in tests/integration/telephony."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from agent.domain.call import CallStatus, transition
from agent.domain.commands import HandOver, PutOnHold
from agent.domain.events import CallChanged
from agent.domain.transfer import TransferFailure, TransferKind
from agent.store.api_keys import Scope
from agent.telephony.call_control import Whereabouts
from tests.integration.api.resources.conftest import LiveCall, Office
from tests.integration.api.resources.test_calls import NOW, ringing

SALES = {"name": "sales", "description": "Who wants to buy.", "extension": "204", "trunk": "first", "kind": "attended"}
COUNTER: dict[str, Any] = {
    "name": "counter",
    "greeting": "Good day.",
    "instructions": "Be brief.",
    "call_control": {"destinations": [SALES]},
}
TRANSFER = "/v1/calls/call_1/transfer"


@pytest_asyncio.fixture
async def call(office: Office) -> AsyncIterator[LiveCall]:
    office.house.recorder.start()
    status, _ = await office.send("POST", "/v1/agents", COUNTER)
    assert status == 201
    began = replace(ringing(), agent="counter", agent_version=1)
    answered = transition(began, CallStatus.IN_PROGRESS, at=NOW)
    for state in (began, answered):
        office.house.recorder(CallChanged(state.id, NOW, call=state))
    await office.house.recorder.flush()
    office.goes_on(answered)
    yield office.live[answered.id]
    await office.house.recorder.close(60)


async def test_a_transfer_is_on_record_when_it_is_answered(office: Office, call: LiveCall) -> None:
    status, told = await office.send("POST", TRANSFER, {"destination": "sales"}, scope=Scope.CALLS)
    assert (status, told["status"], told["kind"], told["requested_by"]) == (202, "started", "attended", "api")
    order = call.inputs.commands.get_nowait()
    assert isinstance(order, HandOver)
    assert (order.transfer.id, order.destination.extension) == (told["id"], "204")
    _, shown = await office.send("GET", "/v1/calls/call_1")
    assert shown["transfers"] == [told]
    _, events = await office.send("GET", "/v1/calls/call_1/events?after=3")
    assert [event["type"] for event in events["data"]] == ["call.transfer.started"]
    assert events["data"][0]["data"] == {"transfer": told}

    status, problem = await office.send("POST", TRANSFER, {"destination": "sales"})
    assert (status, problem["code"]) == (409, "transfer_under_way")
    call.control.settle()
    await office.house.recorder.flush()
    _, shown = await office.send("GET", "/v1/calls/call_1")
    (failed,) = shown["transfers"]
    assert (failed["status"], failed["reason"]) == ("failed", TransferFailure.CANCELED)


async def test_another_kind_may_be_asked_for(office: Office, call: LiveCall) -> None:
    body = {"destination": "sales", "kind": "blind", "briefing": "They want a boat."}
    status, told = await office.send("POST", TRANSFER, body)
    order = call.inputs.commands.get_nowait()
    assert isinstance(order, HandOver)
    assert (status, told["kind"], order.transfer.kind) == (202, "blind", TransferKind.BLIND)
    assert order.briefing == "They want a boat."


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"destination": "nobody"}, "unknown_destination"),
        ({"destination": "+4930123456"}, "validation_failed"),
        ({"destination": "PJSIP/900"}, "validation_failed"),
        ({"destination": "sales", "kind": "warm"}, "validation_failed"),
        ({"destination": "sales", "number": "+19005551234"}, "validation_failed"),
        ({"destination": "sales", "briefing": "x" * 501}, "validation_failed"),
        ({}, "validation_failed"),
    ],
)
async def test_nothing_but_a_known_name_is_a_destination(
    office: Office, call: LiveCall, body: dict[str, Any], code: str
) -> None:
    status, problem = await office.send("POST", TRANSFER, body)
    assert (status, problem["code"]) == (422, code)
    assert call.inputs.commands.empty()
    assert call.control.where is Whereabouts.AGENT


async def test_a_call_is_held_and_resumed(office: Office, call: LiveCall) -> None:
    status, problem = await office.send("POST", "/v1/calls/call_1/resume")
    assert (status, problem["code"]) == (409, "call_not_on_hold")
    status, told = await office.send("POST", "/v1/calls/call_1/hold")
    assert (status, told) == (202, {"object": "accepted", "call_id": "call_1"})
    assert call.inputs.commands.get_nowait() == PutOnHold()
    for path, body in ((TRANSFER, {"destination": "sales"}), ("/v1/calls/call_1/hold", None)):
        status, problem = await office.send("POST", path, body)
        assert (status, problem["code"]) == (409, "call_on_hold")
    assert (await office.send("POST", "/v1/calls/call_1/resume"))[0] == 202


async def test_an_agent_that_has_left_says_and_does_nothing_more(office: Office, call: LiveCall) -> None:
    call.control.where = Whereabouts.ELSEWHERE
    asked: list[tuple[str, dict[str, Any] | None]] = [
        (TRANSFER, {"destination": "sales"}),
        ("/v1/calls/call_1/hold", None),
        ("/v1/calls/call_1/say", {"text": "Hello."}),
        ("/v1/calls/call_1/messages", {"text": "Hello."}),
    ]
    for path, body in asked:
        status, problem = await office.send("POST", path, body)
        assert (status, problem["code"]) == (409, "call_handed_over"), path


async def test_a_call_that_is_over_goes_nowhere(office: Office, call: LiveCall) -> None:
    for path, body in (("/v1/calls/call_2/transfer", {"destination": "sales"}), ("/v1/calls/call_2/hold", None)):
        assert (await office.send("POST", path, body))[0] == 404
    del office.live[call.call.id]
    for path, body in ((TRANSFER, {"destination": "sales"}), ("/v1/calls/call_1/hold", None)):
        status, problem = await office.send("POST", path, body)
        assert (status, problem["code"]) == (409, "wrong_state")


async def test_a_destination_needs_a_line_that_there_is(office: Office) -> None:
    lost = {**COUNTER, "call_control": {"destinations": [SALES, {**SALES, "name": "night", "trunk": "provider"}]}}
    status, problem = await office.send("POST", "/v1/agents", lost)
    assert status == 422
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("call_control.destinations", "unknown_trunk")
    assert "night" in error["message"]
    assert "provider" in error["message"]

    _, made = await office.send("POST", "/v1/agents", COUNTER)
    status, problem = await office.send("PATCH", f"/v1/agents/{made['id']}", {"call_control": lost["call_control"]})
    assert (status, problem["errors"][0]["code"]) == (422, "unknown_trunk")
    _, agent = await office.send("GET", f"/v1/agents/{made['id']}")
    assert agent["version"] == 1
