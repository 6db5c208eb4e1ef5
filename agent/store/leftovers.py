"""Calls that an earlier process of this server left open when it died: closed at the next start, and told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from agent.domain.call import CallStatus, EndedReason, transition
from agent.domain.events import CallChanged, TransferChanged
from agent.domain.transfer import TransferFailure
from agent.store import calls, events, transfers
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent

log = structlog.get_logger()


async def close_leftovers(store: Store, chronicle: Chronicle, *, server: str, now: datetime) -> Sequence[StoredEvent]:
    """Close every call that `server` led and nobody leads any more; what applications are told of it.

    Call it before any call is taken. Their reason is `internal_error`: our death ended them, since it took their sound
    away. They ended when they were last known to go on, be it days ago, not now. Raises StoreError.
    """
    told: list[StoredEvent] = []
    async with store.write() as connection:
        for call in await calls.open_of(connection, server):
            status = CallStatus.COMPLETED if call.status is CallStatus.IN_PROGRESS else CallStatus.FAILED
            last_known = await events.last_at(connection, call.id) or call.answered_at or call.created_at
            at = min(last_known, now)
            for transfer in await transfers.open_of(connection, call.id):
                failed = transfer.failed(TransferFailure.INTERNAL_ERROR, max(at, transfer.started_at))
                told += await chronicle.write(connection, TransferChanged(call.id, now, transfer=failed))
            ended = transition(call, status, at=at, reason=EndedReason.INTERNAL_ERROR)
            told += await chronicle.write(connection, CallChanged(call.id, now, call=ended))
    if told:
        log.warning("store.leftovers_closed", events=len(told))
    return told
