"""Events, to be listed and followed: /v1/calls/{id}/events, /v1/calls/{id}/events/stream, /v1/events/stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Any, Final, Literal

from aiohttp import web
from pydantic import Field

from agent.api.calls import ID, found
from agent.api.house import House
from agent.api.models import NoBody, QueryModel, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.validation import refused
from agent.domain import partial_transcript
from agent.store import events
from agent.store.api_keys import Scope
from agent.store.events import StoredEvent

MOST = 1000
LARGEST = 2**53 - 1  # what JavaScript counts exactly
DIGITS = 16


EXAMPLE: Final = {
    "object": "event",
    "id": "evt_01JDQ3X4F7H9K1M3P5R7T9V1X3",
    "type": "call.dtmf.received",
    "timestamp": "2026-11-27T09:30:12.250000Z",
    "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "sequence": 5,
    "data": {"digits": "4711"},
}


class EventQuery(QueryModel):
    """From where on."""

    after: int = Field(default=0, ge=0, le=LARGEST)
    """Events with a higher sequence number."""
    limit: int = Field(default=100, ge=1, le=MOST)


class StreamQuery(QueryModel):
    """From where on; the header `Last-Event-ID` goes before it."""

    after: int | None = Field(default=None, ge=0, le=LARGEST)
    """Events with a higher number; none: only those that come from now on (of one call: all of them)."""
    partials: bool | None = None
    """Whether `call.transcript.partial` is told, too: what is being said just now. Unless it is given, by the stream of
    one call and not by that of all."""


class EventResource(ResponseModel):
    """Something that happened."""

    object: Literal["event"] = "event"
    id: str
    type: str
    timestamp: datetime
    call_id: str | None
    sequence: int | None
    """Within its call, from 1, without a gap."""
    data: dict[str, Any]


class EventList(ResponseModel):
    """Events in order."""

    object: Literal["list"] = "list"
    data: list[EventResource]
    has_more: bool


class Events:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_events(self, request: ApiRequest[NoBody, EventQuery]) -> EventList:
        """Events of one call."""
        call = await found(self._house, request.path["id"])
        query = request.query
        async with self._house.store.read() as connection:
            rows = await events.after_sequence(connection, call.id, query.after, limit=query.limit + 1)
        shown = [EventResource.model_validate(row.as_json()) for row in rows[: query.limit]]
        return EventList(data=shown, has_more=len(rows) > query.limit)

    async def follow_call(self, request: ApiRequest[NoBody, StreamQuery]) -> web.StreamResponse:
        """Server-sent events of one call, until the client ends it; `id` is the sequence number."""
        call = await found(self._house, request.path["id"])
        sequence = _last_seen(request) or 0
        async with self._house.store.read() as connection:
            position = await events.position_of(connection, call.id, sequence)
        partials = request.query.partials is not False
        return await self._stream(
            request.http, position, call.id, sequence, lambda event: event.sequence or 0, partials=partials
        )

    async def follow_all(self, request: ApiRequest[NoBody, StreamQuery]) -> web.StreamResponse:
        """Server-sent events of everything; `id` is the position over all calls."""
        position = _last_seen(request)
        if position is None:
            async with self._house.store.read() as connection:
                position = await events.last_position(connection)
        partials = request.query.partials is True
        return await self._stream(
            request.http, position, None, position, lambda event: event.position, partials=partials
        )

    async def _stream(
        self,
        http: web.Request,
        position: int,
        call_id: str | None,
        start: int,
        number: Callable[[StoredEvent], int],
        *,
        partials: bool,
    ) -> web.StreamResponse:
        """`start` is told as the first `id`: a client that breaks off before the first event knows where it was."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(http)
        await response.write(f"retry: 2000\nid: {start}\n\n".encode())
        async with aclosing(self._house.hub.follow(position, call_id=call_id, partials=partials)) as all_news:
            with suppress(ConnectionResetError):  # the client has gone
                async for news in all_news:
                    if not (news.events or news.partials):
                        await response.write(b": alive\n\n")
                    for partial in news.partials:  # without an id: what is taken up again goes on after an event
                        await response.write(_told(partial_transcript.TYPE, partial.as_json()))
                    for event in news.events:
                        await response.write(f"id: {number(event)}\n".encode() + _told(event.type, event.as_json()))
        return response

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        stream = {
            "text/event-stream": "One event after the other, as in the list, and partial transcripts, which have none; "
            "comments keep the line alive."
        }
        return [
            Route(
                method="GET", path="/calls/{id}/events", name="list_call_events", tag="Events",
                summary="List a call's events", handler=self.list_events, scope=Scope.READ, path_parameters=ID,
                query=EventQuery, response=EventList,
                response_example={"object": "list", "data": [EXAMPLE], "has_more": False},
            ),
            Route(
                method="GET", path="/calls/{id}/events/stream", name="follow_call_events", tag="Events",
                summary="Follow a call's events", handler=self.follow_call, scope=Scope.READ, path_parameters=ID,
                query=StreamQuery, media=stream,
            ),
            Route(
                method="GET", path="/events/stream", name="follow_events", tag="Events",
                summary="Follow all events", handler=self.follow_all, scope=Scope.READ, query=StreamQuery,
                media=stream,
            ),
        ]  # fmt: skip


def _told(event_type: str, data: dict[str, Any]) -> bytes:
    return f"event: {event_type}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _last_seen(request: ApiRequest[NoBody, StreamQuery]) -> int | None:
    """Where the client stopped reading. Raises ApiProblem (422)."""
    given = request.http.headers.get("Last-Event-ID", "").strip()
    if not given:
        return request.query.after
    if len(given) > DIGITS or not given.isascii() or not given.isdigit() or int(given) > LARGEST:
        raise refused("Last-Event-ID", "header", "This is no number of an event of ours.", "invalid_value")
    return int(given)
