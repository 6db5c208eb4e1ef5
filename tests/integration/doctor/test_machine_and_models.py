"""Ports and model files, without an Asterisk."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from agent.asterisk.ports import LOOPBACK
from agent.doctor.check import Status, exit_status
from agent.doctor.ports import check_http_port, check_media_port, find_running_agent
from agent.settings import HttpSettings, MediaSettings
from tests.integration.doctor.conftest import Patient
from tests.integration.doctor.readiness import ReadinessServer

ANY = "0.0.0.0"  # noqa: S104 - asked for, not bound


@pytest.mark.parametrize("section", ["media", "http"])
async def test_a_port_that_another_program_has_is_named_with_it(patient: Patient, section: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        patient.set(section, port=port)
        checks = await patient.examined()
    check = checks[f"{section}_port"]
    assert (check.code, check.status) == ("port_taken", Status.BROKEN)
    assert str(port) in check.message
    assert "process" in check.message or "itself" in check.message
    assert f"{section}.port" in check.remedy
    assert exit_status(list(checks.values())) == 2


def test_an_address_of_another_machine_is_told() -> None:
    check = check_media_port(MediaSettings(bind="192.0.2.1"), None)
    assert (check.code, check.status) == ("no_such_address", Status.BROKEN)


def test_sound_on_an_address_of_the_internet_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.doctor.ports._bind", lambda host, port: None)
    check = check_media_port(MediaSettings(bind="8.8.8.8"), None)
    assert (check.code, check.status) == ("media_port_open", Status.WARNING)
    assert check_media_port(MediaSettings(bind="10.1.2.3"), None).code == "ok"
    assert check_media_port(MediaSettings(bind="asterisk-net"), None).code == "ok"


def test_a_free_port_is_well() -> None:
    assert check_http_port(HttpSettings(port=0), None).code == "ok"


async def test_an_agent_that_runs_is_known_by_its_own_answer() -> None:
    health = ReadinessServer(HttpSettings(port=0), lambda: {"asterisk": True, "ears": False})
    await health.start()
    running = await find_running_agent(HttpSettings(port=health.port))
    everywhere = await find_running_agent(HttpSettings(bind=ANY, port=health.port))
    await health.close()
    assert running is not None
    assert (running.ready, running.checks) == (False, {"asterisk": True, "ears": False})
    assert everywhere == running
    assert await find_running_agent(HttpSettings(port=health.port)) is None
    assert await find_running_agent(HttpSettings(port=0)) is None


async def test_a_port_where_something_else_answers_is_no_running_agent() -> None:
    with socket.create_server((LOOPBACK, 0)) as deaf:
        deaf.listen(0)
        assert await find_running_agent(HttpSettings(port=deaf.getsockname()[1])) is None


async def test_a_missing_model_tells_what_to_run(patient: Patient) -> None:
    patient.set("stt", uri="")
    patient.set("models", folder=str(patient.folder / "models"))
    checks = await patient.examined(quick=False)
    check = checks["model whisper-base"]
    assert (check.code, check.status) == ("model_missing", Status.BROKEN)
    assert check.remedy == "run `phone-agent models pull whisper-base`."
    assert checks["ears"].message == "skipped since model whisper-base must be mended first"


async def test_a_corrupt_model_tells_what_to_run(patient: Patient) -> None:
    patient.set("tts", uri="")
    folder = patient.folder / "models" / "en_US-joe-medium"
    folder.mkdir(parents=True)
    (folder / "en_US-joe-medium.onnx").write_bytes(b"half a model")
    patient.set("models", folder=str(folder.parent))
    checks = await patient.examined()
    check = checks["model en_US-joe-medium"]
    assert (check.code, check.status) == ("model_corrupt", Status.BROKEN)
    assert "models pull" in check.remedy


async def test_a_model_that_nobody_knows_is_told(patient: Patient) -> None:
    patient.set("stt", uri="", model="whisper-gigantic")
    checks = await patient.examined()
    assert checks["model whisper-gigantic"].code == "model_unknown"
    assert checks["model whisper-gigantic"].remedy


@pytest.mark.parametrize(("exists", "code"), [(True, "ok"), (False, "model_missing")])
async def test_a_file_of_the_operators_own_is_only_looked_for(patient: Patient, exists: bool, code: str) -> None:
    path = _own_model(patient.folder, exists=exists)
    patient.set("llm", base_url="", model=str(path))
    checks = await patient.examined()
    assert checks[f"model {path}"].code == code


def _own_model(folder: Path, *, exists: bool) -> Path:
    path = folder / "own.gguf"
    if exists:
        path.write_bytes(b"gguf")
    return path


async def test_servers_that_nobody_runs_are_told_by_each_part(patient: Patient) -> None:
    checks = await patient.examined(quick=False)
    assert checks["mouth"].code == "tts_error"
    assert checks["ears"].status is Status.SKIPPED
    assert checks["mind"].code == "llm_error"
    assert checks["models"].code == checks["voice_detection"].code == "ok"
    assert all(check.remedy for check in checks.values() if check.status is Status.BROKEN)


async def test_agents_that_cannot_be_read_are_told(patient: Patient) -> None:
    patient.set("agents", folder=str(patient.folder / "nobody"))
    checks = await patient.examined(quick=False)
    assert (checks["agents"].code, checks["agents"].status) == ("configuration_error", Status.BROKEN)
    assert checks["mouth"].message == "skipped since agents is broken"


async def test_a_doctor_who_fails_in_one_place_says_so_and_goes_on(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_ill(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("agent.doctor.examination.check_manager", fall_ill)
    checks = await patient.examined()
    assert (checks["asterisk"].code, checks["asterisk"].status) == ("internal_error", Status.BROKEN)
    assert "ZeroDivisionError" in checks["asterisk"].message
    assert checks["disk"].status is not Status.SKIPPED
