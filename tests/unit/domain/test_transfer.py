"""Where callers may be handed over to, and the one end that each attempt comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from agent.domain.agent import Agent
from agent.domain.call_control import CallControl, CallTool
from agent.domain.transfer import (
    RequestedBy,
    Transfer,
    TransferDestination,
    TransferFailure,
    TransferKind,
    TransferMode,
    TransferStatus,
)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
STARTED = Transfer("trf_1", "sales", TransferKind.BLIND, TransferMode.BRIDGE, RequestedBy.API, NOW)
SALES: dict[str, Any] = {"name": "sales", "description": "Who wants to buy."}


def test_an_attempt_ends_once() -> None:
    failed = STARTED.failed(TransferFailure.BUSY, NOW, sip_code=486)
    assert (failed.status, failed.reason, failed.sip_code) == (TransferStatus.FAILED, TransferFailure.BUSY, 486)
    assert STARTED.completed(NOW).status is TransferStatus.COMPLETED
    for ended in (failed, STARTED.completed(NOW)):
        with pytest.raises(ValueError, match="already"):
            ended.completed(NOW)
        with pytest.raises(ValueError, match="already"):
            ended.failed(TransferFailure.BUSY, NOW)


@pytest.mark.parametrize(
    "place",
    [
        {"endpoint": "desk-1"},
        {"number": "+4930123456", "trunk": "provider"},
        {"extension": "204", "trunk": "pbx"},
        {"uri": "sip:sales@pbx.example.com:5060"},
    ],
)
def test_a_destination_is_one_place(place: dict[str, str]) -> None:
    destination = TransferDestination(**SALES, **place)
    assert destination.mode is (TransferMode.REFER if "uri" in place else TransferMode.BRIDGE)


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ({}, "exactly one"),
        ({"endpoint": "desk", "uri": "sip:a@b.example"}, "exactly one"),
        ({"number": "+4930123456"}, "needs a trunk"),
        ({"extension": "204"}, "needs a trunk"),
        ({"endpoint": "desk", "trunk": "pbx"}, "needs a trunk"),
        ({"extension": "112", "trunk": "pbx"}, "emergency"),
        ({"uri": "sip:a@b.example", "kind": "attended"}, "REFER"),
        ({"number": "030 123456", "trunk": "pbx"}, "pattern"),
        ({"number": "+112", "trunk": "pbx"}, "pattern"),
        ({"endpoint": "desk&PJSIP/900"}, "pattern"),
        ({"endpoint": "desk/sip:evil@example.com"}, "pattern"),
        ({"extension": "204@evil.example", "trunk": "pbx"}, "pattern"),
        ({"extension": "123456789", "trunk": "pbx"}, "pattern"),
        ({"uri": "sip:a@b.example\r\nVia: x"}, "pattern"),
        ({"uri": "sip:a@b.example?header=x"}, "pattern"),
        ({"uri": "http://b.example"}, "pattern"),
        ({"endpoint": "desk", "ring_timeout_s": 0}, "greater"),
        ({"endpoint": "desk", "ring_timeout_s": 9999}, "less"),
        ({"endpoint": "desk", "name": "Sales & more"}, "pattern"),
    ],
)
def test_what_is_no_destination(place: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        TransferDestination(**{**SALES, **place})


def test_destinations_and_tools_have_names_of_their_own() -> None:
    sales = TransferDestination(**SALES, endpoint="desk")
    with pytest.raises(ValidationError, match="two destinations are named sales"):
        CallControl(destinations=(sales, sales))
    with pytest.raises(ValidationError, match="named twice"):
        CallControl(tools=(CallTool.END, CallTool.END))
    with pytest.raises(ValidationError, match="every agent can have"):
        Agent.model_validate(
            {
                "name": "desk",
                "greeting": "Hello.",
                "instructions": "Be brief.",
                "tools": [{"name": "end_call", "description": "x"}],
            }
        )
    assert CallControl(destinations=(sales,)).destination("sales") is sales
    assert CallControl(destinations=(sales,)).destination("+4930123456") is None
    assert CallControl().offered == ()
    assert CallControl(destinations=(sales,)).offered == (CallTool.TRANSFER,)
