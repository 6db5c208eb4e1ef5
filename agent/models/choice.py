"""Which models a configuration needs, and which language model suits this machine."""

from __future__ import annotations

from agent.settings import Settings

GIB = 1024**3

LARGE = "qwen2.5-coder-1.5b-instruct"
SMALL = "qwen2.5-coder-0.5b-instruct"
PLUMBING = "smollm2-135m"
"""Quick to load and to read prompts; for tests that do not look at what it says."""

LARGE_NEEDS_BYTES = 5 * GIB + GIB // 2
"""A machine sold as 6 GiB has this much. The 1.5B takes 2.0 GB with four slots of 2,048 tokens (the 0.5B 0.7 GB),
Whisper base and Piper 0.7 GB, Asterisk and the agent 0.4 GB; the rest is for the system and the page cache."""


def default_llm(memory_bytes: int) -> str:
    """Name in the manifest of the default language model, given all the memory of the machine."""
    return LARGE if memory_bytes >= LARGE_NEEDS_BYTES else SMALL


def is_path(name: str) -> bool:
    """Whether a model of the configuration is a file or folder itself, and no name of the manifest."""
    return "/" in name or name.endswith((".gguf", ".onnx"))


def needed(settings: Settings, memory_bytes: int) -> tuple[str, ...]:
    """Names of the manifest that our own workers need under these settings: ears, mouth, mind."""
    names = []
    if not settings.stt.uri:
        names.append(settings.stt.model)
    if not settings.tts.uri:
        names.append(settings.tts.voice)
    if not settings.llm.base_url:
        names.append(default_llm(memory_bytes) if settings.llm.model == "auto" else settings.llm.model)
    return tuple(name for name in names if not is_path(name))
