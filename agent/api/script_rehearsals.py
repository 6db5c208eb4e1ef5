"""Rehearsals of call scripts: /v1/scripts/{id}/rehearse."""

from __future__ import annotations

from typing import Final, Literal

from agent.api.house import House
from agent.api.models import NoQuery, ResponseModel
from agent.api.problem_types import NOT_FOUND
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.scripts import ID, NOT_WRITTEN, ScriptVersion
from agent.domain.script_finding import Finding
from agent.domain.script_rehearsal import Coverage, Rehearsed
from agent.scripts.checker import check
from agent.scripts.rehearsal import rehearse
from agent.store import scripts
from agent.store.api_keys import Scope

EXAMPLE: Final = {
    "object": "script_rehearsal",
    "script_id": "scr_01JDQ3W8Z5K7M2N4P6R8T0V2X4",
    "version": 2,
    "findings": [],
    "coverage": {"states": [], "exits": [], "slots": [], "share": 1.0},
    "conversations": [
        {
            "caller": "opt_out",
            "exit": "no_result",
            "outcome": "no_result",
            "success": False,
            "slots": {},
            "states": ["ask"],
            "turns": [
                {"speaker": "agent", "text": "Good day, Ann Miller. Will you come?"},
                {"speaker": "callee", "text": "Please don't call me again."},
                {"speaker": "agent", "text": "I am sorry. Goodbye."},
            ],
            "opted_out": True,
        }
    ],
}


class ScriptRehearsal(ResponseModel):
    """How a version went with simulated callees, in writing."""

    object: Literal["script_rehearsal"] = "script_rehearsal"
    script_id: str
    version: int
    findings: list[Finding]
    """What the check found; a script with errors is rehearsed all the same."""
    coverage: Coverage
    conversations: list[Rehearsed]


class ScriptRehearsals:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def rehearse(self, request: ApiRequest[ScriptVersion, NoQuery]) -> ScriptRehearsal:
        """With callees of all kinds, the variables being their examples. Nobody is called and no model is asked."""
        script_id = request.path["id"]
        async with self._house.store.read() as connection:
            stored = await scripts.get(connection, script_id, request.body.version)
        if stored is None:
            raise NOT_FOUND.problem(f"There is no script {script_id}, or not that version of it.")
        script = stored.script
        if script is None:
            raise NOT_WRITTEN.problem(f"The status of {stored.id} is {stored.status.value}.")
        done, coverage = await rehearse(script, today=self._house.now().date())
        return ScriptRehearsal(
            script_id=stored.id,
            version=stored.version,
            findings=check(script),
            coverage=coverage,
            conversations=done,
        )

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        return [
            Route(
                method="POST", path="/scripts/{id}/rehearse", name="rehearse_script", tag="Scripts",
                summary="Rehearse a script", handler=self.rehearse, scope=Scope.READ, path_parameters=ID,
                request=ScriptVersion, request_example={"version": 2},
                response=ScriptRehearsal, response_example=EXAMPLE, problems=(NOT_WRITTEN,),
            ),
        ]  # fmt: skip
