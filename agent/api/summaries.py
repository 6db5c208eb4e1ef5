"""What was worked out after a call: /v1/calls/{id}/summary, /summary/retry."""

from __future__ import annotations

from agent.api.calls import ID, found
from agent.api.house import House
from agent.api.models import NoBody, NoQuery
from agent.api.problem_types import NOT_FOUND
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.summary_resource import SummaryResource
from agent.store import summaries
from agent.store.api_keys import Scope

EXAMPLE = {
    "object": "summary",
    "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "status": "ready",
    "text": "The caller wanted to move an appointment to Tuesday. The agent asked them to send an e-mail.",
    "outcome": "wants a call back",
    "data": {"name": "Anna Weber", "insurance": None},
    "evidence": {
        "outcome": {"status": "supported", "turns": [5], "quote": "please call me back"},
        "data": {
            "name": {"status": "supported", "turns": [3], "quote": "my name is Anna Weber"},
            "insurance": {"status": "not_found", "turns": []},
        },
    },
    "attempts": 1,
    "requested_at": "2026-11-27T09:31:13.500000Z",
    "finished_at": "2026-11-27T09:31:41.250000Z",
}


class Summaries:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> SummaryResource:
        """The same as `summary` of the call."""
        call = await found(self._house, request.path["id"])
        return _there(call.summary, call.id)

    async def retry(self, request: ApiRequest[NoBody, NoQuery]) -> SummaryResource:
        """Do it again, also where it is ready. One that is pending stays so, and does not wait for its next attempt."""
        call = await found(self._house, request.path["id"])
        async with self._house.store.write() as connection:
            again = _there(await summaries.retry(connection, call.id, now=self._house.now()), call.id)
        self._house.wake_clerk()
        return again

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="GET", path="/calls/{id}/summary", name="get_summary", tag="Calls",
                summary="Get summary, outcome and data", handler=self.get, scope=Scope.READ, path_parameters=ID,
                response=SummaryResource, response_example=EXAMPLE,
            ),
            Route(
                method="POST", path="/calls/{id}/summary/retry", name="retry_summary", tag="Calls",
                summary="Summarize again", handler=self.retry, scope=Scope.CALLS, path_parameters=ID,
                response=SummaryResource, status=202,
            ),
        ]  # fmt: skip


def _there(summary: SummaryResource | None, call_id: str) -> SummaryResource:
    if summary is None:
        raise NOT_FOUND.problem(
            f"There is no summary of {call_id}: the call goes on, was not answered, or its agent has no after_call."
        )
    return summary
