"""Where the caller of a call under way goes: /v1/calls/{id}/transfer, /hold, /resume."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import StringConstraints

from agent.api.call_actions import CALL_BUSY, CALL_HANDED_OVER, Accepted
from agent.api.calls import ID, not_live
from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel
from agent.api.problem_types import WRONG_STATE
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.agent import AgentRef
from agent.domain.transfer import (
    DestinationName,
    RequestedBy,
    TransferDestination,
    TransferKind,
    TransferMode,
    TransferStatus,
)
from agent.domain.transfer_resource import TransferResource
from agent.errors import TelephonyError
from agent.store.api_keys import Scope
from agent.telephony.live_calls import NotLiveError

UNKNOWN_DESTINATION = ProblemType(
    "unknown_destination", 422, "The agent has no such destination", "Use a name of its `call_control.destinations`."
)
TRANSFER_UNDER_WAY = ProblemType(
    "transfer_under_way", 409, "The caller is being transferred", "Wait for `call.transfer.completed` or `….failed`."
)
CALL_ON_HOLD = ProblemType("call_on_hold", 409, "The caller is on hold", "Resume the call first.")
CALL_NOT_ON_HOLD = ProblemType("call_not_on_hold", 409, "The caller is not on hold", "Nothing has to be resumed.")
_KINDS = {
    problem.code: problem
    for problem in (CALL_BUSY, TRANSFER_UNDER_WAY, CALL_ON_HOLD, CALL_NOT_ON_HOLD, CALL_HANDED_OVER)
}
_PROBLEMS = (WRONG_STATE, CALL_BUSY, TRANSFER_UNDER_WAY, CALL_ON_HOLD, CALL_HANDED_OVER)
EXAMPLE = TransferResource(
    id="trf_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    destination="front-desk",
    kind=TransferKind.ATTENDED,
    mode=TransferMode.BRIDGE,
    requested_by=RequestedBy.API,
    status=TransferStatus.STARTED,
    started_at=datetime(2026, 11, 27, 9, 30, 40, tzinfo=UTC),
).as_json()


class TransferRequest(RequestModel):
    """Where to, by the name that the agent has for it."""

    destination: DestinationName
    """One of the agent's `call_control.destinations`."""
    kind: TransferKind | None = None
    """Null: as the destination says."""
    briefing: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    """For an attended one, what the caller wants, as it is told to whoever answers; empty: the model's summary."""


class CallControl:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def transfer(self, request: ApiRequest[TransferRequest, NoQuery]) -> TransferResource:
        """Hand the caller over as soon as neither side speaks."""
        call_id, body = request.path["id"], request.body
        try:
            destination = self._destination(call_id, body.destination)
            transfer = self._house.live.transfer(call_id, destination, kind=body.kind, briefing=body.briefing)
        except TelephonyError as error:
            raise await self._problem(call_id, error) from None
        await self._house.recorder.flush()
        return TransferResource.of(transfer)

    async def hold(self, request: ApiRequest[NoBody, NoQuery]) -> Accepted:
        """Let the caller wait with music."""
        call_id = request.path["id"]
        try:
            self._house.live.hold(call_id)
        except TelephonyError as error:
            raise await self._problem(call_id, error) from None
        return Accepted(call_id=call_id)

    async def resume(self, request: ApiRequest[NoBody, NoQuery]) -> Accepted:
        """Bring the caller back."""
        call_id = request.path["id"]
        try:
            self._house.live.resume(call_id)
        except TelephonyError as error:
            raise await self._problem(call_id, error) from None
        return Accepted(call_id=call_id)

    def _destination(self, call_id: str, name: str) -> TransferDestination:
        call = self._house.live.call(call_id)
        control = self._house.registry.agent(AgentRef(call.agent, call.agent_version)).call_control
        destination = control.destination(name)
        if destination is None:
            known = ", ".join(known.name for known in control.destinations) or "none"
            raise UNKNOWN_DESTINATION.problem(f"{call.agent} has no destination {name!r}; it has: {known}.")
        return destination

    async def _problem(self, call_id: str, error: TelephonyError) -> Exception:
        if isinstance(error, NotLiveError):
            return await not_live(self._house, call_id)
        return _KINDS.get(error.code, WRONG_STATE).problem(str(error))

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {
            "method": "POST",
            "tag": "Live calls",
            "scope": Scope.CALLS,
            "path_parameters": ID,
            "status": 202,
        }
        accepted: dict[str, Any] = {
            "response": Accepted,
            "response_example": {"object": "accepted", "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4"},
            "request": NoBody,
            "request_example": {},
        }
        return [
            Route(
                path="/calls/{id}/transfer", name="transfer_call", summary="Transfer the caller",
                handler=self.transfer, request=TransferRequest, response=TransferResource,
                problems=(*_PROBLEMS, UNKNOWN_DESTINATION), response_example=EXAMPLE,
                request_example={"destination": "front-desk", "kind": "attended"},
                description="The agent announces it and is heard to the end; then the destination is called. "
                "`call.transfer.completed` or `call.transfer.failed` tells what came of it; a caller who was not "
                "connected is back with the agent.",
                **alike,
            ),
            Route(
                path="/calls/{id}/hold", name="hold_call", summary="Put the caller on hold", handler=self.hold,
                problems=_PROBLEMS, description="The agent falls silent and the caller hears music. Neither hears the "
                "other until `resume`.", **accepted, **alike,
            ),
            Route(
                path="/calls/{id}/resume", name="resume_call", summary="Take the caller off hold",
                handler=self.resume, problems=(WRONG_STATE, CALL_NOT_ON_HOLD), **accepted, **alike,
            ),
        ]  # fmt: skip
