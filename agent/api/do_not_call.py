"""Numbers that are never called: /v1/do_not_call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import StringConstraints

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.store import do_not_call
from agent.store.api_keys import Scope
from agent.store.do_not_call import DoNotCall
from agent.store.keyset import Position

ID: Final = {"id": "Id of the entry."}
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{1,14}$")]
EXAMPLE: Final = {
    "object": "do_not_call",
    "id": "dnc_01JDQ3X1C8E5G7J9L2N4Q6S8U0",
    "number": "+493012345678",
    "source": "spoken",
    "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "note": "",
    "created_at": "2026-11-27T09:31:13Z",
}


class DoNotCallRequest(RequestModel):
    """A number that is not to be called again."""

    number: E164
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class DoNotCallQuery(PageQuery):
    """Which entries."""

    number: str | None = None
    """In E.164: that of this number alone. Write the plus as %2B."""


class DoNotCallResource(ResponseModel):
    """A number that is not called, and how it came to the list."""

    object: Literal["do_not_call"] = "do_not_call"
    id: str
    number: str
    source: Literal["api", "spoken"]
    """`spoken`: its owner said so in a call."""
    call_id: str | None
    """That call; null where it was erased."""
    note: str
    created_at: datetime

    @classmethod
    def of(cls, entry: DoNotCall) -> DoNotCallResource:
        """For the public."""
        return cls.model_validate(entry, from_attributes=True)


class DoNotCallList:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_entries(self, request: ApiRequest[NoBody, DoNotCallQuery]) -> Page[DoNotCallResource]:
        """A page of them."""
        query = request.query
        async with self._house.store.read() as connection:
            rows = await do_not_call.listed(
                connection,
                limit=query.limit,
                number=query.number,
                after=query.cursor,
                descending=query.order == "desc",
            )
        return page_of(rows, query, item=DoNotCallResource.of, position=lambda one: Position(one.created_at, one.id))

    async def add(self, request: ApiRequest[DoNotCallRequest, NoQuery]) -> DoNotCallResource:
        """Never call a number again. One that is there already stays as it is."""
        async with self._house.store.write() as connection:
            await self._house.store.lock_orders(connection)
            entry = await do_not_call.add(
                self._house.store,
                connection,
                request.body.number,
                source=do_not_call.API,
                now=self._house.now(),
                note=request.body.note,
            )
        return DoNotCallResource.of(entry)

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> DoNotCallResource:
        """One entry."""
        async with self._house.store.read() as connection:
            entry = await do_not_call.get(connection, request.path["id"])
        if entry is None:
            raise _no_entry(request.path["id"])
        return DoNotCallResource.of(entry)

    async def remove(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """The number may be called again."""
        async with self._house.store.write() as connection:
            if not await do_not_call.remove(connection, request.path["id"]):
                raise _no_entry(request.path["id"])

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        tag = "Do not call"
        alike: dict[str, Any] = {"tag": tag, "response": DoNotCallResource, "response_example": EXAMPLE}
        return [
            Route(
                method="GET", path="/do_not_call", name="list_do_not_call", tag=tag,
                summary="List numbers that are not called", handler=self.list_entries, scope=Scope.READ,
                query=DoNotCallQuery, response=Page[DoNotCallResource],
            ),
            Route(
                method="POST", path="/do_not_call", name="add_do_not_call", summary="Never call a number again",
                handler=self.add, scope=Scope.CALLS, request=DoNotCallRequest, status=201,
                request_example={"number": "+493012345678", "note": "Wrote to us on 27 November."},
                description="Calls to it that wait in the queue fail when their turn comes. May be repeated.", **alike,
            ),
            Route(
                method="GET", path="/do_not_call/{id}", name="get_do_not_call", summary="Get an entry",
                handler=self.get, scope=Scope.READ, path_parameters=ID, **alike,
            ),
            Route(
                method="DELETE", path="/do_not_call/{id}", name="remove_do_not_call", tag=tag,
                summary="Let a number be called again", handler=self.remove, scope=Scope.ADMIN, path_parameters=ID,
            ),
        ]  # fmt: skip


def _no_entry(entry_id: str) -> Exception:
    return NOT_FOUND.problem(f"There is no entry {entry_id[:60]!r}.")
