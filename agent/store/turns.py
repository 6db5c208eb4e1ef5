"""Turns of calls in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.turns import Speaker, Timings, Turn
from agent.store.schema import turns


async def insert(connection: AsyncConnection, call_id: str, turn: Turn) -> None:
    """A turn that has ended."""
    await connection.execute(
        turns.insert().values(
            call_id=call_id,
            turn_index=turn.index,
            speaker=turn.speaker,
            text=turn.text,
            intended=turn.intended,
            started_at=turn.started_at,
            ended_at=turn.ended_at,
            interrupted=turn.interrupted,
            timings=asdict(turn.timings),
        )
    )


async def of_call(connection: AsyncConnection, call_id: str) -> list[Turn]:
    """All turns of a call, in order."""
    wanted = select(turns).where(turns.c.call_id == call_id).order_by(turns.c.turn_index)
    return [
        Turn(
            index=row.turn_index,
            speaker=Speaker(row.speaker),
            text=row.text,
            intended=row.intended,
            started_at=row.started_at,
            ended_at=row.ended_at,
            interrupted=row.interrupted,
            timings=Timings(**_known(row.timings)),
        )
        for row in await connection.execute(wanted)
    ]


def _known(timings: Mapping[str, Any]) -> dict[str, Any]:
    """Only stages of this version: a record of another one may have others."""
    return {name: value for name, value in timings.items() if name in Timings.__dataclass_fields__}
