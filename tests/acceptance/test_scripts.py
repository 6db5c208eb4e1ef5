"""Real calls that follow a script: every way out of it, by what people really say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.acceptance.test_api import created
from tests.acceptance.test_recordings import back_end
from tests.acceptance.theatre import Played, Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")
NUMBER = "1050"
DISCLOSURE = "You are talking with a computer."
SCRIPT: dict[str, Any] = {
    "name": "Book a check-up",
    "purpose": "Book a dental check-up",
    "opening": "Hello, this is Lakeside Dental.",
    "disclosures": [DISCLOSURE],
    "facts": {"price": "A check-up costs sixty dollars."},
    "slots": [
        {"name": "name", "type": "name", "ask": "May I have your name, please?"},
        {"name": "day", "type": "date", "ask": "Which day would suit you?"},
        {"name": "agreed", "type": "yes_no", "ask": "I have {{name}}, for {{day}}. Is that right?"},
    ],
    "states": [
        {"name": "details", "slots": ["name", "day"], "transitions": [{"to": "confirm"}]},
        {
            "name": "confirm",
            "slots": ["agreed"],
            "transitions": [
                {"when": [{"slot": "agreed", "value": True}], "to": "booked"},
                {"to": "details", "forget": ["day", "agreed"]},
            ],
        },
    ],
    "exits": [
        {"name": "booked", "outcome": "booked", "success": True, "say": "It is booked. Goodbye."},
        {"name": "refused", "outcome": "refused", "say": "All right. Goodbye."},
        {"name": "nothing", "outcome": "not_reached", "say": "Somebody will call you. Goodbye."},
        {"name": "stop", "outcome": "opted_out", "say": "We will not call you again. Goodbye."},
    ],
    "fallbacks": {"give_up": "nothing", "declined": "refused", "opt_out": "stop"},
}
AGENT: dict[str, Any] = {
    "name": "booker",
    "greeting": "Hello.",
    "instructions": "You follow your script.",
    "script": SCRIPT,
    "limits": {"silence_prompt_s": 8, "silence_prompts": 1},
}
LISTEN: dict[str, Any] = {"wait_for_agent": {"quiet_ms": 1500, "timeout_s": 60}}
"""Sentences follow each other without a wait, so that a pause is the callee's turn."""
END: dict[str, Any] = {"wait_for_end": {"timeout_s": 60}}


async def employ(api: aiohttp.ClientSession) -> None:
    agent = await created(api, "/v1/agents", AGENT)
    await created(api, "/v1/phone_numbers", {"number": NUMBER, "agent_id": agent["id"]})


async def ended(api: aiohttp.ClientSession, played: Played) -> Mapping[str, Any]:
    """The call as its last event tells it, which is how the API shows it."""
    call_id = played.call["id"]
    timeout = aiohttp.ClientTimeout(sock_read=60)
    told: Mapping[str, Any] | None = None
    async with api.get(f"/v1/calls/{call_id}/events/stream", timeout=timeout) as stream:
        async for line in stream.content:
            event = json.loads(line[6:]) if line.startswith(b"data: ") else {}
            if event.get("type") == "call.ended":
                told = event["data"]["call"]
                break
    assert told is not None
    async with api.get(f"/v1/calls/{call_id}") as answer:
        assert (await answer.json())["script"] == told["script"]
    return told


async def one_by_one(*calls: Awaitable[Played]) -> list[Played]:
    """Two at once are enough for a machine of two cores."""
    return [await call for call in calls]


async def test_every_outcome_of_a_script_is_reached_by_a_real_call(theatre: Theatre) -> None:
    tomorrow = (datetime.now().astimezone() + timedelta(days=1)).date().isoformat()
    async with back_end(theatre.folder, theatre.http_port) as api:
        await employ(api)
        (booked, opted_out), (silent, refused) = await asyncio.gather(
            one_by_one(
                theatre.play(
                    [
                        LISTEN,
                        {"say": "My name is Helen Baker."},
                        LISTEN,
                        {"say": "I would like to come tomorrow."},
                        LISTEN,
                        {"say": "Yes, that's right."},
                        END,
                    ],
                    {"turn": 0, "agent_says_any": [DISCLOSURE]},
                    to=NUMBER,
                ),
                theatre.play([LISTEN, {"say": "Please don't call me again."}, END], to=NUMBER),
            ),
            one_by_one(
                theatre.play([LISTEN, END], to=NUMBER),
                theatre.play([LISTEN, {"say": "No, I am not interested."}, END], to=NUMBER),
            ),
        )
        booked.check()
        calls = [await ended(api, played) for played in (booked, refused, opted_out, silent)]
    assert [(call["script"]["outcome"], call["ended_reason"]) for call in calls] == [
        ("booked", "agent_hangup"),
        ("refused", "agent_hangup"),
        ("opted_out", "agent_hangup"),
        ("not_reached", "silence_timeout"),
    ]
    assert calls[0]["script"]["slots"] == {"name": "Helen Baker", "day": tomorrow, "agreed": True}
    assert calls[0]["script"]["success"] is True
