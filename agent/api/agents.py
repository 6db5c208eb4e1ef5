"""Agents: /v1/agents. Each change makes a new version; calls keep the one that they started with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Optional

from pydantic import ValidationError, create_model
from sqlalchemy.exc import IntegrityError

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.validation import refused
from agent.domain.agent import Agent
from agent.errors import WebhookError
from agent.store import agents, phone_numbers
from agent.store.agents import API, StoredAgent
from agent.store.api_keys import Scope
from agent.store.keyset import Position

ID = {"id": "Id of the agent."}
NAME_TAKEN = ProblemType(
    "name_taken", 409, "There is an agent of that name", "Choose another name, or change that one."
)
FROM_FILE = ProblemType(
    "agent_from_file", 409, "The agent is kept in a file", "Change its file in agents.folder and restart the server."
)
HAS_NUMBERS = ProblemType(
    "agent_has_numbers", 409, "Phone numbers lead to this agent", "Let them lead to another agent first."
)
EXAMPLE = {
    "name": "receptionist",
    "greeting": "Lakeside Dental, good day. How can I help you?",
    "instructions": "You are the receptionist of a dental practice.",
    "facts": ["We are open from eight until six.", "A check-up costs sixty dollars."],
    "tools": [
        {
            "name": "free_times",
            "description": "Tells which appointments are free on a day.",
            "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
            "url": "https://rails.example.com/phone_agent/questions",
            "say": "Let me look at the calendar.",
        }
    ],
    "call_control": {
        "destinations": [
            {
                "name": "front-desk",
                "description": "The people at the practice: for everything that you cannot do yourself.",
                "number": "+493012345678",
                "trunk": "provider",
                "kind": "attended",
            }
        ],
        "tools": ["transfer_call", "end_call"],
    },
    "after_call": {
        "summary": True,
        "outcomes": ["appointment wanted", "question answered"],
        "extract": {"type": "object", "properties": {"name": {"type": "string", "description": "the caller's name"}}},
    },
}


AGENT = {
    **EXAMPLE,
    "tools": [
        {
            "name": "free_times",
            "description": "Tells which appointments are free on a day.",
            "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
            "http": {
                "url": "https://calendar.example.com/days/{day}",
                "method": "GET",
                "secret_headers": {"Authorization": "calendar"},
            },
        }
    ],
    "keys": {"terminator": "#", "timeout_s": 2.5, "max_digits": 32},
    "limits": {"max_duration_s": 900, "silence_prompt_s": 8, "silence_prompts": 2},
    "phrases": {"farewell": "Thank you for calling. Goodbye."},
    "recording": {"consent": "announced", "announcement": "This call is recorded."},
    "voicemail": {
        "detect": True,
        "action": "leave_message",
        "message": "This is Lakeside Dental. Please call us back.",
        "beep_wait_s": 4,
        "longest_greeting_s": 60,
    },
    "object": "agent",
    "id": "agt_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "version": 3,
    "source": "api",
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-26T16:20:00Z",
}


class AgentRequest(Agent, RequestModel):
    """A persona. What is left out takes its default."""


class AgentPatch(RequestModel):
    """What is to be different."""


_AgentPatch: type[AgentPatch] = create_model(
    "AgentPatch",
    __base__=AgentPatch,
    **{
        name: (Optional[field.rebuild_annotation()], None)  # noqa: UP045 - the annotation is a value here
        for name, field in Agent.model_fields.items()
    },  # type: ignore[call-overload]  # fields made from those of Agent
)


class AgentResource(Agent, ResponseModel):
    """One version of an agent."""

    object: Literal["agent"] = "agent"
    id: str
    version: int
    source: Literal["file", "api"]
    """Where it is kept. Agents of files are changed there."""
    created_at: datetime
    updated_at: datetime
    """When this version was made."""

    @classmethod
    def of(cls, stored: StoredAgent) -> AgentResource:
        """For the public."""
        return cls.model_validate(
            {
                **stored.definition,
                "id": stored.id,
                "version": stored.version,
                "source": stored.source,
                "created_at": stored.created_at,
                "updated_at": stored.updated_at,
            }
        )


class AgentQuery(PageQuery):
    """Which agents."""

    name: str | None = None
    """The one of this name."""


class AgentVersions(ResponseModel):
    """All versions of one agent, the latest first."""

    object: Literal["list"] = "list"
    data: list[AgentResource]


class Agents:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_agents(self, request: ApiRequest[NoBody, AgentQuery]) -> Page[AgentResource]:
        """The latest version of each."""
        query = request.query
        async with self._house.store.read() as connection:
            rows = await agents.listed(
                connection, limit=query.limit, after=query.cursor, descending=query.order == "desc", name=query.name
            )
        return page_of(
            rows, query, item=AgentResource.of, position=lambda stored: Position(stored.created_at, stored.id)
        )

    async def create(self, request: ApiRequest[AgentRequest, NoQuery]) -> AgentResource:
        """A new agent, ready to take calls when this is answered."""
        if request.attempt.made is not None:
            return await self._made_before(request.attempt.made)
        agent = Agent.model_validate(request.body.model_dump())
        self._check_destinations(agent)
        await self._check_tools(agent)
        try:
            async with self._house.store.write() as connection:
                stored = await agents.create(connection, agent, source=API, now=self._house.now())
                await request.attempt.makes(connection, stored.id)
        except IntegrityError:
            raise NAME_TAKEN.problem(f"There is an agent named {agent.name} already.") from None
        await self._house.registry_changed()
        return AgentResource.of(stored)

    async def _made_before(self, agent_id: str) -> AgentResource:
        await self._house.registry_changed()
        async with self._house.store.read() as connection:
            return AgentResource.of(_there(await agents.get(connection, agent_id), agent_id))

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> AgentResource:
        """The latest version."""
        async with self._house.store.read() as connection:
            return AgentResource.of(_there(await agents.get(connection, request.path["id"]), request.path["id"]))

    async def versions(self, request: ApiRequest[NoBody, NoQuery]) -> AgentVersions:
        """What it was like before."""
        async with self._house.store.read() as connection:
            found = await agents.versions(connection, request.path["id"])
        if not found:
            raise no_agent(request.path["id"])
        return AgentVersions(data=[AgentResource.of(stored) for stored in found])

    async def change(self, request: ApiRequest[AgentPatch, NoQuery]) -> AgentResource:
        """A new version, for calls that come from now on."""
        agent_id = request.path["id"]
        try:
            async with self._house.store.write() as connection:
                before = _there(await agents.get(connection, agent_id), agent_id)
                _check_changeable(before)
                agent = _patched(before, request.body)
                if "call_control" in request.body.model_fields_set:
                    self._check_destinations(agent)
                if request.body.model_fields_set & {"tools"}:
                    await self._check_tools(agent)
                stored = _there(await agents.revise(connection, agent_id, agent, now=self._house.now()), agent_id)
        except IntegrityError:
            raise NAME_TAKEN.problem() from None
        await self._house.registry_changed()
        return AgentResource.of(stored)

    async def delete(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """It takes no more calls; those under way go on."""
        agent_id = request.path["id"]
        async with self._house.store.write() as connection:
            _check_changeable(_there(await agents.get(connection, agent_id), agent_id))
            numbers = await phone_numbers.of_agent(connection, agent_id)
            if numbers:
                raise HAS_NUMBERS.problem(f"These numbers lead to it: {', '.join(numbers[:5])}.")
            await agents.delete(connection, agent_id, now=self._house.now())
        await self._house.registry_changed()

    def _check_destinations(self, agent: Agent) -> None:
        lost = agent.call_control.out_of_reach(self._house.settings.outbound.trunks)
        if lost is not None:
            message = f"The destination {lost.name} names the trunk {lost.trunk}, which is none of outbound.trunks."
            raise refused("call_control.destinations", "body", message, "unknown_trunk")

    async def _check_tools(self, agent: Agent) -> None:
        try:
            await self._house.webhooks.check_tools(agent)
        except WebhookError as error:
            raise refused("tools", "body", str(error), error.code) from None

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Agents", "response": AgentResource, "response_example": AGENT}
        one: dict[str, Any] = {**alike, "path": "/agents/{id}", "path_parameters": ID}
        return [
            Route(
                method="GET", path="/agents", name="list_agents", tag="Agents", summary="List agents",
                handler=self.list_agents, scope=Scope.READ, query=AgentQuery, response=Page[AgentResource],
            ),
            Route(
                method="POST", path="/agents", name="create_agent", summary="Create an agent", handler=self.create,
                scope=Scope.ADMIN, request=AgentRequest, request_example=EXAMPLE, status=201, problems=(NAME_TAKEN,),
                **alike,
            ),
            Route(
                method="GET", name="get_agent", summary="Get an agent", handler=self.get, scope=Scope.READ, **one,
            ),
            Route(
                method="GET", path="/agents/{id}/versions", name="list_agent_versions", tag="Agents",
                summary="List an agent's versions", handler=self.versions, scope=Scope.READ, path_parameters=ID,
                response=AgentVersions,
            ),
            Route(
                method="PATCH", name="update_agent", summary="Change an agent", handler=self.change,
                scope=Scope.ADMIN, request=_AgentPatch, request_example={"greeting": "Good day."},
                problems=(NAME_TAKEN, FROM_FILE), **one,
            ),
            Route(
                method="DELETE", path="/agents/{id}", name="delete_agent", tag="Agents", summary="Delete an agent",
                handler=self.delete, scope=Scope.ADMIN, path_parameters=ID, problems=(FROM_FILE, HAS_NUMBERS),
            ),
        ]  # fmt: skip


def _patched(before: StoredAgent, patch: AgentPatch) -> Agent:
    """Raises ApiProblem (422) where the whole no longer fits together."""
    try:
        return Agent.model_validate({**before.definition, **patch.model_dump(exclude_unset=True)})
    except ValidationError as error:
        first = error.errors()[0]
        raise refused(".".join(map(str, first["loc"])), "body", first["msg"], "invalid_value") from None


def _there(stored: StoredAgent | None, agent_id: str) -> StoredAgent:
    if stored is None:
        raise no_agent(agent_id)
    return stored


def no_agent(agent_id: str, version: int | None = None) -> Exception:
    """What to raise for an agent, or a version of it, that there is not."""
    of_it = f" with a version {version}" if version else ""
    return NOT_FOUND.problem(f"There is no agent {agent_id[:60]!r}{of_it}.")


def _check_changeable(stored: StoredAgent) -> None:
    if stored.source != API:
        raise FROM_FILE.problem(f"{stored.name} is kept in a file; change it there and restart the server.")
