"""Calls: /v1/calls."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND, WRONG_STATE
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.call import CallStatus, Direction
from agent.domain.call_resource import CallResource
from agent.recordings.archive import NotOverError
from agent.store import calls
from agent.store.api_keys import Scope
from agent.store.calls import CallFilter
from agent.store.keyset import Position

EXAMPLE = {
    "object": "call",
    "id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "direction": "inbound",
    "status": "completed",
    "ended_reason": "caller_hangup",
    "from": "+493012345678",
    "to": "+493087654321",
    "agent": "receptionist",
    "agent_version": 3,
    "created_at": "2026-11-27T09:30:00Z",
    "answered_at": "2026-11-27T09:30:01Z",
    "ended_at": "2026-11-27T09:31:13.500000Z",
    "duration_seconds": 72.5,
    "answered_by": {
        "by": "person",
        "rule": "short_answer",
        "decided_ms": 1840,
        "heard": "Hello, Ann Ames.",
        "speech_began_ms": 420,
        "speech_ms": 900,
        "beep_ms": None,
    },
    "script": {
        "id": "scr_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
        "version": 2,
        "state": "confirm",
        "outcome": "confirmed",
        "success": True,
        "exit": "done",
        "slots": {"day": "2026-12-01"},
    },
    "latency": {"answers": 4, "p50_ms": 640.0, "p95_ms": 910.0, "max_ms": 910.0},
    "metadata": {"ticket": 4711},
    "variables": {"name": "Ann Ames"},
    "lookup": {"outcome": "answered", "code": None, "duration_ms": 41.7},
    "recording": {
        "object": "recording",
        "status": "ready",
        "consent": "announced",
        "decided_at": "2026-11-27T09:30:04Z",
        "format": "wav",
        "seconds": 69.5,
        "size": 2224044,
    },
}
ID = {"id": "Id of the call."}


class CallQuery(PageQuery):
    """Which calls."""

    status: CallStatus | None = None
    direction: Direction | None = None
    agent: str | None = None
    """Name of the agent."""
    created_after: AwareDatetime | None = None
    """At or after this moment."""
    created_before: AwareDatetime | None = None


class CallPatch(RequestModel):
    """What may be changed of a call."""

    metadata: dict[str, Any]
    """Takes the place of what was there."""


class Calls:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_calls(self, request: ApiRequest[NoBody, CallQuery]) -> Page[CallResource]:
        """A page of calls."""
        query = request.query
        chosen = CallFilter(query.status, query.direction, query.agent, query.created_after, query.created_before)
        async with self._house.store.read() as connection:
            rows = await calls.listed(
                connection, chosen, limit=query.limit, after=query.cursor, descending=query.order == "desc"
            )
        return page_of(rows, query, item=lambda call: call, position=lambda call: Position(call.created_at, call.id))

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> CallResource:
        """One call."""
        return await found(self._house, request.path["id"])

    async def change(self, request: ApiRequest[CallPatch, NoQuery]) -> CallResource:
        """Set its metadata."""
        async with self._house.store.write() as connection:
            changed = await calls.set_metadata(connection, request.path["id"], request.body.metadata)
        if changed is None:
            raise no_call(request.path["id"])
        return changed

    async def erase(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """Take out all that tells who called and what was said."""
        call_id = request.path["id"]
        try:
            await self._house.archive.erase([call_id])
        except LookupError:
            raise no_call(call_id) from None
        except NotOverError as error:
            raise WRONG_STATE.problem(str(error)) from error
        await self._house.archive.forget()

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        one: dict[str, Any] = {
            "tag": "Calls",
            "path_parameters": ID,
            "response": CallResource,
            "response_example": EXAMPLE,
        }
        return [
            Route(
                method="GET", path="/calls", name="list_calls", tag="Calls", summary="List calls",
                handler=self.list_calls, scope=Scope.READ, query=CallQuery, response=Page[CallResource],
            ),
            Route(
                method="GET", path="/calls/{id}", name="get_call", summary="Get a call",
                handler=self.get, scope=Scope.READ, **one,
            ),
            Route(
                method="PATCH", path="/calls/{id}", name="update_call", summary="Set a call's metadata",
                handler=self.change, scope=Scope.CALLS, request=CallPatch,
                request_example={"metadata": {"ticket": 4711}}, **one,
            ),
            Route(
                method="DELETE", path="/calls/{id}", name="erase_call", summary="Erase who called and what was said",
                handler=self.erase, scope=Scope.ADMIN, tag="Calls", path_parameters=ID, problems=(WRONG_STATE,),
                description="Numbers, metadata, variables, transcript, recording, and what events tell of them; "
                "`erased_at` is set. Times and figures stay. May be repeated. A call that goes on is 409.",
            ),
        ]  # fmt: skip


async def found(house: House, call_id: str) -> CallResource:
    """The call of that id. Raises ApiProblem (404)."""
    async with house.store.read() as connection:
        call = await calls.get(connection, call_id)
    if call is None:
        raise no_call(call_id)
    return call


async def not_live(house: House, call_id: str) -> Exception:
    """What to raise where a call that is under way here was needed. Raises ApiProblem (404)."""
    call = await found(house, call_id)
    return WRONG_STATE.problem(f"The call is {call.status}; this needs a call that is in-progress on this server.")


def no_call(call_id: str) -> Exception:
    """What to raise for a call that there is not."""
    return NOT_FOUND.problem(f"There is no call {call_id[:60]!r}.")
