"""Recordings in the database: one row for each call that was recorded, or whose caller did not want it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.recording import (
    Consent,
    ConsentBy,
    Recording,
    RecordingFormat,
    RecordingResource,
    RecordingStatus,
)
from agent.store.schema import calls, recordings

_COLUMN = recordings.c
_SHOWN = ("status", "consent", "answered_by", "decided_at", "format", "seconds", "size", "error", "deleted_at")
SHOWN = tuple(_COLUMN[name].label(f"recording_{name}") for name in _SHOWN)
"""To be selected beside a call, with an outer join."""
WITH_FILE = (RecordingStatus.READY, RecordingStatus.FAILED)


async def change(connection: AsyncConnection, call_id: str, recording: Recording) -> bool:
    """The recording is now as `recording` says; False where it was deleted meanwhile, and stays so."""
    values: dict[str, Any] = {
        "status": recording.status,
        "consent": recording.consent,
        "answered_by": recording.answered_by,
        "decided_at": recording.decided_at,
        "format": recording.format,
        "seconds": recording.seconds,
        "size": recording.size,
        "error": recording.error,
    }
    kept = update(recordings).where(_COLUMN.call_id == call_id, _COLUMN.deleted_at.is_(None)).values(**values)
    if (await connection.execute(kept)).rowcount:
        return True
    known = await connection.scalar(select(_COLUMN.call_id).where(_COLUMN.call_id == call_id))
    if known is None:
        await connection.execute(insert(recordings).values(call_id=call_id, file_removed=False, **values))
    return known is None


def shown(row: Row[Any]) -> RecordingResource | None:
    """Of a row with the columns SHOWN; None where there is nothing to tell."""
    values = row._mapping
    if values["recording_status"] is None:
        return None
    return RecordingResource.model_validate({name: values[f"recording_{name}"] for name in _SHOWN})


async def unfinished(connection: AsyncConnection, server: str) -> list[tuple[str, Recording]]:
    """Those that a process of that server was writing; with the ids of their calls."""
    wanted = (
        select(recordings)
        .join(calls, calls.c.id == _COLUMN.call_id)
        .where(calls.c.server == server, _COLUMN.status == RecordingStatus.RECORDING)
    )
    return [(row.call_id, _recording(row)) for row in await connection.execute(wanted)]


async def outdated(connection: AsyncConnection, before: datetime, *, limit: int) -> list[str]:
    """Calls whose recording began before a moment and is still there, the oldest first."""
    wanted = (
        select(_COLUMN.call_id)
        .where(_COLUMN.status.in_(WITH_FILE), _COLUMN.decided_at < before)
        .order_by(_COLUMN.decided_at)
        .limit(limit)
    )
    return list((await connection.execute(wanted)).scalars())


async def delete(connection: AsyncConnection, call_ids: Sequence[str], *, now: datetime) -> int:
    """Nobody gets them any more; `without_files` tells later whose files are gone, too. Returns how many had one."""
    gone = (
        update(recordings)
        .where(_COLUMN.call_id.in_(call_ids), _COLUMN.status.in_(WITH_FILE))
        .values(status=RecordingStatus.DELETED, deleted_at=now, size=None, file_removed=False)
    )
    return (await connection.execute(gone)).rowcount


async def to_remove(connection: AsyncConnection, server: str, *, limit: int) -> list[str]:
    """Calls of a server whose recording was deleted and whose files may still be there."""
    wanted = (
        select(_COLUMN.call_id)
        .join(calls, calls.c.id == _COLUMN.call_id)
        .where(_COLUMN.status == RecordingStatus.DELETED, ~_COLUMN.file_removed, calls.c.server == server)
        .limit(limit)
    )
    return list((await connection.execute(wanted)).scalars())


async def without_files(connection: AsyncConnection, call_ids: Sequence[str]) -> None:
    """Their files are removed."""
    await connection.execute(update(recordings).where(_COLUMN.call_id.in_(call_ids)).values(file_removed=True))


def _recording(row: Row[Any]) -> Recording:
    return Recording(
        status=RecordingStatus(row.status),
        consent=Consent(row.consent),
        answered_by=None if row.answered_by is None else ConsentBy(row.answered_by),
        decided_at=row.decided_at,
        format=None if row.format is None else RecordingFormat(row.format),
        seconds=row.seconds,
        size=row.size,
        error=row.error,
    )
