"""Asks the application, while the caller hears ringing, which agent takes a call and what it should know."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agent.domain.agent import AgentRef, Name
from agent.domain.briefing import Briefing
from agent.domain.call import Call
from agent.domain.call_resource import CallResource
from agent.domain.lookup import Lookup, LookupOutcome, Refusal
from agent.domain.variables import Variables
from agent.errors import PhoneAgentError, WebhookError
from agent.settings import WebhooksSettings
from agent.store.registry import Registry
from agent.webhooks.sync_call import SyncCalls

KIND = "agent.lookup"


class LookupAnswer(BaseModel):
    """What an application may answer. A field that is not known here is a mistake, and told as one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["answer", "reject"] = "answer"
    reason: Refusal = Refusal.DECLINED
    agent: Name | None = None
    version: Annotated[int, Field(ge=1)] | None = None
    greeting: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    variables: Variables = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)


class AgentLookup:
    """For all calls."""

    def __init__(
        self,
        sync: SyncCalls,
        settings: WebhooksSettings,
        registry: Registry,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds`: a clock that never goes back."""
        self._sync = sync
        self._settings = settings
        self._registry = registry
        self._seconds = seconds

    def url(self, call: Call) -> str:
        """Who is asked about this call: the number's own application, or that of the configuration; empty: nobody."""
        return self._registry.lookup_url(call.callee) or self._settings.lookup_url

    async def ask(self, call: Call) -> tuple[Call, Lookup]:
        """The call as it goes on. Never raises: whatever is wrong with the answer, the number's own agent takes it."""
        began = self._seconds()
        try:
            call, outcome, refusal = await self._ask(call)
        except PhoneAgentError as error:
            took_s = self._seconds() - began
            return call, Lookup(LookupOutcome.FAILED, took_s, code=error.code, problem=str(error))
        return call, Lookup(outcome, self._seconds() - began, refusal)

    async def _ask(self, call: Call) -> tuple[Call, LookupOutcome, Refusal | None]:
        data = {"call": CallResource.of(call).as_json()}
        raw = await self._sync.ask(self.url(call), self._settings.secrets, KIND, data, call_id=call.id)
        try:
            answer = LookupAnswer.model_validate({} if raw is None else raw)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise WebhookError(
                f"The application's answer to {KIND} is not as agreed: {place}: {first['msg']}.",
                code="lookup_bad_answer",
            ) from None
        if answer.action == "reject":
            return call, LookupOutcome.REJECTED, answer.reason
        if answer.agent is not None or answer.version is not None:
            chosen = await self._chosen(answer.agent or call.agent, answer.version)
            call = replace(call, agent=chosen.name, agent_version=chosen.version)
        briefing = Briefing(answer.variables, answer.greeting, answer.metadata)
        return replace(call, briefing=briefing), LookupOutcome.ANSWERED, None

    async def _chosen(self, name: str, version: int | None) -> AgentRef:
        found = await self._registry.known(name, version)
        if found is None:
            which = f"agent {name}" if version is None else f"version {version} of the agent {name}"
            raise WebhookError(
                f"The application's answer to {KIND} names the {which}, which there is not.",
                code="lookup_unknown_agent",
            )
        return found
