"""What was said: /v1/calls/{id}/transcript."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from agent.api.calls import ID, found
from agent.api.house import House
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.tool_call_resource import ToolCallResource
from agent.domain.turn_resource import TurnResource
from agent.store import tool_calls, turns
from agent.store.api_keys import Scope

EXAMPLE: Final = {
    "object": "transcript",
    "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "complete": True,
    "turns": [
        {
            "object": "turn",
            "index": 2,
            "speaker": "agent",
            "text": "A check-up costs $60.",
            "started_at": 7.94,
            "ended_at": 10.12,
            "interrupted": False,
            "stages_ms": {
                "turn_ended": 552.0,
                "transcribed": 420.5,
                "first_token": 531.2,
                "first_clause": 603.9,
                "first_sound_queued": 655.1,
                "first_sound_played": 671.4,
            },
        }
    ],
    "tool_calls": [
        {
            "object": "tool_call",
            "id": "tool_01JDQ3Z2A4C6E8G0J2L4N6Q8S0",
            "name": "find_order",
            "arguments": {"number": "4711"},
            "status": "succeeded",
            "result": "sent on Tuesday",
            "started_at": 6.31,
            "duration_ms": 84.2,
        }
    ],
}


class Transcript(ResponseModel):
    """All turns that have ended, in order."""

    object: Literal["transcript"] = "transcript"
    call_id: str
    complete: bool
    """The call has ended, so nothing follows."""
    deleted_at: datetime | None = None
    """When it was erased, or became too old: there are no turns any more."""
    turns: list[TurnResource]
    tool_calls: list[ToolCallResource]
    """What the agent had done meanwhile, in the order in which it began."""


class Transcripts:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> Transcript:
        """Also of a call that goes on."""
        call = await found(self._house, request.path["id"])
        async with self._house.store.read() as connection:
            said = await turns.of_call(connection, call.id)
            done = await tool_calls.of_call(connection, call.id)
        return Transcript(
            call_id=call.id,
            complete=call.status.terminal,
            deleted_at=call.transcript_deleted_at,
            turns=[TurnResource.of(turn) for turn in said],
            tool_calls=[ToolCallResource.of(one) for one in done],
        )

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="GET", path="/calls/{id}/transcript", name="get_transcript", tag="Calls",
                summary="Get what was said", handler=self.get, scope=Scope.READ, path_parameters=ID,
                response=Transcript, response_example=EXAMPLE,
            )
        ]  # fmt: skip
