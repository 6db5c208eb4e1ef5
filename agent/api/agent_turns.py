"""What an agent would say, without a telephone: /v1/agents/{id}/turns."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from agent.api.agents import ID, no_agent
from agent.api.house import House
from agent.api.models import NoQuery, RequestModel, ResponseModel
from agent.api.problem_types import MODEL_UNAVAILABLE
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.validation import refused
from agent.dialog.text_turns import TextTurn, WrittenMessage, WrittenRole
from agent.domain.briefing import Briefing, briefed
from agent.domain.variables import Variables
from agent.errors import LanguageModelError
from agent.store import agents
from agent.store.agents import StoredAgent
from agent.store.api_keys import Scope

RETRY_AFTER_S: Final = 5
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
EXAMPLE: Final = {
    "messages": [{"role": "agent", "text": "Lakeside Dental, good day. How can I help you?"}],
    "text": "What does a check-up cost?",
}
ANSWER_EXAMPLE: Final = {
    "object": "agent_turn",
    "agent_id": "agt_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "agent": "receptionist",
    "agent_version": 3,
    "text": "A check-up costs $60.",
    "spoken": "A check-up costs sixty dollars.",
    "ends_call": False,
    "opts_out": False,
    "tool_calls": [{"name": "find_order", "arguments": '{"number": "4711"}'}],
    "timings_ms": {"first_token": 210.4, "first_clause": 480.9, "complete": 495.2},
    "messages": [
        {"role": "agent", "text": "Lakeside Dental, good day. How can I help you?"},
        {"role": "caller", "text": "What does a check-up cost?"},
        {"role": "agent", "text": "A check-up costs $60."},
    ],
}


class AgentTurnMessage(RequestModel):
    """What one side said before."""

    role: WrittenRole = Field(strict=False)
    """`hint`: something that the back end lets the model know, and the caller does not hear."""
    text: Words


class AgentTurnRequest(RequestModel):
    """A conversation so far, and what the caller says now. Nothing at all: the agent greets."""

    messages: list[AgentTurnMessage] = Field(default_factory=list, max_length=200)
    """In order; `messages` of the answer before. None: the call has just been answered and the greeting said."""
    text: Words | None = None
    """What the caller says now; left out where the last of `messages` is the caller's."""
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    """Of the agent; none: the latest."""
    variables: Variables = Field(default_factory=dict)
    """As the answer to `agent.lookup` gives them for a call."""


class AgentTurnTimings(ResponseModel):
    """When the model got there, in milliseconds since it was asked; null where it was not."""

    first_token: float | None
    first_clause: float | None
    """The first words that could be spoken."""
    complete: float


class ConversationMessage(ResponseModel):
    """What one side said."""

    role: WrittenRole
    text: str


class ToolRequestResource(ResponseModel):
    """What the model asks for."""

    name: str
    arguments: str
    """JSON, as the model wrote it: not checked yet."""


class AgentTurnResource(ResponseModel):
    """What the agent would say in a call."""

    object: Literal["agent_turn"] = "agent_turn"
    agent_id: str
    agent: str
    agent_version: int
    text: str
    """As the transcript would hold it."""
    spoken: str
    """As the voice would say it: numbers, dates and amounts in words."""
    ends_call: bool
    """It would hang up after this."""
    opts_out: bool
    """The caller's last words ask not to be called again: in a call their number would now be on the do-not-call list.
    Here nothing is put there."""
    tool_calls: list[ToolRequestResource]
    """What the agent would have tools do after these words. Nothing is done here, and no application is asked."""
    timings_ms: AgentTurnTimings
    messages: list[ConversationMessage]
    """The whole conversation with this turn: send it back with the caller's next words."""


class AgentTurns:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def create(self, request: ApiRequest[AgentTurnRequest, NoQuery]) -> AgentTurnResource:
        """By the prompts, the history and the model of calls; callers go first. Nothing of it is kept."""
        agent_id, body = request.path["id"], request.body
        async with self._house.store.read() as connection:
            stored = await agents.get(connection, agent_id, body.version)
        if stored is None:
            raise no_agent(agent_id, body.version)
        agent = briefed(stored.agent, Briefing(variables=body.variables))
        said = [WrittenMessage(message.role, message.text) for message in body.messages]
        greeting = self._house.text_turns.greeting(agent)
        if not said and body.text is None:
            return _answer(stored, said, greeting)
        if not said:
            said.append(WrittenMessage(WrittenRole.AGENT, " ".join(greeting.sentences)))
        if body.text is not None:
            said.append(WrittenMessage(WrittenRole.CALLER, body.text))
        if said[-1].role is not WrittenRole.CALLER:
            raise refused(
                "text", "body", "The last words are not the caller's: there is nothing to answer.", "required"
            )
        try:
            turn = await self._house.text_turns.answer(agent, said)
        except LanguageModelError as error:
            raise MODEL_UNAVAILABLE.problem(str(error), headers={"Retry-After": str(RETRY_AFTER_S)}) from error
        return _answer(stored, said, turn)

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="POST", path="/agents/{id}/turns", name="create_agent_turn", tag="Agents",
                summary="Talk with an agent in writing", handler=self.create, scope=Scope.CALLS, path_parameters=ID,
                request=AgentTurnRequest, request_example=EXAMPLE, response=AgentTurnResource,
                response_example=ANSWER_EXAMPLE, problems=(MODEL_UNAVAILABLE,),
                description="One turn of a conversation without a telephone, to try out what an agent says. By the "
                "prompts, the history and the model of calls; callers go first. Nothing of it is kept: send `messages` "
                "of the answer back with the caller's next words.",
            )
        ]  # fmt: skip


def _answer(stored: StoredAgent, said: list[WrittenMessage], turn: TextTurn) -> AgentTurnResource:
    text = " ".join(turn.sentences)
    return AgentTurnResource(
        agent_id=stored.id,
        agent=stored.name,
        agent_version=stored.version,
        text=text,
        spoken=" ".join(turn.spoken),
        ends_call=turn.ends_call,
        opts_out=turn.opts_out,
        tool_calls=[ToolRequestResource(name=one.name, arguments=one.arguments) for one in turn.requests],
        timings_ms=AgentTurnTimings(
            first_token=_ms(turn.first_token_s),
            first_clause=_ms(turn.first_clause_s),
            complete=_ms(turn.complete_s) or 0.0,
        ),
        messages=[
            ConversationMessage(role=one.role, text=one.text)
            for one in (*said, WrittenMessage(WrittenRole.AGENT, text))
        ],
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
