"""Callers who are handed over over a trunk are bound like calls out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.domain.call import Call, CallStatus, Direction
from agent.domain.outbound_rules import OutboundRefusedError
from agent.domain.transfer import RequestedBy, Transfer, TransferFailure, TransferKind, TransferMode
from agent.outbound.transfer_lines import TransferLines
from agent.settings import TrunkSettings
from agent.store import calls, outbound_usage, switches, transfers
from agent.store.engine import Store
from agent.store.schema import calls as calls_table
from tests.integration.outbound.bureau import NUMBER, Bureau
from tests.integration.outbound.conftest import MakeBureau

NOW = datetime.now(UTC)


def lines(bureau: Bureau, at: float = 0.0) -> TransferLines:
    """At one moment of the clock that the trunks go by."""
    moment = [at]

    async def sleep(seconds: float) -> None:
        bureau.sleeps.append(seconds)
        moment[0] += seconds

    return TransferLines(bureau.store, bureau.settings, bureau.trunks, clock=lambda: moment[0], sleep=sleep)


async def refusal(bureau: Bureau) -> TransferFailure | None:
    async with lines(bureau).out("main") as failure:
        return failure


async def test_a_place_on_the_trunk_is_taken_and_given_back(bureau: MakeBureau) -> None:
    one = bureau(trunks={"main": TrunkSettings(endpoint="main", max_calls=1)})
    async with lines(one).out("main") as failure:
        assert (failure, one.trunks.calls_over("main"), one.trunks.calls) == (None, 1, 1)
        assert await refusal(one) is TransferFailure.TRUNK_FULL
    assert (one.trunks.calls_over("main"), one.trunks.calls) == (0, 0)


async def test_all_trunks_together_are_bound_and_a_rate_is_waited_for(bureau: MakeBureau) -> None:
    one = bureau(max_calls=2, trunks={"main": TrunkSettings(endpoint="main", calls_per_second=0.5)})
    some = lines(one)
    async with some.out("main") as first, some.out("main") as second:
        assert (first, second, one.sleeps) == (None, None, [2.0])
        async with some.out("main") as third:
            assert third is TransferFailure.TRUNK_FULL
    assert one.trunks.calls == 0


async def test_nobody_is_called_while_calls_out_are_stopped(bureau: MakeBureau) -> None:
    one = bureau()
    async with one.store.write() as connection:
        await switches.turn_on(connection, switches.OUTBOUND_STOP, now=NOW, reason="x")
    assert await refusal(one) is TransferFailure.OUTBOUND_STOPPED
    async with one.store.write() as connection:
        await switches.turn_off(connection, switches.OUTBOUND_STOP)
    assert await refusal(one) is None
    assert await refusal(bureau(stopped=True)) is TransferFailure.OUTBOUND_STOPPED


async def test_minutes_and_money_of_transfers_count_for_all_calls_out(bureau: MakeBureau) -> None:
    one = bureau(minutes_per_day=3, spend_per_day=1)
    await _talked(one, "trf_1", timedelta(seconds=61), price_micros=400_000)
    await _talked(one, "trf_2", timedelta(hours=9), price_micros=None)
    async with one.store.read() as connection:
        assert await outbound_usage.of_day(connection, one.settings.limits(), now=NOW) == (2, 800_000)
        later = NOW + timedelta(hours=25)
        assert await outbound_usage.of_day(connection, one.settings.limits(), now=later) == (0, 0)
    assert await refusal(one) is None
    await _talked(one, "trf_3", timedelta(seconds=1), price_micros=0)
    assert await refusal(one) is TransferFailure.LIMIT_EXCEEDED
    with pytest.raises(OutboundRefusedError, match="3 minutes"):
        await one.order(NUMBER)


async def test_without_a_database_nobody_is_called(bureau: MakeBureau, tmp_path: Path) -> None:
    one = bureau()
    away = Store(f"sqlite:///{tmp_path / 'missing' / 'store.db'}")
    async with TransferLines(away, one.settings, one.trunks).out("main") as failure:
        assert (failure, one.trunks.calls) == (TransferFailure.INTERNAL_ERROR, 0)
    await away.close()


async def _talked(one: Bureau, transfer_id: str, lasted: timedelta, *, price_micros: int | None) -> None:
    """A caller was handed over for so long, until now."""
    at = NOW - lasted
    call = Call(f"call_{transfer_id}", Direction.INBOUND, "", "", "desk", CallStatus.RINGING, at)
    transfer = Transfer(
        transfer_id, "sales", TransferKind.BLIND, TransferMode.BRIDGE, RequestedBy.API, at, price_micros=price_micros
    )
    async with one.store.write() as connection:
        await calls.insert(connection, call, server="one")
        await transfers.change(connection, call.id, transfer)
        await transfers.change(connection, call.id, transfer.completed(at))
        await connection.execute(calls_table.update().where(calls_table.c.id == call.id).values(ended_at=NOW))
