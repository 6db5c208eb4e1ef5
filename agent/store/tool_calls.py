"""Uses of tools in the database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.tool_calls import ToolAnswer, ToolCall, ToolStatus
from agent.store.schema import tool_calls


async def insert(connection: AsyncConnection, call_id: str, done: ToolCall) -> None:
    """One that is over."""
    await connection.execute(
        tool_calls.insert().values(
            id=done.id,
            call_id=call_id,
            name=done.name,
            arguments=dict(done.arguments),
            status=done.status,
            answer=asdict(done.answer),
            code=done.code or None,
            started_at=done.started_at,
            duration_s=done.duration_s,
        )
    )


async def of_call(connection: AsyncConnection, call_id: str) -> list[ToolCall]:
    """All of a call, in the order in which they began."""
    wanted = (
        select(tool_calls).where(tool_calls.c.call_id == call_id).order_by(tool_calls.c.started_at, tool_calls.c.id)
    )
    return [
        ToolCall(
            id=row.id,
            name=row.name,
            arguments=row.arguments,
            status=ToolStatus(row.status),
            started_at=row.started_at,
            duration_s=row.duration_s,
            answer=ToolAnswer(**row.answer),
            code=row.code or "",
        )
        for row in await connection.execute(wanted)
    ]
