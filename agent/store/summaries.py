"""What is to be worked out after calls, who works on it, and what came of it. Several processes may share one database.

A lease ends by itself, so that what a dead process had begun is done by another, or by the same after its next start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.after_call import AfterCall
from agent.domain.summary_resource import Findings, SummaryResource, SummaryStatus
from agent.store.schema import agent_versions, agents, summaries

_TABLE = summaries.c
_PREFIX = "summary_"
BESIDE_A_CALL = tuple(column.label(_PREFIX + column.name) for column in _TABLE)
"""All columns, for a query that joins them to others; see `joined`."""


@dataclass(frozen=True, slots=True)
class Job:
    """One call to be worked through, leased by whoever holds this."""

    call_id: str
    after_call: AfterCall
    language: str
    """Of the agent: ISO 639-1, or `auto`."""
    attempts: int
    """Begun, this one included."""


async def request(
    connection: AsyncConnection, call_id: str, *, agent: str, version: int | None, now: datetime
) -> SummaryResource | None:
    """Have done what that version of the agent wants done after a call; None where it wants nothing."""
    definition = await _definition(connection, agent, version)
    after_call = AfterCall.model_validate(definition.get("after_call", {}))
    if not after_call.wanted:
        return None
    wanted = {"after_call": after_call.model_dump(mode="json"), "language": definition.get("language", "en")}
    values: dict[str, Any] = {
        "call_id": call_id,
        "status": SummaryStatus.PENDING,
        "wanted": wanted,
        "attempts": 0,
        "next_attempt_at": now,
        "requested_at": now,
    }
    row = (await connection.execute(summaries.insert().values(**values).returning(summaries))).one()
    return resource(row)


async def get(connection: AsyncConnection, call_id: str) -> SummaryResource | None:
    """Of one call; None where nothing was wanted."""
    row = (await connection.execute(select(summaries).where(_TABLE.call_id == call_id))).one_or_none()
    return None if row is None else resource(row)


async def claim(connection: AsyncConnection, *, worker: str, now: datetime, until: datetime) -> Job | None:
    """Lease what has been due for longest; None where nothing is due that nobody works on."""
    chosen = (
        select(_TABLE.call_id)
        .where(_free(now))
        .order_by(_TABLE.next_attempt_at, _TABLE.call_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    call_id = await connection.scalar(chosen)
    if call_id is None:
        return None
    leased = (
        update(summaries)
        .where(_TABLE.call_id == call_id)
        .values(leased_by=worker, leased_until=until, attempts=_TABLE.attempts + 1)
        .returning(summaries)
    )
    row = (await connection.execute(leased)).one()
    return Job(call_id, AfterCall.model_validate(row.wanted["after_call"]), row.wanted["language"], row.attempts)


async def renew(connection: AsyncConnection, job: Job, *, worker: str, until: datetime) -> bool:
    """Keep it until then; False where it is no longer ours: erased, or taken after the lease had ended."""
    return await _change_ours(connection, job, worker, {"leased_until": until})


async def give_back(connection: AsyncConnection, job: Job, *, worker: str) -> None:
    """Let others do it at once: nothing came of this attempt, and it does not count."""
    values = {"leased_by": None, "leased_until": None, "attempts": _TABLE.attempts - 1}
    await _change_ours(connection, job, worker, values)


async def finish(connection: AsyncConnection, job: Job, findings: Findings, *, worker: str, now: datetime) -> bool:
    """It is ready; False where it is no longer ours, and nothing was changed."""
    values = {
        "status": SummaryStatus.READY,
        "findings": findings.model_dump(mode="json"),
        "finished_at": now,
        "error_code": None,
        "leased_by": None,
        "leased_until": None,
    }
    return await _change_ours(connection, job, worker, values)


async def fail(
    connection: AsyncConnection, job: Job, code: str, *, worker: str, now: datetime, again_at: datetime | None
) -> bool:
    """An attempt failed, to be repeated at `again_at` or not at all; False where it is no longer ours."""
    values: dict[str, Any] = {"error_code": code, "leased_by": None, "leased_until": None}
    if again_at is None:
        values |= {"status": SummaryStatus.FAILED, "finished_at": now}
    else:
        values |= {"next_attempt_at": again_at}
    return await _change_ours(connection, job, worker, values)


async def retry(connection: AsyncConnection, call_id: str, *, now: datetime) -> SummaryResource | None:
    """Do again what is ready or failed, with all its attempts; one that is pending goes on, at once if it waits.

    What was found before is dropped. None where nothing was wanted.
    """
    again = (
        update(summaries)
        .where(_TABLE.call_id == call_id, _TABLE.status != SummaryStatus.PENDING)
        .values(
            status=SummaryStatus.PENDING,
            attempts=0,
            next_attempt_at=now,
            requested_at=now,
            finished_at=None,
            findings=None,
            error_code=None,
        )
    )
    await connection.execute(again)
    at_once = update(summaries).where(_TABLE.call_id == call_id, _TABLE.status == SummaryStatus.PENDING)
    await connection.execute(at_once.values(next_attempt_at=now))
    return await get(connection, call_id)


async def backlog(connection: AsyncConnection) -> int:
    """How many are to be written."""
    pending = select(func.count()).select_from(summaries).where(_TABLE.status == SummaryStatus.PENDING)
    return await connection.scalar(pending) or 0


async def erase(connection: AsyncConnection, call_id: str) -> None:
    """Forget it; whoever works on it finds that it is gone."""
    await connection.execute(summaries.delete().where(_TABLE.call_id == call_id))


async def free_leases_of(connection: AsyncConnection, server: str) -> None:
    """What an earlier process of that server had begun need not wait for the end of its lease."""
    held = update(summaries).where(_TABLE.leased_by.startswith(f"{server}/", autoescape=True))
    await connection.execute(held.values(leased_by=None, leased_until=None))


def resource(row: Row[Any]) -> SummaryResource:
    """A row of the table as the API shows it."""
    return _resource(row._mapping)


_SHOWN = ("call_id", "status", "error_code", "attempts", "requested_at", "finished_at")


def _resource(values: Mapping[Any, Any]) -> SummaryResource:
    return SummaryResource.model_validate({**(values["findings"] or {}), **{name: values[name] for name in _SHOWN}})


def joined(row: Row[Any]) -> SummaryResource | None:
    """From a row that holds BESIDE_A_CALL of an outer join."""
    values = {name.removeprefix(_PREFIX): value for name, value in row._mapping.items() if name.startswith(_PREFIX)}
    return _resource(values) if values["call_id"] is not None else None


def _free(now: datetime) -> ColumnElement[bool]:
    return and_(
        _TABLE.status == SummaryStatus.PENDING,
        _TABLE.next_attempt_at <= now,
        or_(_TABLE.leased_until.is_(None), _TABLE.leased_until <= now),
    )


async def _change_ours(connection: AsyncConnection, job: Job, worker: str, values: Mapping[str, Any]) -> bool:
    ours = update(summaries).where(
        _TABLE.call_id == job.call_id, _TABLE.status == SummaryStatus.PENDING, _TABLE.leased_by == worker
    )
    return (await connection.execute(ours.values(**values))).rowcount > 0


async def _definition(connection: AsyncConnection, agent: str, version: int | None) -> Mapping[str, Any]:
    """Of the version that the call had, also where the agent was deleted since; empty where there is none."""
    found = (
        select(agent_versions.c.definition)
        .join(agents, agents.c.id == agent_versions.c.agent_id)
        .where(agents.c.name == agent, agent_versions.c.version == (agents.c.version if version is None else version))
        .order_by(agents.c.deleted_at.is_(None).desc(), agents.c.deleted_at.desc())
        .limit(1)
    )
    return await connection.scalar(found) or {}
