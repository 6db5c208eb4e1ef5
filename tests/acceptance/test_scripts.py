"""Real calls that follow a script: every way out of it, by what people really say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from agent.rehearsal.office import LINE
from agent.testing.callees import Talk, answers
from agent.testing.softphone import PhoneCall
from agent.testing.softphone.rtp import Pcm
from tests.acceptance.test_api import created, got
from tests.acceptance.test_recordings import back_end
from tests.acceptance.theatre import Theatre, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")
NUMBER, HELEN, FRONT_DESK = "1050", "+493012345690", "205"
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
        {"name": "person", "outcome": "handed_over", "say": "I am asking.", "hand_over_to": "front-desk"},
    ],
    "hand_overs": [{"when": "the callee asks for a person", "exit": "person"}],
    "fallbacks": {"give_up": "nothing", "declined": "refused", "opt_out": "stop"},
}
AGENT: dict[str, Any] = {
    "name": "booker",
    "greeting": "Hello.",
    "instructions": "You follow your script.",
    "script": SCRIPT,
    "call_control": {
        "destinations": [
            {
                "name": "front-desk",
                "description": "A person.",
                "extension": FRONT_DESK,
                "trunk": LINE,
                "kind": "attended",
            }
        ]
    },
    "limits": {"silence_prompt_s": 8, "silence_prompts": 1},
}
PAUSE_MS = 1500
LISTEN: dict[str, Any] = {"wait_for_agent": {"quiet_ms": PAUSE_MS, "timeout_s": 60}}
"""Sentences follow each other without a wait, so that a pause is the callee's turn."""
END: dict[str, Any] = {"wait_for_end": {"timeout_s": 60}}


async def ended(api: aiohttp.ClientSession, call_id: str) -> Mapping[str, Any]:
    """The call as its last event tells it, which is how the API shows it."""
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


async def one_by_one(*calls: Awaitable[str]) -> list[str]:
    """Two at once are enough for a machine of two cores."""
    return [await call for call in calls]


def says_in_turn(*sounds: Pcm) -> Talk:
    """Answers each question once the agent has come to its end, and waits for the goodbye."""

    async def talk(call: PhoneCall) -> None:
        after = 0
        for sound in sounds:
            await call.agent_quiet(PAUSE_MS, after=await call.agent_started(after=after))
            after = (await call.say(sound)).end
        await asyncio.shield(call.ended)

    return talk


def takes_the_call(yes: Pcm, hello: Pcm) -> Talk:
    """Says yes when asked, speaks with the caller and hangs up."""

    async def talk(call: PhoneCall) -> None:
        await call.agent_quiet(2000, after=await call.agent_started())
        said = await call.say(yes)
        await call.agent_quiet(2000, after=await call.agent_started(after=said.end))
        await call.say(hello)
        await call.hang_up()

    return talk


async def test_every_outcome_of_a_script_is_reached_by_a_real_call(theatre: Theatre, town: Town) -> None:
    tomorrow = (datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=1)).date().isoformat()  # where Helen is
    name, day, right, yes, hello = await theatre.voices(
        "My name is Helen Baker.",
        "I would like to come tomorrow.",
        "Yes, that's right.",
        "Yes.",
        "Hello, this is the front desk.",
    )
    town.callees[HELEN] = answers(says_in_turn(name, day, right))
    town.callees[FRONT_DESK] = answers(takes_the_call(yes, hello))
    async with back_end(theatre.folder, theatre.http_port) as api:
        agent = await created(api, "/v1/agents", AGENT)
        await created(api, "/v1/phone_numbers", {"number": NUMBER, "agent_id": agent["id"]})
        script = await created(api, "/v1/scripts", {"script": SCRIPT})
        async with api.post(f"/v1/scripts/{script['id']}/approve", json={}) as answer:
            assert answer.status == 200, await answer.text()

        async def call_helen() -> str:
            order = {"to": HELEN, "script_id": script["id"], "agent_id": agent["id"]}
            call_id: str = (await created(api, "/v1/calls", order))["id"]
            await ended(api, call_id)
            return call_id

        async def dial(*caller: dict[str, Any]) -> str:
            call_id: str = (await theatre.play([LISTEN, *caller, END], to=NUMBER)).call["id"]
            return call_id

        (booked, opted_out), (silent, refused, person) = await asyncio.gather(
            one_by_one(call_helen(), dial({"say": "Please don't call me again."})),
            one_by_one(
                dial(),
                dial({"say": "No, I am not interested."}),
                dial({"say": "Can I speak to a person, please?"}),
            ),
        )
        calls = [await ended(api, call_id) for call_id in (booked, refused, opted_out, silent, person)]
        transcript = await got(api, f"/v1/calls/{booked}/transcript")
    assert [(call["script"]["outcome"], call["ended_reason"]) for call in calls] == [
        ("booked", "agent_hangup"),
        ("refused", "agent_hangup"),
        ("opted_out", "agent_hangup"),
        ("not_reached", "silence_timeout"),
        ("handed_over", "transferred"),
    ]
    call = calls[0]
    assert (call["direction"], call["script"]["id"], call["script"]["version"]) == ("outbound", script["id"], 1)
    assert call["script"]["slots"] == {"name": "Helen Baker", "day": tomorrow, "agreed": True}
    assert call["script"]["success"] is True
    assert DISCLOSURE in transcript["turns"][0]["text"]
    (transfer,) = calls[-1]["transfers"]
    assert (transfer["destination"], transfer["status"], transfer["requested_by"]) == (
        "front-desk", "completed", "script",
    )  # fmt: skip
