"""The models: ears, mind and mouth, and where their files are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from agent.settings.section import OptionalPath, Section


class SttSettings(Section):
    """Ears."""

    uri: str = ""
    """A Wyoming server, such as tcp://127.0.0.1:10300; empty: our own process with `model`."""
    model: str = "whisper-base"
    threads: int = Field(default=2, ge=1)
    parallel: int = Field(default=1, ge=1)
    """Requests sent at once; the others wait, the most urgent goes first. More than 1 for a server that can do more."""
    deadline_s: float = Field(default=8, gt=0)


class LlmSettings(Section):
    """Mind."""

    base_url: str = ""
    """An OpenAI-compatible server, such as http://127.0.0.1:8000/v1; empty: our own llama.cpp with `model`."""
    api_key: SecretStr = SecretStr("")
    api_key_file: OptionalPath = None
    backend: Literal["xllamacpp", "llama-cpp-python"] = "xllamacpp"
    model: str = "auto"
    """A name of the manifest, a path to a GGUF file, or the server's name for it; `auto`: by this machine's memory."""
    threads: int = Field(default=2, ge=1)
    slots: int = Field(default=4, ge=1)
    """Calls that keep their prompt in memory at once."""
    context_tokens: int = Field(default=2048, ge=512)
    """Per call."""
    max_tokens: int = Field(default=120, ge=8)
    """Longest answer."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """0: the same question gets the same answer, which small models need to keep to the facts."""
    deadline_s: float = Field(default=10, gt=0)
    """To the first word of an answer."""
    tool_calls: Literal["auto", "native", "schema"] = "auto"
    """How the model asks for tools. native: as it likes; schema: by how likely it finds that, and bound to the tool's
    schema, for small models on servers that tell likelihoods (`logprobs`); auto: schema for our own xllamacpp."""

    @property
    def schema_bound(self) -> bool:
        """Whether requests for tools are bound to schemas."""
        ours = not self.base_url and self.backend == "xllamacpp"
        return self.tool_calls == "schema" or (self.tool_calls == "auto" and ours)


class TtsSettings(Section):
    """Mouth."""

    uri: str = ""
    """A Wyoming server, such as tcp://127.0.0.1:10200; empty: our own Piper process with `voice`."""
    voice: str = "en_US-joe-medium"
    threads: int = Field(default=1, ge=1)
    parallel: int = Field(default=1, ge=1)
    """Requests sent at once, as in `stt`."""
    deadline_s: float = Field(default=6, gt=0)


class ModelsSettings(Section):
    """Where model files are kept."""

    folder: OptionalPath = None
    """Empty: the user's cache directory."""
    local_folder: OptionalPath = None
    """Where model files may already be, as NAME/FILE or FILE; `phone-agent models pull` looks here first."""
