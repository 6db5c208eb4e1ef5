"""The model files: are they there, and have they the bytes that the manifest says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import psutil

from agent.doctor.check import Check, broken, failed, good
from agent.errors import ConfigurationError, ModelError
from agent.models.choice import is_path, needed
from agent.models.store import ModelStore
from agent.settings import Settings

SILENCE_FRAMES = 50
_LIST = "`phone-agent models list` shows those that there are."


def wanted(settings: Settings, voices: Iterable[str]) -> list[str]:
    """Models that our own workers load, by name or path; `voices`: what agents ask for beside tts.voice."""
    names = list(needed(settings, psutil.virtual_memory().total))
    if not settings.stt.uri and is_path(settings.stt.model):
        names.append(settings.stt.model)
    if not settings.llm.base_url and is_path(settings.llm.model):
        names.append(settings.llm.model)
    if not settings.tts.uri:
        names += [settings.tts.voice, *sorted(filter(None, voices))]
    return list(dict.fromkeys(names))


async def check_models(settings: Settings, voices: Iterable[str]) -> tuple[list[Check], list[int]]:
    """A check for each model, reading every byte (a second per gigabyte), and the sizes of those that are there."""
    names = wanted(settings, voices)
    if not names:
        return [good("models", "ears, mind and mouth are other servers: no model file is needed here")], []
    try:
        store = ModelStore.of(settings.models)
    except ConfigurationError as error:
        return [failed("models", error, "install phone-agent again.")], []
    found = [await asyncio.to_thread(_check_model, store, name) for name in names]
    return [check for check, _ in found], [size for _, size in found if size]


def _check_model(store: ModelStore, name: str) -> tuple[Check, int]:
    label = f"model {name}"
    if is_path(name):
        path = Path(name)
        if not path.exists():
            return broken(label, "model_missing", f"{path} does not exist", "correct its path in the configuration."), 0
        size = path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*"))
        return good(label, f"{size / 1e6:,.0f} MB; a file of your own, so its bytes are not judged"), size
    try:
        store.verify(name)
    except ModelError as error:
        return failed(label, error, _LIST), 0
    except OSError as error:
        return broken(label, "model_unreadable", f"cannot be read ({error.strerror})", "see its rights."), 0
    size = store.manifest.get(name).size
    return good(label, f"{size / 1e6:,.0f} MB, every byte as it must be"), size


async def check_voice_detection() -> Check:
    """Whether voice detection loads on this processor, and hears silence as silence."""
    try:
        loudest = await asyncio.to_thread(_silence_as_speech)
    except Exception as error:  # whatever the runtime raises on a processor that it does not know
        return broken(
            "voice_detection", "vad_broken", f"voice detection does not run here ({type(error).__name__}: {error})",
            "install phone-agent again (`make setup`).",
        )  # fmt: skip
    if loudest > 0.5:
        return broken(
            "voice_detection", "vad_broken", f"voice detection takes silence for speech ({loudest:.2f})",
            "install phone-agent again (`make setup`).",
        )  # fmt: skip
    return good("voice_detection", "voice detection runs")


def _silence_as_speech() -> float:
    from agent.speech.vad import VoiceDetector  # heavy

    detector = VoiceDetector()
    return max(probability for _ in range(SILENCE_FRAMES) for probability in detector.feed(bytes(320)))
