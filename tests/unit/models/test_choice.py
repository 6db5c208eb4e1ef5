from __future__ import annotations

import pytest

from agent.models.choice import GIB, LARGE, SMALL, default_llm, needed
from agent.models.manifest import load_manifest
from agent.settings import LlmSettings, Settings, SttSettings, TtsSettings


@pytest.mark.parametrize(("gib", "name"), [(2, SMALL), (4, SMALL), (5.4, SMALL), (5.6, LARGE), (8, LARGE), (64, LARGE)])
def test_the_large_one_where_there_is_memory(gib: float, name: str) -> None:
    assert default_llm(int(gib * GIB)) == name
    assert load_manifest().get(name).kind == "llm"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(), ("whisper-base", "en_US-joe-medium", LARGE)),
        (Settings(llm=LlmSettings(model=SMALL)), ("whisper-base", "en_US-joe-medium", SMALL)),
        (Settings(llm=LlmSettings(model="/models/other.gguf")), ("whisper-base", "en_US-joe-medium")),
        (Settings(llm=LlmSettings(model="other.gguf")), ("whisper-base", "en_US-joe-medium")),
        (
            Settings(stt=SttSettings(uri="tcp://h:1"), tts=TtsSettings(uri="tcp://h:2"), llm=LlmSettings(base_url="x")),
            (),
        ),
    ],
)
def test_only_what_our_own_workers_open_is_needed(settings: Settings, names: tuple[str, ...]) -> None:
    assert needed(settings, 16 * GIB) == names
