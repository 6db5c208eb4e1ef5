"""`phone-agent setup`: what each purpose needs, and how progress is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.commands.setup import Purpose, needs_of, percent_lines
from agent.models.choice import LARGE, SMALL, default_llm
from agent.models.manifest import load_manifest
from agent.settings import AgentsSettings, LlmSettings, Settings, SttSettings, TtsSettings

MANIFEST = load_manifest()


@pytest.mark.parametrize("purpose", [Purpose.RUN, Purpose.DEMO])
def test_a_call_needs_ears_mind_and_mouth(purpose: Purpose) -> None:
    needs = needs_of(purpose, Settings(llm=LlmSettings(model=LARGE)), MANIFEST)
    assert needs.bundles == ("asterisk",)
    assert needs.models == ("whisper-base", LARGE, "en_US-joe-medium")


def test_the_mind_is_the_one_that_the_agent_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.commands.setup.psutil.virtual_memory", lambda: type("Memory", (), {"total": 4 << 30}))
    assert needs_of(Purpose.RUN, Settings(), MANIFEST).models[1] == default_llm(4 << 30) == SMALL


def test_what_runs_elsewhere_is_not_fetched() -> None:
    settings = Settings(
        stt=SttSettings(uri="tcp://192.0.2.1:10300"),
        llm=LlmSettings(base_url="http://192.0.2.1/v1", model="big"),
        tts=TtsSettings(uri="tcp://192.0.2.1:10200"),
    )
    assert needs_of(Purpose.RUN, settings, MANIFEST).models == ()


def test_an_operators_own_files_are_not_fetched() -> None:
    settings = Settings(llm=LlmSettings(model="/models/own.gguf"))
    assert needs_of(Purpose.RUN, settings, MANIFEST).models == ("whisper-base", "en_US-joe-medium")


def test_voices_of_agents_are_fetched(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('name = "one"\ngreeting = "Hi."\ninstructions = "Be kind."\nvoice = "other"\n')
    other = MANIFEST.get("en_US-joe-medium").model_copy(update={"name": "other"})
    manifest = MANIFEST.model_copy(update={"model": (*MANIFEST.model, other)})
    settings = Settings(agents=AgentsSettings(folder=tmp_path, numbers={"1000": "one"}))
    assert needs_of(Purpose.RUN, settings, manifest).models[-1] == "other"


def test_tests_take_their_own_models_and_test_callers() -> None:
    needs = needs_of(Purpose.TEST, Settings(stt=SttSettings(model="whisper-tiny.en")), MANIFEST)
    assert needs.bundles == ("asterisk", "sipp", "prompts", "voices")
    assert needs.models == ("whisper-base", SMALL, "en_US-joe-medium")


def test_progress_is_a_line_for_every_tenth() -> None:
    lines: list[str] = []
    report = percent_lines("a-model", lines.append)
    for done in range(0, 200_000_001, 1_000_000):
        report(done, 200_000_000, "part")
    assert lines[0] == "a-model: 0 % of 200 MB (part)"
    assert lines[-1] == "a-model: 100 % of 200 MB (part)"
    assert len(lines) == 11
