"""Call scripts and their versions in the database. A version never changes; only approved ones are called by.

What the language model is to write is leased like summaries: what a dead process had begun is done by another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.outbound import ScriptRef
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding
from agent.ids import new_id
from agent.store.keyset import Position, page
from agent.store.schema import script_versions, scripts


class ScriptStatus(StrEnum):
    """How far a script is."""

    WRITING = "writing"
    """The language model writes it."""
    DRAFT = "draft"
    """It can be read, changed, checked and approved."""
    FAILED = "failed"
    """The model could not write it."""


@dataclass(frozen=True, slots=True)
class StoredScript:
    """One version of a script."""

    id: str
    status: ScriptStatus
    brief: Mapping[str, Any] | None
    version: int
    """0: there is none yet."""
    definition: Mapping[str, Any] | None
    """As `CallScript` reads it."""
    approved_version: int | None
    """The latest that was approved."""
    approved_at: datetime | None
    """When this version was."""
    attempts: int
    error_code: str | None
    findings: tuple[Finding, ...]
    """In what the model wrote."""
    created_at: datetime
    updated_at: datetime

    @property
    def script(self) -> CallScript | None:
        """The plan; None where there is none yet."""
        return None if self.definition is None else CallScript.model_validate(self.definition)


async def create(connection: AsyncConnection, script: CallScript, *, now: datetime) -> StoredScript:
    """A new script, version 1."""
    script_id = await _insert(connection, ScriptStatus.DRAFT, None, 1, now)
    await _add_version(connection, script_id, 1, script, now)
    return await _there(connection, script_id)


async def order(connection: AsyncConnection, brief: ScriptBrief, *, now: datetime) -> StoredScript:
    """One that the model is to write."""
    script_id = await _insert(connection, ScriptStatus.WRITING, brief.model_dump(mode="json"), 0, now)
    return await _there(connection, script_id)


async def get(connection: AsyncConnection, script_id: str, version: int | None = None) -> StoredScript | None:
    """The latest version, or another one."""
    at = scripts.c.version if version is None else version
    row = (await connection.execute(_joined(at).where(scripts.c.id == script_id))).one_or_none()
    if row is None or (version is not None and row.definition is None):
        return None
    return _stored(row)


async def listed(
    connection: AsyncConnection, *, limit: int, after: Position | None = None, descending: bool = True
) -> list[StoredScript]:
    """The latest version of each; a page, and one more where there is one."""
    wanted = page(
        _joined(scripts.c.version), scripts.c.created_at, scripts.c.id, after=after, limit=limit, descending=descending
    )
    return [_stored(row) for row in await connection.execute(wanted)]


async def versions(connection: AsyncConnection, script_id: str) -> list[StoredScript]:
    """All versions of one script, the latest first."""
    wanted = _joined(script_versions.c.version).where(scripts.c.id == script_id, script_versions.c.version.is_not(None))
    return [_stored(row) for row in await connection.execute(wanted.order_by(script_versions.c.version.desc()))]


async def revise(
    connection: AsyncConnection, script_id: str, script: CallScript, *, now: datetime
) -> StoredScript | None:
    """The next version; the present one where nothing is different. None where there is no such script."""
    present = await get(connection, script_id)
    if present is None or present.script == script:
        return present
    counted = (
        update(scripts)
        .where(scripts.c.id == script_id, scripts.c.deleted_at.is_(None))
        .values(
            version=scripts.c.version + 1, status=ScriptStatus.DRAFT, error_code=None, findings=None, updated_at=now
        )
        .returning(scripts.c.version)
    )
    version = (await connection.execute(counted)).scalar_one()
    await _add_version(connection, script_id, version, script, now)
    return await _there(connection, script_id)


async def approve(connection: AsyncConnection, script_id: str, version: int, *, now: datetime) -> None:
    """Calls may be made by this version from now on, and are by the latest approved one."""
    one = and_(script_versions.c.script_id == script_id, script_versions.c.version == version)
    await connection.execute(
        update(script_versions).where(one, script_versions.c.approved_at.is_(None)).values(approved_at=now)
    )
    await connection.execute(
        update(scripts).where(scripts.c.id == script_id).values(approved_version=version, updated_at=now)
    )


async def delete(connection: AsyncConnection, script_id: str, *, now: datetime) -> bool:
    """No more calls by it; its versions stay for those that had them. False where there is no such script."""
    gone = update(scripts).where(scripts.c.id == script_id, scripts.c.deleted_at.is_(None)).values(deleted_at=now)
    return (await connection.execute(gone)).rowcount > 0


async def plan(connection: AsyncConnection, ref: ScriptRef) -> CallScript | None:
    """What a call that names this version follows, also where the script was deleted since; None where it is not
    approved."""
    wanted = select(script_versions.c.definition).where(
        script_versions.c.script_id == ref.id,
        script_versions.c.version == ref.version,
        script_versions.c.approved_at.is_not(None),
    )
    definition = await connection.scalar(wanted)
    return None if definition is None else CallScript.model_validate(definition)


@dataclass(frozen=True, slots=True)
class WritingJob:
    """A script to be written, leased by whoever holds this."""

    script_id: str
    brief: ScriptBrief


async def claim(connection: AsyncConnection, *, worker: str, now: datetime, until: datetime) -> WritingJob | None:
    """Lease what has waited for longest; None where nothing waits that nobody works on."""
    free = or_(scripts.c.leased_until.is_(None), scripts.c.leased_until <= now)
    chosen = (
        select(scripts.c.id)
        .where(scripts.c.status == ScriptStatus.WRITING, scripts.c.deleted_at.is_(None), free)
        .order_by(scripts.c.created_at, scripts.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    script_id = await connection.scalar(chosen)
    if script_id is None:
        return None
    leased = (
        update(scripts)
        .where(scripts.c.id == script_id)
        .values(leased_by=worker, leased_until=until)
        .returning(scripts.c.brief)
    )
    return WritingJob(script_id, ScriptBrief.model_validate((await connection.execute(leased)).scalar_one()))


async def renew(connection: AsyncConnection, job: WritingJob, *, worker: str, until: datetime) -> bool:
    """Keep it until then; False where it is no longer ours."""
    return await _change_ours(connection, job, worker, {"leased_until": until})


async def give_back(connection: AsyncConnection, job: WritingJob, *, worker: str) -> None:
    """Let others write it at once."""
    await _change_ours(connection, job, worker, {"leased_until": None, "leased_by": None})


async def free_leases_of(connection: AsyncConnection, server: str) -> None:
    """What an earlier process of that server had begun need not wait for the end of its lease."""
    held = update(scripts).where(scripts.c.leased_by.startswith(f"{server}/", autoescape=True))
    await connection.execute(held.values(leased_by=None, leased_until=None))


async def finish(
    connection: AsyncConnection,
    job: WritingJob,
    script: CallScript | None,
    *,
    worker: str,
    now: datetime,
    attempts: int,
    error_code: str | None = None,
    findings: Sequence[Finding] = (),
) -> bool:
    """It is written, or failed where there is no script; False where it is no longer ours, and nothing was changed."""
    values = {
        "status": ScriptStatus.FAILED if script is None else ScriptStatus.DRAFT,
        "version": 0 if script is None else 1,
        "attempts": attempts,
        "error_code": error_code,
        "findings": [finding.model_dump(mode="json") for finding in findings],
        "leased_by": None,
        "leased_until": None,
        "updated_at": now,
    }
    ours = await _change_ours(connection, job, worker, values)
    if ours and script is not None:
        await _add_version(connection, job.script_id, 1, script, now)
    return ours


async def _change_ours(connection: AsyncConnection, job: WritingJob, worker: str, values: Mapping[str, Any]) -> bool:
    ours = update(scripts).where(
        scripts.c.id == job.script_id,
        scripts.c.status == ScriptStatus.WRITING,
        scripts.c.leased_by == worker,
        scripts.c.deleted_at.is_(None),
    )
    return (await connection.execute(ours.values(**values))).rowcount > 0


async def _insert(
    connection: AsyncConnection, status: ScriptStatus, brief: Mapping[str, Any] | None, version: int, now: datetime
) -> str:
    script_id = new_id("scr")
    values = {"status": status, "brief": brief, "version": version, "attempts": 0}
    await connection.execute(scripts.insert().values(id=script_id, created_at=now, updated_at=now, **values))
    return script_id


async def _add_version(
    connection: AsyncConnection, script_id: str, version: int, script: CallScript, now: datetime
) -> None:
    definition = script.model_dump(mode="json")
    await connection.execute(
        script_versions.insert().values(script_id=script_id, version=version, definition=definition, created_at=now)
    )


async def _there(connection: AsyncConnection, script_id: str) -> StoredScript:
    stored = await get(connection, script_id)
    if stored is None:
        raise LookupError(f"there is no script {script_id}")
    return stored


def _joined(version: Any) -> Select[Any]:
    """`version`: a number, or the column that has it."""
    same = and_(script_versions.c.script_id == scripts.c.id, script_versions.c.version == version)
    columns = (
        *(column for column in scripts.c if column.name not in {"version", "updated_at"}),
        script_versions.c.version,
        script_versions.c.definition,
        script_versions.c.approved_at,
        script_versions.c.created_at.label("made_at"),
        scripts.c.updated_at,
    )
    joined = scripts.outerjoin(script_versions, same)
    return select(*columns).select_from(joined).where(scripts.c.deleted_at.is_(None))


def _stored(row: Row[Any]) -> StoredScript:
    return StoredScript(
        id=row.id,
        status=ScriptStatus(row.status),
        brief=row.brief,
        version=row.version or 0,
        definition=row.definition,
        approved_version=row.approved_version,
        approved_at=row.approved_at,
        attempts=row.attempts,
        error_code=row.error_code,
        findings=tuple(Finding.model_validate(finding) for finding in row.findings or ()),
        created_at=row.created_at,
        updated_at=row.made_at or row.updated_at,
    )
