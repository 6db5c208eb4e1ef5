"""What a real model works out after a real call, and what those see who follow it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from agent.rehearsal.moments import MomentKind
from tests.acceptance.test_api import api, created, followed, got
from tests.acceptance.theatre import GOODBYE, LISTEN, Theatre

__all__ = ["api"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
AGENT = {
    "name": "summer-desk",
    "greeting": "Lakeside Dental, good day. How can I help you?",
    "instructions": "You are the receptionist of a dental practice. Be brief.",
    "facts": ["On Saturday the practice is open from nine until one."],
    "after_call": {
        "summary": True,
        "outcomes": ["question answered", "complaint", "wrong number"],
        "extract": {
            "type": "object",
            "properties": {
                "day": {
                    "enum": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
                    "description": "the day that the caller asks about",
                },
                "phone": {"type": "string", "description": "the caller's telephone number"},
            },
        },
    },
}


async def test_a_call_is_summarized_with_evidence_and_can_be_read_as_it_is_spoken(
    theatre: Theatre, api: aiohttp.ClientSession
) -> None:
    agent = await created(api, "/v1/agents", AGENT)
    await created(api, "/v1/phone_numbers", {"number": "5000", "agent_id": agent["id"]})
    partials: list[dict[str, Any]] = []
    reading: list[asyncio.Task[None]] = []

    async def read_along() -> None:
        while not (listed := (await got(api, "/v1/calls?status=in-progress"))["data"]):
            pass  # it is on record a moment after the caller sees it answered
        async with api.get(
            f"/v1/calls/{listed[0]['id']}/events/stream", timeout=aiohttp.ClientTimeout(sock_read=60)
        ) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    if event["type"] == "call.transcript.partial":
                        partials.append(event["data"])
                    elif event["type"] == "call.ended":
                        return

    def begin() -> None:
        reading.append(asyncio.create_task(read_along()))

    async with followed(api, until="call.summary.ready", timeout_s=200) as events:
        played = await theatre.play(
            [LISTEN, {"say": "What are your opening hours on Saturday?"}, LISTEN, *GOODBYE],
            to="5000",
            on={MomentKind.ANSWERED: begin},
        )
        await asyncio.wait_for(reading[0], 60)
    call_id = played.call["id"]
    transcript = (await got(api, f"/v1/calls/{call_id}/transcript"))["turns"]
    agent_said = [partial["text"] for partial in partials if partial["speaker"] == "agent" and partial["text"]]
    answers = [turn["text"] for turn in transcript if turn["speaker"] == "agent"]
    assert len(agent_said) > len(answers)
    assert all(any(text in answer for answer in answers) for text in agent_said)
    assert any("saturday" in partial["text"].lower() for partial in partials if partial["speaker"] == "caller")

    ended = next(event for event in events if event["type"] == "call.ended" and event["call_id"] == call_id)
    assert ended["data"]["call"]["summary"]["status"] == "pending"
    call = await got(api, f"/v1/calls/{call_id}")
    summary = call["summary"]
    assert events[-1]["data"]["call"] == call
    assert (summary["status"], summary["error_code"], summary["attempts"]) == ("ready", None, 1)
    assert summary["text"]
    assert summary["outcome"] in {*AGENT["after_call"]["outcomes"], None}  # type: ignore[index]
    assert set(summary["data"]) == {"day", "phone"}
    assert summary["data"]["phone"] is None or summary["data"]["phone"] in str(transcript)
    evidence = {"outcome": summary["evidence"]["outcome"], **summary["evidence"]["data"]}
    values = {"outcome": summary["outcome"], **summary["data"]}
    for name, shown in evidence.items():
        assert (values[name] is not None) is (shown["status"] == "supported"), name
        assert bool(shown["turns"]) is (shown["status"] == "supported"), name
        for index in shown["turns"]:
            words = "".join(char if char.isalnum() else " " for char in transcript[index]["text"].lower()).split()
            quoted = "".join(char if char.isalnum() else " " for char in shown["quote"].lower()).split()
            assert set(quoted) <= set(words), name
    assert summary["data"]["day"] in {"Saturday", None}
