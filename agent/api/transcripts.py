"""What was said: /v1/calls/{id}/transcript."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from agent.api.calls import ID, found
from agent.api.house import House
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.turn_resource import TurnResource
from agent.store import turns
from agent.store.api_keys import Scope


class Transcript(ResponseModel):
    """All turns that have ended, in order."""

    object: Literal["transcript"] = "transcript"
    call_id: str
    complete: bool
    """The call has ended, so nothing follows."""
    deleted_at: datetime | None = None
    """When it was erased, or became too old: there are no turns any more."""
    turns: list[TurnResource]


class Transcripts:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> Transcript:
        """Also of a call that goes on."""
        call = await found(self._house, request.path["id"])
        async with self._house.store.read() as connection:
            said = await turns.of_call(connection, call.id)
        return Transcript(
            call_id=call.id,
            complete=call.status.terminal,
            deleted_at=call.transcript_deleted_at,
            turns=[TurnResource.of(turn) for turn in said],
        )

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="GET", path="/calls/{id}/transcript", name="get_transcript", tag="Calls",
                summary="Get what was said", handler=self.get, scope=Scope.READ, path_parameters=ID,
                response=Transcript,
            )
        ]  # fmt: skip
