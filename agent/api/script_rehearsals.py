"""Rehearsals of call scripts: /v1/scripts/{id}/rehearse, and those by call below /v1/scripts/{id}/rehearsals."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field, model_validator

from agent.api.auth import check_scope
from agent.api.house import House
from agent.api.models import NoBody, NoQuery, ResponseModel
from agent.api.problem_types import NOT_FOUND
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.script_examples import REHEARSAL, REHEARSAL_BEGUN
from agent.api.scripts import ID, NOT_WRITTEN, ScriptVersion
from agent.api.sound_file import RANGE_NOT_SATISFIABLE, sent_file
from agent.domain.agent import Agent
from agent.domain.script import CallScript
from agent.domain.script_finding import Finding
from agent.domain.script_rehearsal import Caller, Coverage, RehearsalBy, RehearsalStatus, Rehearsed
from agent.scripts.call_rehearsals import KeptRehearsal, RehearsalError
from agent.scripts.checker import check
from agent.scripts.rehearsal import rehearse
from agent.store import scripts
from agent.store.api_keys import Scope

UNDER_WAY: Final = ProblemType(
    "rehearsal_under_way", 409, "Another rehearsal by call is under way", "Try again when it is over."
)
NO_CAPACITY: Final = ProblemType(
    "rehearsal_no_capacity", 409, "There is no room for a rehearsal by call", "Try again when no calls are under way."
)
LANGUAGE: Final = ProblemType(
    "rehearsal_language", 409, "The callees do not speak this language", "Rehearse the script in writing."
)
NO_RECORDING: Final = ProblemType(
    "recording_not_found", 404, "There is no recording", "Take `recording` of a conversation."
)
REFUSALS: Final = {one.code: one for one in (UNDER_WAY, NO_CAPACITY, LANGUAGE)}
ONE: Final = {**ID, "rehearsal_id": "Id of the rehearsal."}


class RehearsalRequest(ScriptVersion):
    """Which version, and how."""

    by: RehearsalBy = RehearsalBy.WRITING
    """`call`: real calls on an Asterisk and an agent of their own, for which the key needs the scope `calls`. They take
    minutes: `status` is `running` meanwhile."""
    callers: Annotated[tuple[Caller, ...], Field(max_length=len(Caller))] = ()
    """By call only these kinds of callees; empty: all."""

    @model_validator(mode="after")
    def _fits(self) -> RehearsalRequest:
        if self.callers and self.by is RehearsalBy.WRITING:
            raise ValueError("in writing all kinds of callees take part: leave callers out")
        return self


class ScriptRehearsal(ResponseModel):
    """How a version went with simulated callees."""

    object: Literal["script_rehearsal"] = "script_rehearsal"
    id: str | None
    """Of one by call, on the server that was asked for it; null: in writing."""
    by: RehearsalBy
    status: RehearsalStatus
    error: str | None
    """Why it failed, in a sentence."""
    script_id: str
    version: int
    findings: list[Finding]
    """What the check found; a script with errors is rehearsed all the same."""
    coverage: Coverage | None
    """Null while it is running, and where it failed."""
    conversations: list[Rehearsed]

    @classmethod
    def by_call(cls, kept: KeptRehearsal, findings: list[Finding]) -> ScriptRehearsal:
        """For the public."""
        return cls(
            id=kept.id,
            by=RehearsalBy.CALL,
            status=kept.status,
            error=kept.error,
            script_id=kept.script_id,
            version=kept.version,
            findings=findings,
            coverage=kept.report.coverage if kept.report else None,
            conversations=kept.report.conversations if kept.report else [],
        )


class ScriptRehearsals:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def rehearse(self, request: ApiRequest[RehearsalRequest, NoQuery]) -> ScriptRehearsal:
        """With callees of all kinds, the variables being their examples. Nobody outside is called."""
        script_id, body = request.path["id"], request.body
        version, script = await self._script(script_id, body.version)
        if body.by is RehearsalBy.CALL:
            if request.key is not None:
                check_scope(request.key, Scope.CALLS)
            try:
                begun = await self._house.rehearsals.begin(
                    script_id, version, script, await self._agent(script), body.callers or tuple(Caller)
                )
            except RehearsalError as error:
                raise REFUSALS[error.code].problem(str(error)) from None
            return ScriptRehearsal.by_call(begun, check(script))
        done, coverage = await rehearse(script, today=self._house.now().date())
        return ScriptRehearsal(
            id=None,
            by=RehearsalBy.WRITING,
            status=RehearsalStatus.COMPLETED,
            error=None,
            script_id=script_id,
            version=version,
            findings=check(script),
            coverage=coverage,
            conversations=done,
        )

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> ScriptRehearsal:
        """One by call: how far it is, or how it went."""
        kept = await self._kept(request)
        _, script = await self._script(kept.script_id, kept.version)
        return ScriptRehearsal.by_call(kept, check(script))

    async def recording(self, request: ApiRequest[NoBody, NoQuery]) -> web.StreamResponse:
        """The callee on the left, the agent on the right."""
        kept = await self._kept(request)
        path = await self._house.rehearsals.recording(kept.id, request.path["recording"])
        if path is None:
            raise NO_RECORDING.problem()
        return await sent_file(request.http, path, "audio/wav", missing=NO_RECORDING.problem())

    async def _kept(self, request: ApiRequest[NoBody, NoQuery]) -> KeptRehearsal:
        kept = await self._house.rehearsals.get(request.path["rehearsal_id"])
        if kept is None or kept.script_id != request.path["id"]:
            raise NOT_FOUND.problem("There is no such rehearsal of this script on this server.")
        return kept

    async def _script(self, script_id: str, version: int | None) -> tuple[int, CallScript]:
        async with self._house.store.read() as connection:
            stored = await scripts.get(connection, script_id, version)
        if stored is None:
            raise NOT_FOUND.problem(f"There is no script {script_id}, or not that version of it.")
        if stored.script is None:
            raise NOT_WRITTEN.problem(f"The status of {stored.id} is {stored.status.value}.")
        return stored.version, stored.script

    async def _agent(self, script: CallScript) -> Agent | None:
        """Whose voice it is spoken with, where the script names one that is there."""
        known = await self._house.registry.known(script.agent) if script.agent else None
        return None if known is None else self._house.registry.agent(known)

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="POST", path="/scripts/{id}/rehearse", name="rehearse_script", tag="Scripts",
                summary="Rehearse a script", handler=self.rehearse, scope=Scope.READ, path_parameters=ID,
                request=RehearsalRequest, request_example={"version": 2, "by": "call", "callers": ["cooperative"]},
                response=ScriptRehearsal, response_example=REHEARSAL,
                problems=(NOT_WRITTEN, UNDER_WAY, NO_CAPACITY, LANGUAGE),
            ),
            Route(
                method="GET", path="/scripts/{id}/rehearsals/{rehearsal_id}", name="get_script_rehearsal",
                tag="Scripts", summary="Get a rehearsal by call", handler=self.get, scope=Scope.READ,
                path_parameters=ONE, response=ScriptRehearsal, response_example=REHEARSAL_BEGUN,
                problems=(NOT_WRITTEN,),
            ),
            Route(
                method="GET", path="/scripts/{id}/rehearsals/{rehearsal_id}/recordings/{recording}",
                name="get_script_rehearsal_recording", tag="Scripts", summary="Get the recording of a rehearsed call",
                handler=self.recording, scope=Scope.READ,
                path_parameters={**ONE, "recording": "`recording` of one of its conversations."},
                head=True, also={206: "The part that `Range` names.", 304: "It is what `If-None-Match` names."},
                media={"audio/wav": "16-bit, two tracks."}, problems=(NO_RECORDING, RANGE_NOT_SATISFIABLE),
            ),
        ]  # fmt: skip
