"""Transfers in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.transfer import RequestedBy, Transfer, TransferFailure, TransferKind, TransferMode, TransferStatus
from agent.store.schema import transfers


async def change(connection: AsyncConnection, call_id: str, transfer: Transfer) -> None:
    """The transfer is now as `transfer` says; one that is not known yet has begun."""
    values: dict[str, Any] = {
        "status": transfer.status,
        "reason": transfer.reason,
        "sip_code": transfer.sip_code,
        "ended_at": transfer.ended_at,
    }
    known = update(transfers).where(transfers.c.id == transfer.id).values(**values)
    if (await connection.execute(known)).rowcount:
        return
    await connection.execute(
        insert(transfers).values(
            id=transfer.id,
            call_id=call_id,
            destination=transfer.destination,
            kind=transfer.kind,
            mode=transfer.mode,
            requested_by=transfer.requested_by,
            started_at=transfer.started_at,
            price_micros=transfer.price_micros,
            **values,
        )
    )


async def of_calls(connection: AsyncConnection, call_ids: Sequence[str]) -> Mapping[str, list[Transfer]]:
    """All of these calls, each in the order in which they began."""
    if not call_ids:
        return {}
    wanted = select(transfers).where(transfers.c.call_id.in_(call_ids)).order_by(transfers.c.started_at, transfers.c.id)
    found: defaultdict[str, list[Transfer]] = defaultdict(list)
    for row in await connection.execute(wanted):
        found[row.call_id].append(_transfer(row))
    return found


async def open_of(connection: AsyncConnection, call_id: str) -> list[Transfer]:
    """Those of a call that have neither been completed nor failed."""
    theirs = await of_calls(connection, [call_id])
    return [transfer for transfer in theirs.get(call_id, ()) if transfer.status is TransferStatus.STARTED]


def _transfer(row: Row[Any]) -> Transfer:
    return Transfer(
        id=row.id,
        destination=row.destination,
        kind=TransferKind(row.kind),
        mode=TransferMode(row.mode),
        requested_by=RequestedBy(row.requested_by),
        started_at=row.started_at,
        status=TransferStatus(row.status),
        ended_at=row.ended_at,
        reason=TransferFailure(row.reason) if row.reason else None,
        sip_code=row.sip_code,
        price_micros=row.price_micros,
    )
