"""How much there may be of everything: /v1/limits."""

from __future__ import annotations

from typing import Final, Literal

from agent.api.events import MOST as MOST_EVENTS
from agent.api.house import House
from agent.api.json_body import MAX_DEPTH
from agent.api.listeners import MAX_LISTENERS, MAX_PER_CALL
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.paging import MAX_ITEMS
from agent.api.problem_types import MAX_BODY_BYTES
from agent.api.rate_limit import RateLimit
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.dialog.text_turns import AT_ONCE
from agent.store.api_keys import Scope

EXAMPLE: Final = {
    "object": "limits",
    "calls": {"max": 6, "learned": True, "in_use": 3, "waiting": 0, "rule": "busy", "max_waiting": 10},
    "requests": {"max": 600, "window_seconds": 60},
    "listeners": {"max": 20, "max_per_call": 4, "in_use": 0},
    "agent_turns": {"max_at_once": 2},
    "sizes": {"body_bytes": 1000000, "json_depth": 32, "page_items": 100, "page_events": 1000},
    "retention": {"recordings_days": 30, "transcripts_days": 90, "personal_data_days": 365, "events_days": 90},
}


class CallLimits(ResponseModel):
    """Calls at once on this server."""

    max: int
    """As it is now."""
    learned: bool
    """From how long callers wait for answers; false: `capacity.max_calls` says it."""
    in_use: int
    waiting: int
    """Callers who wait for a place."""
    rule: Literal["busy", "announce", "fallback"]
    """What becomes of further callers."""
    max_waiting: int


class RequestLimits(ResponseModel):
    """Requests of each key; the header `RateLimit` of every answer says how many are left."""

    max: int
    """At once; as many come back in the course of the window."""
    window_seconds: int


class ListenerLimits(ResponseModel):
    """Who may listen to live calls."""

    max: int
    max_per_call: int
    in_use: int


class TurnLimits(ResponseModel):
    """Turns without a telephone."""

    max_at_once: int


class SizeLimits(ResponseModel):
    """How large things may be."""

    body_bytes: int
    json_depth: int
    page_items: int
    page_events: int


class RetentionLimits(ResponseModel):
    """For how many days after a call something is kept; 0: for ever."""

    recordings_days: float
    transcripts_days: float
    personal_data_days: float
    events_days: float


class ServerLimits(ResponseModel):
    """How much there may be of everything."""

    object: Literal["limits"] = "limits"
    calls: CallLimits
    requests: RequestLimits
    listeners: ListenerLimits
    agent_turns: TurnLimits
    sizes: SizeLimits
    retention: RetentionLimits


class Limits:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def get(self, _request: ApiRequest[NoBody, NoQuery]) -> ServerLimits:
        """As they are now."""
        house, places = self._house, self._house.places
        capacity, rate = house.settings.capacity, RateLimit(house.settings.http.requests_per_minute)
        return ServerLimits(
            calls=CallLimits(
                max=places.limit,
                learned=capacity.max_calls == 0,
                in_use=places.taken,
                waiting=places.waiting,
                rule=capacity.rule,
                max_waiting=capacity.queue_calls if capacity.rule == "announce" else 0,
            ),
            requests=RequestLimits(max=rate.requests, window_seconds=rate.window_s),
            listeners=ListenerLimits(max=MAX_LISTENERS, max_per_call=MAX_PER_CALL, in_use=len(house.listeners)),
            agent_turns=TurnLimits(max_at_once=AT_ONCE),
            sizes=SizeLimits(
                body_bytes=MAX_BODY_BYTES, json_depth=MAX_DEPTH, page_items=MAX_ITEMS, page_events=MOST_EVENTS
            ),
            retention=RetentionLimits.model_validate(house.settings.retention, from_attributes=True),
        )

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="GET", path="/limits", name="get_limits", tag="System", summary="How much may be",
                handler=self.get, scope=Scope.READ, response=ServerLimits, response_example=EXAMPLE,
            )
        ]  # fmt: skip
