"""Which models this installation can use, which are here, and which are at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

import psutil

from agent.domain.agent import Agent
from agent.models.choice import default_llm, is_path
from agent.models.manifest import Model
from agent.models.store import Listed, ModelStore, State
from agent.settings import Settings

Kind = Literal["stt", "llm", "tts"]
WORKERS: Final[dict[Kind, str]] = {"stt": "ears", "llm": "mind", "tts": "mouth"}


class ModelState(StrEnum):
    """Where a model stands."""

    LOADED = "loaded"
    """Its process can work."""
    LOADING = "loading"
    """It is to be used; its process is starting, or starting again."""
    DOWNLOADED = "downloaded"
    """Its files are here, and it is not used."""
    AVAILABLE = "available"
    """`phone-agent models pull NAME` fetches it."""
    EXTERNAL = "external"
    """A server that others run has it."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model; of one that is not of the manifest little is known."""

    name: str
    kind: Kind
    state: ModelState
    summary: str = ""
    licence: str | None = None
    languages: tuple[str, ...] = ()
    size_bytes: int | None = None

    @property
    def in_use(self) -> bool:
        """Whether calls use it."""
        return self.state in {ModelState.LOADED, ModelState.LOADING, ModelState.EXTERNAL}


class Shelf:
    """Looks at files: `list` blocks for some milliseconds."""

    def __init__(
        self,
        settings: Settings,
        *,
        voices: Iterable[str],
        memory_bytes: int,
        is_ready: Callable[[str], bool],
        store: ModelStore | None = None,
    ) -> None:
        """`voices`: that agents asked for when the server started; `is_ready`: of a model process, by its name.

        Raises ConfigurationError.
        """
        llm = default_llm(memory_bytes) if settings.llm.model == "auto" else settings.llm.model
        self.default_voice = settings.tts.voice
        """Of agents that name none."""
        self._store = store or ModelStore.of(settings.models)
        self._is_ready = is_ready
        self._external: dict[Kind, bool] = {
            "stt": bool(settings.stt.uri), "llm": bool(settings.llm.base_url), "tts": bool(settings.tts.uri)
        }  # fmt: skip
        self._used: dict[Kind, tuple[str, ...]] = {
            "stt": ("wyoming",) if settings.stt.uri else (settings.stt.model,),  # its server alone knows its model
            "llm": (llm,),
            "tts": tuple(dict.fromkeys([settings.tts.voice, *filter(None, voices)])),
        }

    @classmethod
    def of(cls, settings: Settings, agents: Iterable[Agent], is_ready: Callable[[str], bool]) -> Shelf:
        """For this machine, where these agents were there when the server started. Raises ConfigurationError."""
        voices = {agent.voice for agent in agents}
        return cls(settings, voices=voices, memory_bytes=psutil.virtual_memory().total, is_ready=is_ready)

    def list(self) -> list[Shelved]:
        """All of the manifest, and what is used beside it."""
        listed = self._store.list()
        known = {entry.model.name for entry in listed}
        return [*(self._of_manifest(entry) for entry in listed), *self._others(known)]

    def _of_manifest(self, entry: Listed) -> Shelved:
        model: Model = entry.model
        state = ModelState.AVAILABLE
        if model.name in self._used[model.kind]:
            state = self._at_work(model.kind)
        elif entry.state in {State.READY, State.UNVERIFIED}:
            state = ModelState.DOWNLOADED
        return Shelved(
            model.name, model.kind, state, model.summary, model.licence, model.languages, size_bytes=model.size
        )

    def _others(self, known: set[str]) -> Iterator[Shelved]:
        for kind, names in self._used.items():
            for name in names:
                if name in known:
                    continue
                if self._external[kind]:
                    yield Shelved(name, kind, ModelState.EXTERNAL)
                elif is_path(name):
                    yield Shelved(Path(name).stem, kind, self._at_work(kind), size_bytes=_size(Path(name)))

    def _at_work(self, kind: Kind) -> ModelState:
        if self._external[kind]:
            return ModelState.EXTERNAL
        return ModelState.LOADED if self._is_ready(WORKERS[kind]) else ModelState.LOADING


def _size(path: Path) -> int | None:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) or None
