"""Phone numbers: /v1/phone_numbers. Which agent answers which number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.validation import refused
from agent.domain.tools import HttpUrl
from agent.errors import WebhookError
from agent.store import agents, phone_numbers
from agent.store.agents import API
from agent.store.api_keys import Scope
from agent.store.keyset import Position
from agent.store.phone_numbers import PhoneNumber

ID = {"id": "Id of the phone number."}
TAKEN = ProblemType("number_taken", 409, "The number is there already", "Change that one.")
FROM_FILE = ProblemType(
    "number_from_file", 409, "The number is kept in the configuration", "Change agents.numbers and restart the server."
)
EXAMPLE = {"number": "+493012345678", "agent_id": "agt_01JDQ3W8Z5K7M2N4P6R8T0V2X4"}
NUMBER = {
    **EXAMPLE,
    "object": "phone_number",
    "id": "pn_01JDQ3X1C8E5G7J9L2N4Q6S8U0",
    "agent": "receptionist",
    "source": "api",
    "lookup_url": "https://rails.example.com/phone_agent/questions",
    "metadata": {"branch": "Mitte"},
    "created_at": "2026-11-20T08:05:00Z",
    "updated_at": "2026-11-20T08:05:00Z",
}
Dialled = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,15}$")]
AgentId = Annotated[str, StringConstraints(pattern=r"^agt_[0-9A-Z]{26}$")]


class PhoneNumberRequest(RequestModel):
    """A number of yours."""

    number: Dialled
    """As your Asterisk hands it over: what the caller dialled, E.164 or an extension."""
    agent_id: AgentId
    lookup_url: HttpUrl = ""
    """Your application, which is asked who takes each call to this number (`agent.lookup`); empty: that of
    `webhooks.lookup_url` in the configuration."""
    metadata: dict[str, Any] = Field(default_factory=dict)


class PhoneNumberQuery(PageQuery):
    """Which numbers."""

    number: str | None = None
    """This one; write its plus as %2B."""


class PhoneNumberPatch(RequestModel):
    """What is to be different."""

    agent_id: AgentId | None = None
    lookup_url: HttpUrl | None = None
    metadata: dict[str, Any] | None = None


class PhoneNumberResource(ResponseModel):
    """A number and who answers it."""

    object: Literal["phone_number"] = "phone_number"
    id: str
    number: str
    agent_id: str
    agent: str
    """The agent's name."""
    source: Literal["file", "api"]
    lookup_url: str
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, stored: PhoneNumber) -> PhoneNumberResource:
        """For the public."""
        return cls.model_validate(stored, from_attributes=True)


class PhoneNumbers:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_numbers(self, request: ApiRequest[NoBody, PhoneNumberQuery]) -> Page[PhoneNumberResource]:
        """A page of them."""
        query = request.query
        async with self._house.store.read() as connection:
            rows = await phone_numbers.listed(
                connection,
                limit=query.limit,
                after=query.cursor,
                descending=query.order == "desc",
                number=query.number,
            )
        return page_of(rows, query, item=PhoneNumberResource.of, position=lambda one: Position(one.created_at, one.id))

    async def create(self, request: ApiRequest[PhoneNumberRequest, NoQuery]) -> PhoneNumberResource:
        """Have an agent answer a number, from the next call on."""
        body = request.body
        if request.attempt.made is not None:
            await self._house.registry_changed()
            async with self._house.store.read() as connection:
                return PhoneNumberResource.of(await _there(connection, request.attempt.made))
        await self._check_url(body.lookup_url)
        try:
            async with self._house.store.write() as connection:
                await _check_agent(connection, body.agent_id)
                stored = await phone_numbers.create(
                    connection,
                    body.number,
                    body.agent_id,
                    source=API,
                    now=self._house.now(),
                    lookup_url=body.lookup_url,
                    metadata=body.metadata,
                )
                await request.attempt.makes(connection, stored.id)
        except IntegrityError:
            raise TAKEN.problem(f"{body.number} leads to an agent already.") from None
        await self._house.registry_changed()
        return PhoneNumberResource.of(stored)

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> PhoneNumberResource:
        """One number."""
        async with self._house.store.read() as connection:
            return PhoneNumberResource.of(await _there(connection, request.path["id"]))

    async def change(self, request: ApiRequest[PhoneNumberPatch, NoQuery]) -> PhoneNumberResource:
        """Let another agent answer it."""
        number_id, body = request.path["id"], request.body
        await self._check_url(body.lookup_url)
        async with self._house.store.write() as connection:
            stored = await _there(connection, number_id)
            if body.agent_id is not None:
                _check_changeable(stored)
                await _check_agent(connection, body.agent_id)
            changed = await phone_numbers.change(
                connection,
                number_id,
                now=self._house.now(),
                agent_id=body.agent_id,
                lookup_url=body.lookup_url,
                metadata=body.metadata,
            )
        await self._house.registry_changed()
        return PhoneNumberResource.of(changed or stored)

    async def delete(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """Nobody answers it any more, unless there is a default."""
        async with self._house.store.write() as connection:
            _check_changeable(await _there(connection, request.path["id"]))
            await phone_numbers.remove(connection, request.path["id"])
        await self._house.registry_changed()

    async def _check_url(self, url: str | None) -> None:
        if not url:
            return
        try:
            await self._house.webhooks.check_asked(url)
        except WebhookError as error:
            raise refused("lookup_url", "body", str(error), error.code) from None

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Phone numbers", "response": PhoneNumberResource, "response_example": NUMBER}
        one: dict[str, Any] = {**alike, "path": "/phone_numbers/{id}", "path_parameters": ID}
        return [
            Route(
                method="GET", path="/phone_numbers", name="list_phone_numbers", tag="Phone numbers",
                summary="List phone numbers", handler=self.list_numbers, scope=Scope.READ, query=PhoneNumberQuery,
                response=Page[PhoneNumberResource],
            ),
            Route(
                method="POST", path="/phone_numbers", name="create_phone_number", summary="Add a phone number",
                handler=self.create, scope=Scope.ADMIN, request=PhoneNumberRequest, request_example=EXAMPLE,
                status=201, problems=(TAKEN,), **alike,
            ),
            Route(
                method="GET", name="get_phone_number", summary="Get a phone number", handler=self.get,
                scope=Scope.READ, **one,
            ),
            Route(
                method="PATCH", name="update_phone_number", summary="Change a phone number", handler=self.change,
                scope=Scope.ADMIN, request=PhoneNumberPatch, problems=(FROM_FILE,),
                request_example={"metadata": {"branch": "Mitte"}}, **one,
            ),
            Route(
                method="DELETE", path="/phone_numbers/{id}", name="delete_phone_number", tag="Phone numbers",
                summary="Remove a phone number", handler=self.delete, scope=Scope.ADMIN, path_parameters=ID,
                problems=(FROM_FILE,),
            ),
        ]  # fmt: skip


async def _there(connection: AsyncConnection, number_id: str) -> PhoneNumber:
    stored = await phone_numbers.get(connection, number_id)
    if stored is None:
        raise NOT_FOUND.problem(f"There is no phone number {number_id[:60]!r}.")
    return stored


async def _check_agent(connection: AsyncConnection, agent_id: str) -> None:
    if await agents.get(connection, agent_id) is None:
        raise refused("agent_id", "body", f"There is no agent {agent_id}.", "unknown_agent")


def _check_changeable(stored: PhoneNumber) -> None:
    if stored.source != API:
        raise FROM_FILE.problem(f"{stored.number} stands in agents.numbers of the configuration; change it there.")
