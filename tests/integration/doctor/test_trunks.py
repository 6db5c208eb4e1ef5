"""The doctor and the lines to the outside, at a real Asterisk with providers that answer, refuse and are silent."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.doctor.manager import check_manager
from agent.doctor.store import stop_switch
from agent.settings import StoreSettings, TrunkSettings
from agent.store import switches
from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.telephony.ami import AmiMonitor
from agent.telephony.ami_state import Registration
from agent.testing.callees import rings_on
from agent.testing.trunk_peer import TrunkPeer
from tests.integration.doctor.conftest import Patient
from tests.integration.telephony.exchange import Watch, asterisk_settings


async def test_each_trunk_is_told_by_itself(tmp_path: Path) -> None:
    async with (
        TrunkPeer(lambda _number: rings_on, tmp_path) as peer,
        TrunkPeer(lambda _number: rings_on, tmp_path) as strict,
    ):
        strict.provider.refuses_registration = 403
        with socket.socket(type=socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            lines = (
                Trunk("well", *peer.address, "me"),
                Trunk("refused", *strict.address, "me"),
                Trunk("silent", "127.0.0.1", silent.getsockname()[1], "me"),
                Trunk("other", *peer.address, "me"),
            )
            asterisk = AsteriskInstance(bundle("asterisk"), AsteriskConfig(trunks=lines), tmp_path / "asterisk")
            await asterisk.start()
            try:
                settings, watch = asterisk_settings(asterisk.config), Watch()
                monitor = AmiMonitor(settings, on_change=watch.change)
                await monitor.start()
                want = {"well": "registered", "refused": "rejected", "silent": "unregistered", "other": "registered"}
                await watch.until(lambda: {one.name: one.registration for one in monitor.trunks()} == want)
                await monitor.close()
                trunks = {name: TrunkSettings(endpoint=name) for name in ("well", "refused", "silent", "nobody")}
                trunks["lost"] = TrunkSettings(endpoint="well", host="provider.invalid", registers=False)
                checks = {one.name: one for one in await check_manager(settings, [], "", trunks)}
            finally:
                await asterisk.stop()
    assert {name.removeprefix("trunk "): one.code for name, one in checks.items() if "trunk" in name} == {
        "trunks": "ok",
        "well": "ok",
        "refused": "trunk_rejected",
        "silent": "trunk_not_registered",
        "nobody": "trunk_not_configured",
        "lost": "trunk_host_unknown",
    }
    assert checks["trunk well"].message.startswith(Registration.REGISTERED)
    assert checks["trunks"].message == "1 trunks are registered"


async def test_the_switch_of_the_record_is_found(database_url: str) -> None:
    settings, store = StoreSettings(url=SecretStr(database_url)), Store(database_url)
    await migrate(store)
    assert await stop_switch(settings) is None
    async with store.write() as connection:
        turned_on = await switches.turn_on(connection, switches.OUTBOUND_STOP, now=datetime.now(UTC), reason="fraud")
    await store.close()
    assert await stop_switch(settings) == turned_on


async def test_a_record_that_is_not_there_is_not_made_for_the_switch(tmp_path: Path) -> None:
    assert await stop_switch(StoreSettings(file=tmp_path / "new" / "record.db")) is None
    assert not (tmp_path / "new").exists()


async def test_calls_out_are_told_of_and_trunks_skipped_where_asterisk_is_away(
    patient: Patient,
) -> None:
    patient.set("outbound", allow="+49", stopped=True)
    patient.sections["outbound.trunks.one"] = {"endpoint": "line"}
    checks = await patient.examined()
    assert checks["outbound"].code == "outbound_stopped"
    assert checks["trunk one"].message == "skipped since ami is broken"
