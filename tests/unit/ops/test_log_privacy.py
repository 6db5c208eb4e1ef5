from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog

from agent.errors import TelephonyError
from agent.ops import logs
from agent.ops.log_privacy import mask_numbers, masked
from agent.settings import LogSettings

WORDS = "my pin is four two"


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().err)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+4930123456", "***56"),
        ("to 015112345678 it rang", "to ***78 it rang"),
        ("sip:4930123456@10.0.0.1:5060 refused", "sip:***56@10.0.0.1:5060 refused"),
        ("PJSIP/4930123456-0000002a", "PJSIP/***56-0000002a"),
        ("call_01JD8Z0000000000000000000A", "call_01JD8Z0000000000000000000A"),
        ("f3b1c2d4-0000-4000-8000-446655440000", "f3b1c2d4-0000-4000-8000-446655440000"),
        ("1764245712.15", "1764245712.15"),
        ("127.0.0.1:38421", "127.0.0.1:38421"),
        ("2026-11-27T12:13:16.123456Z", "2026-11-27T12:13:16.123456Z"),
        ("extension 1000", "extension 1000"),
    ],
)
def test_numbers_in_any_text_are_masked_and_what_is_none_is_not(text: str, expected: str) -> None:
    assert mask_numbers(None, "info", {"event": "x", "problem": text})["problem"] == expected


@pytest.mark.parametrize("number", ["1", "1000", "123456", "+4930123456"])
def test_in_fields_for_numbers_short_ones_are_masked_too(number: str) -> None:
    for name in ("caller", "callee", "digits", "from", "to"):
        told = mask_numbers(None, "info", {"event": "x", name: number, "call": {name: [number]}})
        assert told[name] == masked(number)
        assert told["call"][name] == [masked(number)]
        assert number not in repr(told)


def test_a_failure_says_what_and_where_without_what_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json"))
    try:
        try:
            int(WORDS)
        except ValueError as error:
            raise TelephonyError("Asterisk is gone; start it.") from error
    except TelephonyError:
        structlog.get_logger().exception("test.failed")
    told = line(capsys)
    first, cause = told["exception"]
    assert (first["type"], first["text"]) == ("TelephonyError", "Asterisk is gone; start it.")
    assert (cause["type"], "text" in cause) == ("ValueError", False)
    assert "test_log_privacy.py" in cause["where"][-1]
    assert WORDS not in repr(told)


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_libraries_log_is_treated_alike(form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format=form))
    try:
        int(WORDS)
    except ValueError:
        logging.getLogger("somebody").exception("no route to %s", "+4930123456")
    told = capsys.readouterr().err
    assert "***56" in told
    assert "ValueError" in told
    assert "4930123456" not in told
    assert WORDS not in told


def test_debug_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json", level="debug"))
    try:
        int(WORDS)
    except ValueError:
        structlog.get_logger().exception("test.failed")
    assert WORDS in line(capsys)["exception"][0]["text"]


def test_the_call_and_the_request_are_told_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json"))
    with structlog.contextvars.bound_contextvars(call_id="call_1", request_id="req_1"):
        structlog.get_logger().info("test.said")
        logging.getLogger("somebody").warning("said")
    for told in map(json.loads, capsys.readouterr().err.splitlines()):
        assert (told["call_id"], told["request_id"]) == ("call_1", "req_1")


def test_what_nobody_caught_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    logs.configure(LogSettings(format="json"))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(logs.tell_unhandled)
        loop.call_exception_handler({"message": f"never retrieved\n{WORDS}", "exception": ValueError(WORDS)})

    asyncio.run(main())
    told = line(capsys)
    assert (told["message"], told["exception"][0]["type"]) == ("never retrieved", "ValueError")
    assert WORDS not in repr(told)
