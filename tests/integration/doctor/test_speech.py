"""A sentence from mouth through a call to the ears, and a question to the mind, on servers that tests make."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from agent.doctor import speech
from agent.doctor.check import Check, Status, exit_status
from agent.doctor.speech import ENGLISH
from agent.settings import HttpSettings
from agent.testing.tone import heard
from tests.integration.doctor.conftest import Patient
from tests.integration.doctor.parts import VOICE_HZ, Parts, parts_of_others
from tests.integration.doctor.readiness import ReadinessServer


@pytest.fixture(autouse=True)
def _time_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "SLOW_S", dict.fromkeys(speech.SLOW_S, 1000.0))


@pytest_asyncio.fixture
async def parts() -> AsyncIterator[Parts]:
    async with parts_of_others() as started:
        yield started


async def examined(patient: Patient, parts: Parts) -> dict[str, Check]:
    patient.set("stt", uri=parts.stt_uri)
    patient.set("tts", uri=parts.tts_uri)
    patient.set("llm", base_url=parts.llm_url, model="m")
    return await patient.examined(quick=False)


async def test_a_sentence_goes_through_a_call_and_is_understood(healthy: Patient, parts: Parts) -> None:
    checks = await examined(healthy, parts)
    assert {checks[part].code for part in speech.PARTS} == {"ok"}
    assert parts.said == [ENGLISH]
    assert "through a call" in checks["ears"].message
    carried = np.frombuffer(bytes(parts.heard), "<i2")[::2]  # 16 kHz, and nothing in it above 4 kHz
    assert heard(carried).frequency_hz == pytest.approx(VOICE_HZ, abs=5)
    assert exit_status(list(checks.values())) < 2


async def test_without_asterisk_the_sentence_goes_directly(patient: Patient, parts: Parts) -> None:
    checks = await examined(patient, parts)
    assert checks["ears"].code == "ok"
    assert "directly" in checks["ears"].message
    assert checks["mind"].code == "ok"


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("please hold the line tomorrow", "stt_misheard", Status.WARNING),
        ("", "stt_deaf", Status.BROKEN),
    ],
)
async def test_ears_that_mishear_are_told(patient: Patient, parts: Parts, text: str, code: str, status: Status) -> None:
    parts.understands = text
    check = (await examined(patient, parts))["ears"]
    assert (check.code, check.status) == (code, status)
    assert check.remedy


async def test_a_mouth_without_sound_is_told(patient: Patient, parts: Parts) -> None:
    parts.speaks = bytes(16000)
    checks = await examined(patient, parts)
    assert checks["mouth"].code == "tts_silent"
    assert checks["ears"].message == "skipped since the mouth is broken"


async def test_a_mind_without_words_is_told(patient: Patient, parts: Parts) -> None:
    parts.answers = ""
    assert (await examined(patient, parts))["mind"].code == "llm_silent"


async def test_slow_parts_are_warned_of(patient: Patient, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "SLOW_S", dict.fromkeys(speech.SLOW_S, 0.0))
    checks = await examined(patient, parts)
    assert [checks[part].code for part in speech.PARTS] == ["mouth_slow", "ears_slow", "mind_slow"]
    assert all(checks[part].remedy for part in speech.PARTS)


async def test_workers_of_a_running_agent_are_asked_not_doubled(patient: Patient) -> None:
    health = ReadinessServer(HttpSettings(port=0), lambda: {"asterisk": False, "ears": False, "mouth": True})
    await health.start()
    model = patient.folder / "whisper"
    model.mkdir()
    patient.set("http", port=health.port)
    patient.set("stt", uri="", model=str(model))
    try:
        checks = await patient.examined(quick=False)
    finally:
        await health.close()
    assert checks["ears"].code == "worker_not_ready"
    assert checks["mouth"].code == "ok"
    assert "running agent" in checks["mouth"].message


async def test_a_worker_that_cannot_start_is_told(patient: Patient) -> None:
    model = patient.folder / "whisper"
    model.mkdir()
    patient.set("stt", uri="", model=str(model))
    checks = await patient.examined(quick=False)
    assert checks["workers"].status is Status.BROKEN
    assert checks["workers"].remedy
    assert {checks[part].status for part in speech.PARTS} == {Status.SKIPPED}
