"""The plan for the workers, and the three real ones carried out: speaking, hearing, thinking, killed and back."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from agent.errors import ConfigurationError, ModelError
from agent.models.store import ModelStore
from agent.settings import LlmSettings, ModelsSettings, Settings, SttSettings, TtsSettings
from agent.speech.stt import WyomingSpeechToText
from agent.speech.tts import WyomingTextToSpeech
from agent.workers.fleet import Fleet
from agent.workers.supervisor import Supervisor
from tests.integration.workers.conftest import Running

SMALL = LlmSettings(model="smollm2-135m", slots=2)
EXTERNAL = {
    "stt": SttSettings(uri="tcp://127.0.0.1:10300"),
    "tts": TtsSettings(uri="tcp://127.0.0.1:10200"),
    "llm": LlmSettings(base_url="http://127.0.0.1:8000/v1/", model="served"),
}


def test_the_plan_names_files_addresses_and_a_secret_key(models: ModelStore, tmp_path: Path) -> None:
    fleet = Fleet(Settings(llm=SMALL), tmp_path / "run", store=models)
    assert [spec.name for spec in fleet.specs] == ["ears", "mouth", "mind"]
    assert fleet.stt_uri == f"unix://{tmp_path}/run/ears.sock"
    assert fleet.llm_model == "smollm2-135m"
    arguments = " ".join(part for spec in fleet.specs for part in spec.argv)
    assert str(models.path("smollm2-135m")) in arguments
    assert len(fleet.llm_api_key) >= 32
    assert fleet.llm_api_key not in arguments
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0
    assert fleet.llm_api_key != Fleet(Settings(llm=SMALL), tmp_path / "run", store=models).llm_api_key


async def test_what_others_run_is_not_started_and_is_asked_whether_it_is_there(
    tmp_path: Path, unused_tcp_port: int, mouth: Running
) -> None:
    fleet = Fleet(Settings.model_validate(EXTERNAL), tmp_path)
    assert fleet.specs == ()
    assert (fleet.stt_uri, fleet.llm_base_url) == ("tcp://127.0.0.1:10300", "http://127.0.0.1:8000/v1")
    assert (fleet.llm_model, fleet.llm_api_key) == ("served", "none")
    await fleet.warm([{"messages": [{"role": "system", "content": "Nothing happens."}]}])
    somewhere = f"127.0.0.1:{unused_tcp_port}"
    settings = Settings(
        stt=SttSettings(uri=f"tcp://{somewhere}"),
        tts=TtsSettings(uri=mouth.uri),
        llm=LlmSettings(base_url=f"http://{somewhere}/v1", model="served"),
    )
    problems = await Fleet(settings, tmp_path).unreachable()
    assert set(problems) == {"stt", "llm"}
    assert problems["stt"].startswith(f"stt.uri: nothing answers at tcp://{somewhere}")
    assert problems["llm"].startswith(f"llm.base_url: nothing answers at {somewhere}")


async def test_a_server_that_refuses_the_key_is_said(tmp_path: Path, models: ModelStore, mind: Running) -> None:
    llm = LlmSettings(base_url=mind.uri, model="local", api_key="wrong")
    settings = Settings.model_validate(EXTERNAL).model_copy(update={"llm": llm})
    assert (await Fleet(settings, tmp_path).unreachable())["llm"].startswith("llm.api_key: ")


def test_several_voices_are_loaded_once_each(models: ModelStore, tmp_path: Path) -> None:
    fleet = Fleet(Settings(llm=SMALL), tmp_path, store=models, voices=["", "en_US-joe-medium", "/voices/ann.onnx"])
    [mouth] = [spec for spec in fleet.specs if spec.name == "mouth"]
    voices = [value for option, value in zip(mouth.argv, mouth.argv[1:], strict=False) if option == "--voice"]
    assert voices == [str(models.path("en_US-joe-medium")), "/voices/ann.onnx"]


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        (Settings(stt=SttSettings(uri="localhost:1")), ConfigurationError, "is not a Wyoming server"),
        (Settings(llm=LlmSettings(base_url="http://h/v1")), ConfigurationError, "llm.base_url needs llm.model"),
        (Settings(llm=LlmSettings(model="gpt-9")), ModelError, "There is no model 'gpt-9'"),
    ],
)
def test_what_cannot_work_is_said_before_anything_starts(
    models: ModelStore, tmp_path: Path, settings: Settings, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        Fleet(settings, tmp_path, store=models)


def test_a_missing_model_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="phone-agent models pull whisper-base"):
        Fleet(Settings(models=ModelsSettings(folder=tmp_path / "none")), tmp_path)


def test_a_path_too_long_for_a_socket_is_said(models: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="too long a path for sockets"):
        Fleet(Settings(llm=SMALL), tmp_path / ("x" * 100), store=models)


async def test_the_three_speak_hear_and_think_and_come_back_when_killed(
    models: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.workers.fleet.user_cache_path", lambda _: tmp_path / "cache")
    fleet = Fleet(Settings(llm=SMALL), tmp_path, store=models)
    changes: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
    supervisor = Supervisor(fleet.specs, lambda *change: changes.put_nowait(change))
    tts, stt = WyomingTextToSpeech(fleet.tts_uri, 120, "en_US-joe-medium"), WyomingSpeechToText(fleet.stt_uri, 120)
    try:
        await supervisor.start()
        await fleet.warm(
            [{"messages": [{"role": "system", "content": "You are a baker."}, {"role": "user", "content": "Hello"}]}]
        )
        for _ in range(2):
            heard = await stt.transcribe(await tts.synthesize("We bake bread.", voice=""), language="en")
            assert "bread" in heard.text
            assert await _think(fleet)
            for name in supervisor.names:
                pid = supervisor.pid(name)
                assert pid
                os.kill(pid, signal.SIGKILL)
            back: set[str] = set()
            while back != {"ears", "mouth", "mind"}:
                name, ready = await changes.get()
                back = back | {name} if ready and supervisor.restarts(name) else back - {name}
        assert {supervisor.restarts(name) for name in supervisor.names} == {2}
    finally:
        await supervisor.stop()


async def _think(fleet: Fleet) -> str:
    body = {"model": fleet.llm_model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
    headers = {"Authorization": f"Bearer {fleet.llm_api_key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{fleet.llm_base_url}/chat/completions", json=body) as answer,
    ):
        return str((await answer.json())["choices"][0]["message"]["content"])
