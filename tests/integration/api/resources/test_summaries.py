"""What is worked out after a call, over the API; and what is being said, to those who follow."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.domain.after_call import AfterCall
from agent.domain.call import CallStatus, EndedReason, transition
from agent.domain.event_types import EventType
from agent.domain.events import TurnEnded
from agent.domain.partial_transcript import PartialTranscript
from agent.domain.turns import Speaker, Turn
from agent.store import agents, summaries
from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import DESK, Office
from tests.integration.api.resources.test_calls import HOSTILE, NOW, changed, ringing

EXTRACT = {"type": "object", "properties": {"name": {"type": "string"}}}


async def ended(office: Office, call_id: str = "call_1", **after_call: Any) -> None:
    """A whole call of an agent that wants this afterwards."""
    async with office.house.store.write() as connection:
        desk = await agents.get_by_name(connection, "desk")
        assert desk is not None
        wanting = DESK.model_copy(update={"after_call": AfterCall(**after_call)})
        revised = await agents.revise(connection, desk.id, wanting, now=NOW)
        assert revised is not None
    call = ringing(call_id, agent_version=revised.version)
    answered = transition(call, CallStatus.IN_PROGRESS, at=NOW)
    over = transition(answered, CallStatus.COMPLETED, at=NOW, reason=EndedReason.CALLER_HANGUP)
    await office.happens(changed(call), changed(answered), changed(over))


async def test_a_summary_can_be_looked_at_and_made_again(office: Office) -> None:
    await ended(office, summary=True, outcomes=["booked"])
    status, shown = await office.send("GET", "/v1/calls/call_1/summary", scope=Scope.READ)
    assert (status, shown["status"], shown["text"], shown["attempts"]) == (200, "pending", None, 0)
    _, call = await office.send("GET", "/v1/calls/call_1")
    _, listed = await office.send("GET", "/v1/calls")
    assert call["summary"] == listed["data"][0]["summary"] == shown
    async with office.house.store.write() as connection:
        job = await summaries.claim(connection, worker="one/1", now=datetime.now(UTC), until=NOW + timedelta(days=9))
        assert job is not None
        await summaries.fail(connection, job, "llm_error", worker="one/1", now=NOW, again_at=None)
    _, failed = await office.send("GET", "/v1/calls/call_1/summary")
    assert (failed["status"], failed["error_code"], failed["attempts"]) == ("failed", "llm_error", 1)
    status, problem = await office.send("POST", "/v1/calls/call_1/summary/retry", scope=Scope.READ)
    assert (status, problem["code"]) == (403, "missing_scope")
    assert office.woken == []
    status, again = await office.send("POST", "/v1/calls/call_1/summary/retry", scope=Scope.CALLS)
    assert (status, again["status"], again["error_code"], again["attempts"]) == (202, "pending", None, 0)
    assert office.woken == [None]


async def test_a_call_without_a_summary_has_none(office: Office) -> None:
    await office.happens(changed(ringing()))
    await ended(office, "call_2")
    for call_id in ("call_1", "call_2", "call_9"):
        for method, path in (("GET", "summary"), ("POST", "summary/retry")):
            status, problem = await office.send(method, f"/v1/calls/{call_id}/{path}")
            assert (status, problem["code"]) == (404, "not_found")
    _, call = await office.send("GET", "/v1/calls/call_2")
    assert call["summary"] is None


async def test_an_agent_says_what_it_wants_and_what_cannot_be_is_named(office: Office) -> None:
    wanted = {"summary": True, "outcomes": ["booked", HOSTILE["sql"]], "extract": EXTRACT}
    body = {"name": "clerk", "greeting": "Hello.", "instructions": "Be brief.", "after_call": wanted}
    status, agent = await office.send("POST", "/v1/agents", body)
    assert (status, agent["after_call"]) == (201, wanted)
    status, changed_agent = await office.send("PATCH", f"/v1/agents/{agent['id']}", {"after_call": {"summary": False}})
    assert (status, changed_agent["after_call"]) == (200, {"summary": False, "outcomes": [], "extract": None})
    for bad in (
        {"extract": {"type": "object", "properties": {"name": {"type": "string", "pattern": "(a+)+$"}}}},
        {"extract": {"type": "object", "properties": {"name": {"$ref": "http://127.0.0.1:1/schema"}}}},
        {"extract": {"type": "object"}},
        {"outcomes": ["booked", "booked"]},
        {"outcome": ["booked"]},
    ):
        status, problem = await office.send("POST", "/v1/agents", {**body, "name": "other", "after_call": bad})
        assert (status, problem["code"]) == (422, "validation_failed")
        assert problem["errors"][0]["field"].startswith("after_call."), problem


async def test_the_transcript_tells_what_was_heard_and_what_would_have_been_said(office: Office) -> None:
    cut = Turn(
        0, Speaker.AGENT, "Good day, this is", 0.1, 1.2, interrupted=True, intended="Good day, this is the desk."
    )
    await office.happens(changed(ringing()), TurnEnded("call_1", NOW, turn=cut))
    _, transcript = await office.send("GET", "/v1/calls/call_1/transcript")
    turn = transcript["turns"][0]
    assert (turn["text"], turn["intended"], turn["interrupted"]) == (cut.text, cut.intended, True)
    _, events = await office.send("GET", "/v1/calls/call_1/events")
    assert events["data"][-1]["data"]["turn"] == turn


def partial(text: str, speaker: Speaker = Speaker.CALLER, call_id: str = "call_1") -> PartialTranscript:
    return PartialTranscript(call_id, NOW, speaker, text)


async def read(stream: Any, number: int) -> list[tuple[str, str | None, Any]]:
    """So many events: type, id, data."""
    found: list[tuple[str, str | None, Any]] = []
    fields: dict[str, str] = {}
    while len(found) < number:
        line = (await asyncio.wait_for(stream.content.readline(), 60)).decode().rstrip("\n")
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
            fields = {}
        elif not line:
            fields = {}
    return found


async def test_who_follows_a_call_sees_what_is_being_said_and_only_that_of_this_call(office: Office) -> None:
    await office.happens(changed(ringing()))
    hub, headers = office.house.hub, {"Authorization": f"Bearer {office.secrets[Scope.READ]}"}
    hub.partial(partial("Nobody listens."))
    async with office.client.get("/v1/calls/call_1/events/stream", headers=headers) as stream:
        assert [kind for kind, _, _ in await read(stream, 2)] == ["call.created", "call.ringing"]
        assert hub.wanted
        hub.partial(partial("Another call.", call_id="call_2"))
        hub.partial(partial(HOSTILE["html"] + "\n\ndata: x"))
        ((kind, number, told),) = await read(stream, 1)
        assert (kind, number) == ("call.transcript.partial", None)
        assert told == {
            "object": "event",
            "type": "call.transcript.partial",
            "timestamp": "2026-11-27T12:00:00Z",
            "call_id": "call_1",
            "data": {"speaker": "caller", "text": HOSTILE["html"] + "\n\ndata: x"},
        }
        await office.happens(changed(transition(ringing(), CallStatus.IN_PROGRESS, at=NOW)))
        assert [(kind, number) for kind, number, _ in await read(stream, 1)] == [("call.answered", "3")]


async def test_partials_are_not_kept_and_a_stream_that_is_taken_up_again_misses_no_event(office: Office) -> None:
    await office.happens(changed(ringing()))
    headers = {"Authorization": f"Bearer {office.secrets[Scope.READ]}"}
    async with office.client.get("/v1/calls/call_1/events/stream", headers=headers) as stream:
        await read(stream, 2)
        office.house.hub.partial(partial("When do"))
        last = [number for _, number, _ in await read(stream, 1)]
    assert last == [None]
    await office.happens(changed(transition(ringing(), CallStatus.IN_PROGRESS, at=NOW)))
    again = {**headers, "Last-Event-ID": "2"}
    async with office.client.get("/v1/calls/call_1/events/stream", headers=again) as stream:
        assert [kind for kind, _, _ in await read(stream, 1)] == ["call.answered"]
    _, events = await office.send("GET", "/v1/calls/call_1/events")
    assert {event["type"] for event in events["data"]}.isdisjoint({"call.transcript.partial"})


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("/v1/calls/call_1/events/stream", True),
        ("/v1/calls/call_1/events/stream?partials=false", False),
        ("/v1/events/stream", False),
        ("/v1/events/stream?partials=true", True),
    ],
)
async def test_partials_are_told_where_they_are_wanted(office: Office, path: str, takes: bool) -> None:
    await office.happens(changed(ringing()))
    headers = {"Authorization": f"Bearer {office.secrets[Scope.READ]}"}
    async with office.client.get(path, headers=headers) as stream:
        await stream.content.readline()
        if "events/stream" in path:
            await office.happens(
                changed(transition(ringing(), CallStatus.CANCELED, at=NOW, reason=EndedReason.CANCELED))
            )
        await read(stream, 1)  # it is followed by now
        assert office.house.hub.wanted is takes


async def test_a_slow_reader_misses_partials_and_keeps_nobody_waiting(office: Office) -> None:
    hub = office.house.hub
    await office.happens(changed(ringing()))
    news = hub.follow(0, call_id="call_1", partials=True)
    assert len((await anext(news)).events) == 2
    for number in range(100_000):
        hub.partial(partial(f"word {number}"))
        hub.partial(partial(f"answer {number}", Speaker.AGENT))
    held = await anext(news)
    assert [partial.text for partial in held.partials] == ["word 99999", "answer 99999"]
    assert held.events == []
    await news.aclose()
    assert not hub.wanted


async def test_events_of_other_processes_are_seen_also_while_somebody_speaks_without_a_pause(office: Office) -> None:
    hub = office.house.hub
    await office.happens(changed(ringing()))
    news = hub.follow(0, call_id="call_1", partials=True)
    await anext(news)
    told, hub.told = hub.told, lambda _events: None  # type: ignore[method-assign]
    await office.happens(changed(transition(ringing(), CallStatus.IN_PROGRESS, at=NOW)))
    hub.told = told  # type: ignore[method-assign]
    types: list[str] = []
    while EventType.CALL_ANSWERED not in types:
        hub.partial(partial("and"))
        types += [event.type for event in (await anext(news)).events]
    await news.aclose()
