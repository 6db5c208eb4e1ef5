"""Which models are at work, here, or elsewhere."""

from __future__ import annotations

from pathlib import Path

from agent.models.choice import LARGE, SMALL
from agent.models.manifest import load_manifest
from agent.models.shelf import ModelState, Shelf
from agent.models.store import ModelStore
from agent.settings import LlmSettings, Settings, SttSettings, TtsSettings


def states(folder: Path, settings: Settings, *, ready: bool = True, memory_bytes: int = 0) -> dict[str, ModelState]:
    store = ModelStore(folder, load_manifest())
    shelf = Shelf(settings, voices=[""], memory_bytes=memory_bytes, is_ready=lambda _name: ready, store=store)
    return {model.name: model.state for model in shelf.list()}


def test_what_is_used_is_loaded_or_loading(tmp_path: Path) -> None:
    assert states(tmp_path, Settings())["whisper-base"] is ModelState.LOADED
    assert states(tmp_path, Settings(), ready=False)["whisper-base"] is ModelState.LOADING


def test_the_language_model_is_the_one_for_this_memory(tmp_path: Path) -> None:
    assert states(tmp_path, Settings())[SMALL] is ModelState.LOADED
    large = states(tmp_path, Settings(), memory_bytes=2**40)
    assert (large[LARGE], large[SMALL]) == (ModelState.LOADED, ModelState.AVAILABLE)


def test_files_that_are_here_are_downloaded(tmp_path: Path) -> None:
    (tmp_path / "whisper-tiny.en").mkdir()
    assert states(tmp_path, Settings())["whisper-tiny.en"] is ModelState.DOWNLOADED


def test_servers_of_others_are_external(tmp_path: Path) -> None:
    settings = Settings(
        stt=SttSettings(uri="tcp://10.0.0.1:10300"), llm=LlmSettings(base_url="http://10.0.0.1/v1", model="llama-70b")
    )
    found = states(tmp_path, settings)
    assert found["llama-70b"] is ModelState.EXTERNAL
    assert found["wyoming"] is ModelState.EXTERNAL
    assert found["whisper-base"] is ModelState.AVAILABLE


def test_a_file_of_ones_own_is_listed_by_its_name(tmp_path: Path) -> None:
    voice = tmp_path / "de_DE-own.onnx"
    voice.write_bytes(b"x" * 7)
    settings = Settings(tts=TtsSettings(voice=str(voice)))
    shelf = Shelf(settings, voices=[], memory_bytes=0, is_ready=lambda _name: True)
    own = next(model for model in shelf.list() if model.name == "de_DE-own")
    assert (own.kind, own.state, own.size_bytes, own.licence) == ("tts", ModelState.LOADED, 7, None)
