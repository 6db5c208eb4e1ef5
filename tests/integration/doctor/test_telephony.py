"""The doctor and a real Asterisk, in health and in every sickness that can be given to it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from agent.asterisk.instance import AsteriskInstance
from agent.doctor.check import Check, Status, exit_status
from agent.doctor.text import document
from agent.settings import AsteriskSettings, HttpSettings
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import AriEvents
from tests.integration.doctor.conftest import Patient
from tests.integration.doctor.readiness import ReadinessServer

TELEPHONY = (
    *("ari", "asterisk_version", "modules", "ari_app", "ami", "dialplan", "telephones", "trunks", "tone_call", "clock"),
)
BUSY = {"frames_late", "sound_slow"}
"""What the tone call may find on a machine that has other work."""


def asterisk_of(patient: Patient) -> AsteriskInstance:
    assert patient.asterisk is not None
    return patient.asterisk


def assert_advice(checks: dict[str, Check]) -> None:
    """What is wrong says what to do; what is well does not."""
    for check in checks.values():
        assert bool(check.remedy) == (check.status in {Status.WARNING, Status.BROKEN}), check


async def test_a_healthy_asterisk_is_green_for_a_call_was_made(healthy: Patient) -> None:
    checks = await healthy.examined()
    assert {checks[name].code for name in TELEPHONY} <= {"ok"} | BUSY
    assert "carried a tone both ways" in checks["tone_call"].message
    assert "22." in checks["asterisk_version"].message
    assert checks["configuration"].code == checks["agents"].code == "ok"
    assert exit_status(list(checks.values())) < 2
    assert_advice(checks)


async def test_the_call_leaves_nothing_behind(healthy: Patient) -> None:
    await healthy.examined()
    asterisk = asterisk_of(healthy)
    assert "0 active channels" in await asterisk.rx("core show channels")
    assert len((await asterisk.rx("bridge show all")).strip().splitlines()) == 1
    assert "doctor" not in await asterisk.rx("ari show apps")
    assert "doctor" not in await asterisk.rx("dialplan show")


async def test_without_asterisk_the_rest_is_skipped_not_broken(patient: Patient) -> None:
    checks = await patient.examined()
    assert checks["ari"].code == "ari_unreachable"
    assert checks["ami"].code == "ami_unreachable"
    others = [checks[name] for name in TELEPHONY if name not in {"ari", "ami", "clock"}]
    assert {check.status for check in others} == {Status.SKIPPED}
    assert all("skipped since" in check.message for check in others)
    assert exit_status(list(checks.values())) == 2
    assert_advice(checks)


async def test_a_wrong_ari_password_is_told_and_never_shown(healthy: Patient) -> None:
    right = asterisk_of(healthy).config
    healthy.set("asterisk", ari_password="not-the-password")
    checks = await healthy.examined()
    assert checks["ari"].code == "ari_unauthorized"
    assert "ari.conf" in checks["ari"].remedy
    assert checks["tone_call"].status is Status.SKIPPED
    assert checks["ami"].code == "ok"
    assert exit_status(list(checks.values())) == 2
    told = document(list(checks.values()))
    assert not any(secret in told for secret in ("not-the-password", right.ari_password, right.ami_password))


async def test_a_wrong_ami_password_is_told_and_never_shown(healthy: Patient) -> None:
    right = asterisk_of(healthy).config
    healthy.set("asterisk", ami_password="not-the-password")
    checks = await healthy.examined()
    assert checks["ami"].code == "ami_unauthorized"
    assert "manager.conf" in checks["ami"].remedy
    assert {checks[name].status for name in ("dialplan", "telephones", "trunks")} == {Status.SKIPPED}
    assert checks["tone_call"].code in {"ok"} | BUSY
    assert exit_status(list(checks.values())) == 2
    told = document(list(checks.values()))
    assert not any(secret in told for secret in ("not-the-password", right.ari_password, right.ami_password))


async def test_an_ami_user_who_may_see_too_little_is_a_warning(healthy: Patient) -> None:
    manager = healthy.run_dir / "etc/manager.conf"
    manager.write_text(manager.read_text().replace("write = system,reporting", "write = call"))
    await asterisk_of(healthy).rx("manager reload")
    checks = await healthy.examined()
    assert {checks[name].code for name in ("dialplan", "telephones", "trunks")} == {"ami_denied"}
    assert "manager.conf" in checks["dialplan"].remedy


@pytest.mark.parametrize("module", ["chan_audiosocket.so", "res_ari_bridges.so"])
async def test_a_missing_module_is_named(healthy: Patient, module: str) -> None:
    await asterisk_of(healthy).rx(f"module unload {module}")
    checks = await healthy.examined()
    assert checks["modules"].code == "module_missing"
    assert module in checks["modules"].message
    assert "modules.conf" in checks["modules"].remedy
    assert checks["tone_call"].status is Status.SKIPPED
    assert exit_status(list(checks.values())) == 2


async def test_an_asterisk_without_its_own_ari_resource_is_told(healthy: Patient) -> None:
    await asterisk_of(healthy).rx("module unload res_ari_asterisk.so")
    checks = await healthy.examined()
    assert checks["ari"].code == "ari_incomplete"
    assert "res_ari_asterisk.so" in checks["ari"].remedy


async def test_a_number_that_the_dialplan_does_not_know_is_a_warning(healthy: Patient) -> None:
    healthy.sections["agents.numbers"] = {"1000": "receptionist", "reception": "receptionist"}
    checks = await healthy.examined()
    assert checks["dialplan"].code == "number_not_routed"
    assert "reception" in checks["dialplan"].message


async def test_an_application_that_another_program_holds_is_a_warning(healthy: Patient) -> None:
    section = healthy.sections["asterisk"]
    settings = AsteriskSettings.model_validate({key: section[key] for key in ("ari_url", "ari_password")})
    async with AriClient(settings) as ari:
        events = AriEvents(ari, on_event=lambda _event: None, on_link=lambda _state: None)
        await events.start()
        checks = await healthy.examined()
        still_there = events.connected
        await events.close()
    assert checks["ari_app"].code == "app_taken"
    assert checks["tone_call"].code in {"ok"} | BUSY
    assert still_there


@pytest.mark.parametrize(("held", "code"), [(True, "ok"), (False, "app_not_held")])
async def test_a_running_agent_is_asked_and_not_disturbed(healthy: Patient, held: bool, code: str) -> None:
    section = healthy.sections["asterisk"]
    settings = AsteriskSettings.model_validate({key: section[key] for key in ("ari_url", "ari_password")})
    health = ReadinessServer(HttpSettings(port=0), lambda: {"asterisk": held, "ears": True})
    await health.start()
    healthy.set("http", port=health.port)
    healthy.set("media", port=health.port)  # taken: the doctor must take another one for its own call
    async with AriClient(settings) as ari:
        events = AriEvents(ari, on_event=lambda _event: None, on_link=lambda _state: None)
        if held:
            await events.start()
        try:
            checks = await healthy.examined()
        finally:
            await events.close()
            await health.close()
    assert checks["ari_app"].code == code
    assert "running" in checks["http_port"].message
    assert checks["media_port"].code == "ok"
    assert checks["tone_call"].code in {"ok"} | BUSY
    assert "memory" not in checks


async def test_a_sound_that_asterisk_cannot_bring_is_told(healthy: Patient) -> None:
    healthy.set("media", advertise="127.0.0.1:1")
    checks = await healthy.examined()
    assert checks["tone_call"].code == "media_unreachable"
    assert "media.advertise" in checks["tone_call"].remedy
    assert exit_status(list(checks.values())) == 2


async def test_a_bind_that_nobody_can_connect_to_is_told(healthy: Patient) -> None:
    healthy.set("media", bind="0.0.0.0")  # noqa: S104 - refused before it is listened on
    checks = await healthy.examined()
    assert checks["tone_call"].code == "configuration_error"
    assert "media.advertise" in checks["tone_call"].remedy


@pytest.mark.parametrize("config", ["healthy", "nonsense"])
async def test_the_command_tells_by_its_exit_status(healthy: Patient, config: str, tmp_path: Path) -> None:
    path = healthy.write()
    if config == "nonsense":
        path.write_text("[asterisk]\nari_ulr = 1\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "doctor", "--quick", "--json", "--config", str(path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answer, errors = await process.communicate()
    document = json.loads(answer)
    assert process.returncode == {"good": 0, "warnings": 1, "broken": 2}[document["status"]]
    assert errors == b""
    checks = {check["name"]: check for check in document["checks"]}
    if config == "healthy":
        assert document["status"] != "broken"
        assert checks["tone_call"]["code"] in {"ok"} | BUSY
    else:
        assert document["status"] == "broken"
        assert checks["configuration"]["remedy"] == "did you mean asterisk.ari_url?"
        assert checks["tone_call"]["status"] == "skipped"
