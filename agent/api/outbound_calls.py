"""Calling out: POST /v1/calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from agent.api.calls import EXAMPLE as CALL
from agent.api.calls import found
from agent.api.house import House
from agent.api.models import NoQuery, RequestModel
from agent.api.outbound_problems import TYPES, problem_of
from agent.api.phone_numbers import AgentId
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.validation import refused
from agent.domain.agent import AgentRef, Name, RecordingConsent
from agent.domain.call_resource import CallResource
from agent.domain.destination import Destination, destination, is_e164
from agent.domain.outbound import RING_TIMEOUT_S, OutboundOrder, ScriptRef
from agent.domain.outbound_rules import OutboundRefusedError
from agent.domain.variables import Variables
from agent.ids import new_call_id
from agent.store import agents, scripts
from agent.store.api_keys import Scope

FURTHEST: Final = timedelta(days=366)
"""Ahead, for which a call may be ordered."""
ScriptId = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,8}_[0-9A-Z]{26}$")]
REQUEST: Final = {
    "to": "+493087654321",
    "agent": "receptionist",
    "variables": {"name": "Ann Ames"},
    "metadata": {"ticket": 4711},
}
EXAMPLE: Final = {
    **CALL,
    "direction": "outbound",
    "status": "queued",
    "ended_reason": None,
    "answered_at": None,
    "ended_at": None,
    "duration_seconds": None,
    "latency": None,
    "lookup": None,
    "answered_by": None,
    "script": None,
    "recording": None,
    "outbound": {
        "scheduled_at": None,
        "priority": 0,
        "ring_timeout_seconds": 30.0,
        "dialled_at": None,
        "trunk": None,
        "attempts": 0,
        "refusal": None,
        "opted_out": False,
    },
}


class CallRequest(RequestModel):
    """Whom to call, and who speaks."""

    to: Annotated[str, StringConstraints(max_length=32)]
    """The number to call, in E.164, such as +493012345678."""
    from_: Annotated[str, StringConstraints(max_length=32)] | None = Field(default=None, alias="from")
    """The number to show, in E.164; without it that of the trunk. Providers let only your own numbers pass."""
    agent_id: AgentId | None = None
    """The agent that speaks, by its id."""
    agent: Name | None = None
    """The same, by its name."""
    script_id: ScriptId | None = None
    """The approved call script that the conversation follows."""
    variables: Variables = Field(default_factory=dict)
    """What `{{name}}` in the agent's texts stands for in this call."""
    metadata: dict[str, Any] = Field(default_factory=dict)
    """Yours: kept, and given back with the call and its events."""
    schedule_at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    """Not to be dialled before; at most a year ahead. Without it, or in the past: as soon as possible."""
    ring_timeout_seconds: float = Field(default=RING_TIMEOUT_S, ge=5, le=300)
    """So long it may ring."""
    max_duration_seconds: float | None = Field(default=None, ge=5, le=14_400)
    """From the answer; without it as the agent's limits say."""
    record: bool | None = None
    """False: do not record this call; true is refused where the agent does not record at all."""
    detect_machine: bool | None = None
    """Whether to find out if a machine has answered; without it as the agent's setting says."""
    priority: int = Field(default=0, ge=-100, le=100)
    """Higher goes first."""
    retry_on_trunk_failure: int = Field(default=0, ge=0, le=5)
    """How often all trunks are tried again, where none could take the call; 0: it then fails."""

    @model_validator(mode="after")
    def _names_one_agent(self) -> CallRequest:
        if self.agent is not None and self.agent_id is not None:
            raise ValueError("give agent_id or agent, not both")
        if self.agent is None and self.agent_id is None and self.script_id is None:
            raise ValueError("say who speaks: agent_id, agent or script_id")
        return self


class OutboundCalls:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def create(self, request: ApiRequest[CallRequest, NoQuery]) -> CallResource:
        """Queue a call."""
        house, body = self._house, request.body
        if request.attempt.made is not None:
            return await found(house, request.attempt.made)
        to = destination(body.to)
        if not isinstance(to, Destination):
            raise problem_of(to)
        if body.from_ is not None and not is_e164(body.from_):
            raise refused("from", "body", "Give the number to show in E.164, such as +493012345678.", "invalid_number")
        now = house.now()
        at = None if body.schedule_at is None or body.schedule_at <= now else body.schedule_at
        if at is not None and at > now + FURTHEST:
            raise refused("schedule_at", "body", "This is more than a year ahead.", "too_far_ahead")
        if (refusal := house.orders.refusal(to, at or now)) is not None:
            raise problem_of(refusal)
        script, speaks = await self._script(body)
        agent = await self._agent(body, speaks)
        if body.record and house.registry.agent(agent).recording.consent is RecordingConsent.OFF:
            raise refused("record", "body", f"The agent {agent.name} has no recording.consent.", "no_consent_rule")
        order = OutboundOrder(
            call_id=new_call_id(),
            to=to.number,
            agent=agent,
            from_=body.from_ or "",
            script=script,
            variables=body.variables,
            metadata=body.metadata,
            scheduled_at=at,
            ring_timeout_s=body.ring_timeout_seconds,
            max_duration_s=body.max_duration_seconds,
            record=body.record,
            detect_machine=body.detect_machine,
            priority=body.priority,
            retries=body.retry_on_trunk_failure,
        )
        try:
            return await house.orders.order(order, makes=request.attempt.makes)
        except OutboundRefusedError as error:
            raise problem_of(error.refusal) from None

    async def _script(self, body: CallRequest) -> tuple[ScriptRef | None, str]:
        """The approved version, and the name of the agent that speaks by it. Raises ApiProblem (422)."""
        script_id = body.script_id
        if script_id is None:
            return None, ""
        async with self._house.store.read() as connection:
            stored = await scripts.get(connection, script_id)
            ref = ScriptRef(script_id, stored.approved_version or 0) if stored is not None else None
            plan = None if ref is None else await scripts.plan(connection, ref)
        if ref is None:
            raise refused("script_id", "body", f"There is no script {script_id}.", "unknown_script")
        if plan is None:
            raise refused("script_id", "body", "No version of this script is approved.", "script_not_approved")
        missing = [name for name in plan.variables if name not in body.variables]
        if missing:
            text = f"The script needs these variables, too: {', '.join(missing)}."
            raise refused("variables", "body", text, "missing_variables")
        return ref, plan.agent

    async def _agent(self, body: CallRequest, speaks: str) -> AgentRef:
        """`speaks`: who does where the request names nobody."""
        name = body.agent or speaks
        if body.agent_id is not None:
            async with self._house.store.read() as connection:
                stored = await agents.get(connection, body.agent_id)
            name = stored.name if stored is not None else ""
        known = await self._house.registry.known(name) if name else None
        if known is None:
            field = "agent" if body.agent is not None else "agent_id"
            raise refused(field, "body", "There is no such agent.", "unknown_agent")
        return known

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="POST", path="/calls", name="create_call", tag="Calls", summary="Call somebody",
                handler=self.create, scope=Scope.CALLS, request=CallRequest, response=CallResource, status=201,
                request_example=REQUEST, response_example=EXAMPLE, problems=tuple(TYPES.values()),
                description="The call waits in the queue until a trunk and a place are free; events tell how it goes. "
                "A refusal has the code of the rule that forbids the call, and nothing was sent to any trunk. "
                "`POST /v1/calls/{id}/hangup` takes a call back that waits. Send an Idempotency-Key: nobody wants to "
                "be called twice.",
            )
        ]  # fmt: skip
