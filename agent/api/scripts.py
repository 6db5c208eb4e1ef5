"""Call scripts: /v1/scripts. Each change makes a new version; calls are made by approved ones alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from agent.api.house import House
from agent.api.models import NoBody, NoQuery, RequestModel, ResponseModel
from agent.api.paging import Page, PageQuery, page_of
from agent.api.problem_types import NOT_FOUND
from agent.api.problems import FieldError, ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.api.script_examples import BY_GOAL, FINDING, SCRIPT, STORED
from agent.api.validation import refused
from agent.domain.script import AgentName, CallScript
from agent.domain.script_brief import ScriptBrief, Sentence
from agent.domain.script_finding import Finding, passes
from agent.domain.script_slot import MaybeWords, ScriptName, Words
from agent.domain.variables import VariableName
from agent.scripts.by_hand import UnreadableScriptError, script_of_text
from agent.scripts.checker import check
from agent.store import scripts
from agent.store.api_keys import Scope
from agent.store.keyset import Position
from agent.store.scripts import ScriptStatus, StoredScript

ID: Final = {"id": "Id of the script."}
NOT_WRITTEN: Final = ProblemType(
    "script_not_written", 409, "There is no script yet", "Wait until its status is draft, or send one."
)
CHECK_FAILED: Final = ProblemType(
    "script_check_failed", 409, "The script does not pass its check", "Change the places that `errors` names."
)
MOST_TOLD = 20
"""Findings in a problem; the check tells all."""


class ScriptRequest(RequestModel):
    """A script (`script` or `yaml`), or what one is wanted for (`goal` and what belongs to it)."""

    script: CallScript | None = None
    """Written by hand."""
    yaml: str | None = Field(default=None, max_length=200_000)
    """The same as text in YAML."""
    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)] | None = None
    """What the call is to achieve, and for whom it is made. The language model then writes the script in the
    background; `status` is `writing` meanwhile."""
    audience: Sentence = ""
    """Who is called."""
    facts: Annotated[dict[ScriptName, Words], Field(max_length=40)] = Field(default_factory=dict)
    """What may be told, by name; nothing else is known."""
    constraints: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    """What is to be heeded, one sentence each."""
    forbidden: Annotated[tuple[Words, ...], Field(max_length=40)] = ()
    """Words that must never be said, such as "guaranteed"."""
    variables: Annotated[dict[VariableName, MaybeWords], Field(max_length=50)] = Field(default_factory=dict)
    """What each call is given by your application, with an example."""
    disclosures: Annotated[tuple[Words, ...], Field(max_length=8)] | None = None
    """Said word for word before the first question; null: that the caller is an automated assistant."""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    """ISO 639-1, of all that is said."""
    agent: AgentName = ""
    """Name of the agent that will speak."""

    @model_validator(mode="after")
    def _one(self) -> ScriptRequest:
        if sum(one is not None for one in (self.script, self.yaml, self.goal)) != 1:
            raise ValueError("give script, yaml or goal, one of them")
        if self.goal is None and self.model_fields_set - {"script", "yaml", "goal"}:
            raise ValueError("what stands beside script or yaml belongs to goal")
        return self

    @property
    def brief(self) -> ScriptBrief | None:
        """What the model is to write by; None for a script written by hand."""
        if self.goal is None:
            return None
        return ScriptBrief.model_validate(self.model_dump(exclude={"script", "yaml"}))


class ScriptChange(RequestModel):
    """Another script in its place."""

    script: CallScript | None = None
    yaml: str | None = Field(default=None, max_length=200_000)
    """The same as text in YAML."""

    @model_validator(mode="after")
    def _one(self) -> ScriptChange:
        if (self.script is None) is (self.yaml is None):
            raise ValueError("give script or yaml, one of them")
        return self


class ScriptVersion(RequestModel):
    """Which version."""

    version: int | None = Field(default=None, ge=1)
    """Without it the latest."""


class ScriptResource(ResponseModel):
    """One version of a script."""

    object: Literal["script"] = "script"
    id: str
    status: ScriptStatus
    version: int
    """0: it is not written yet."""
    approved_version: int | None
    """The version by which calls are made: the one that was approved last. Null: none was."""
    approved_at: datetime | None
    """When this version was approved; null: it was not."""
    script: CallScript | None
    brief: ScriptBrief | None
    """What the language model was asked for."""
    attempts: int
    """Of the model."""
    error_code: str | None
    """Why it failed."""
    findings: list[Finding]
    """What the check found in what the language model wrote, or why that could not be read; the check of a script that
    is there now is `POST /v1/scripts/{id}/check`."""
    created_at: datetime
    updated_at: datetime
    """When this version was made."""

    @classmethod
    def of(cls, stored: StoredScript) -> ScriptResource:
        """For the public."""
        return cls(
            id=stored.id,
            status=stored.status,
            version=stored.version,
            approved_version=stored.approved_version,
            approved_at=stored.approved_at,
            script=stored.script,
            brief=None if stored.brief is None else ScriptBrief.model_validate(stored.brief),
            attempts=stored.attempts,
            error_code=stored.error_code,
            findings=list(stored.findings),
            created_at=stored.created_at,
            updated_at=stored.updated_at,
        )


class ScriptVersions(ResponseModel):
    """All versions of one script, the latest first."""

    object: Literal["list"] = "list"
    data: list[ScriptResource]


class ScriptCheck(ResponseModel):
    """What the check found."""

    object: Literal["script_check"] = "script_check"
    script_id: str
    version: int
    passed: bool
    """Whether this version can be approved."""
    findings: list[Finding]
    """Errors first."""


class Scripts:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list_scripts(self, request: ApiRequest[NoBody, PageQuery]) -> Page[ScriptResource]:
        """The latest version of each."""
        query = request.query
        async with self._house.store.read() as connection:
            rows = await scripts.listed(
                connection, limit=query.limit, after=query.cursor, descending=query.order == "desc"
            )
        return page_of(
            rows, query, item=ScriptResource.of, position=lambda stored: Position(stored.created_at, stored.id)
        )

    async def create(self, request: ApiRequest[ScriptRequest, NoQuery]) -> ScriptResource:
        """A new script, or the order to write one."""
        made, brief = request.attempt.made, request.body.brief
        if made is not None:
            return ScriptResource.of(await self._stored(made))
        script = None if brief is not None else _given(request.body)
        async with self._house.store.write() as connection:
            now = self._house.now()
            if script is not None:
                stored = await scripts.create(connection, script, now=now)
            elif brief is not None:
                stored = await scripts.order(connection, brief, now=now)
            await request.attempt.makes(connection, stored.id)
        self._house.wake_author()
        return ScriptResource.of(stored)

    async def get(self, request: ApiRequest[NoBody, NoQuery]) -> ScriptResource:
        """The latest version."""
        return ScriptResource.of(await self._stored(request.path["id"]))

    async def versions(self, request: ApiRequest[NoBody, NoQuery]) -> ScriptVersions:
        """What it was like before."""
        await self._stored(request.path["id"])
        async with self._house.store.read() as connection:
            found = await scripts.versions(connection, request.path["id"])
        return ScriptVersions(data=[ScriptResource.of(stored) for stored in found])

    async def change(self, request: ApiRequest[ScriptChange, NoQuery]) -> ScriptResource:
        """A new version, not approved; calls go on by the one that is."""
        script_id, script = request.path["id"], _given(request.body)
        async with self._house.store.write() as connection:
            stored = await scripts.get(connection, script_id)
            if stored is not None and stored.status is ScriptStatus.WRITING:
                raise NOT_WRITTEN.problem("It is being written; wait until its status is draft.")
            revised = await scripts.revise(connection, script_id, script, now=self._house.now())
        return ScriptResource.of(_there(revised, script_id))

    async def delete(self, request: ApiRequest[NoBody, NoQuery]) -> None:
        """No new calls by it; those ordered already keep their version."""
        async with self._house.store.write() as connection:
            gone = await scripts.delete(connection, request.path["id"], now=self._house.now())
        if not gone:
            raise _there_is_no(request.path["id"])

    async def check(self, request: ApiRequest[ScriptVersion, NoQuery]) -> ScriptCheck:
        """All that is wrong with a version."""
        stored = await self._stored(request.path["id"], request.body.version)
        findings = check(_written(stored))
        return ScriptCheck(script_id=stored.id, version=stored.version, passed=passes(findings), findings=findings)

    async def approve(self, request: ApiRequest[ScriptVersion, NoQuery]) -> ScriptResource:
        """Calls are made by this version from now on."""
        script_id = request.path["id"]
        stored = await self._stored(script_id, request.body.version)
        findings = check(_written(stored))
        if not passes(findings):
            errors = [FieldError(field=one.path, message=one.message, code=one.code) for one in findings]
            detail = f"Version {stored.version} has {len(findings)} findings; the first: {findings[0].message}"
            raise CHECK_FAILED.problem(detail, errors=errors[:MOST_TOLD])
        async with self._house.store.write() as connection:
            await scripts.approve(connection, script_id, stored.version, now=self._house.now())
        return ScriptResource.of(await self._stored(script_id, stored.version))

    async def _stored(self, script_id: str, version: int | None = None) -> StoredScript:
        async with self._house.store.read() as connection:
            return _there(await scripts.get(connection, script_id, version), script_id)

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {"tag": "Scripts", "response": ScriptResource, "response_example": STORED}
        one: dict[str, Any] = {**alike, "path": "/scripts/{id}", "path_parameters": ID}
        check_example = {"script_id": STORED["id"], "version": 2, "passed": False, "findings": [FINDING]}
        return [
            Route(
                method="GET", path="/scripts", name="list_scripts", tag="Scripts", summary="List call scripts",
                handler=self.list_scripts, scope=Scope.READ, query=PageQuery, response=Page[ScriptResource],
            ),
            Route(
                method="POST", path="/scripts", name="create_script", summary="Write a call script, or have it written",
                handler=self.create, scope=Scope.CALLS, request=ScriptRequest, request_example=BY_GOAL, status=201,
                **alike,
            ),
            Route(method="GET", name="get_script", summary="Get a script", handler=self.get, scope=Scope.READ, **one),
            Route(
                method="GET", path="/scripts/{id}/versions", name="list_script_versions", tag="Scripts",
                summary="List a script's versions", handler=self.versions, scope=Scope.READ, path_parameters=ID,
                response=ScriptVersions,
            ),
            Route(
                method="PUT", name="replace_script", summary="Change a script", handler=self.change, scope=Scope.CALLS,
                request=ScriptChange, request_example={"script": SCRIPT}, problems=(NOT_WRITTEN,), **one,
            ),
            Route(
                method="DELETE", path="/scripts/{id}", name="delete_script", tag="Scripts", summary="Delete a script",
                handler=self.delete, scope=Scope.ADMIN, path_parameters=ID,
            ),
            Route(
                method="POST", path="/scripts/{id}/check", name="check_script", tag="Scripts",
                summary="Check a script", handler=self.check, scope=Scope.READ, path_parameters=ID,
                request=ScriptVersion, request_example={"version": 2},
                response=ScriptCheck, response_example=check_example, problems=(NOT_WRITTEN,),
            ),
            Route(
                method="POST", path="/scripts/{id}/approve", name="approve_script", tag="Scripts",
                summary="Approve a script", handler=self.approve, scope=Scope.ADMIN, path_parameters=ID,
                request=ScriptVersion, request_example={"version": 2},
                response=ScriptResource, response_example=STORED,
                problems=(NOT_WRITTEN, CHECK_FAILED),
            ),
        ]  # fmt: skip


def _given(body: ScriptRequest | ScriptChange) -> CallScript:
    """Raises ApiProblem (422) for YAML that is no script."""
    if body.script is not None:
        return body.script
    try:
        return script_of_text(body.yaml or "")
    except UnreadableScriptError as error:
        raise refused("yaml", "body", str(error), "invalid_script") from None


def _written(stored: StoredScript) -> CallScript:
    script = stored.script
    if script is None:
        raise NOT_WRITTEN.problem(f"The status of {stored.id} is {stored.status.value}.")
    return script


def _there(stored: StoredScript | None, script_id: str) -> StoredScript:
    if stored is None:
        raise _there_is_no(script_id)
    return stored


def _there_is_no(script_id: str) -> Exception:
    return NOT_FOUND.problem(f"There is no script {script_id}, or not that version of it.")
