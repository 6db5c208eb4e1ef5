"""The folder where models are, and how they get there."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from platformdirs import user_cache_path

from agent.errors import ModelError
from agent.models.checks import is_stamped, write_stamp, wrong_file
from agent.models.manifest import Manifest, Model, load_manifest
from agent.models.packages import Progress
from agent.models.sources import attempts
from agent.settings import ModelsSettings

SPARE_BYTES = 400_000_000
"""Room for the parts under way, beside the model itself."""


class State(StrEnum):
    """What is known of a model without reading it in full."""

    MISSING = "missing"
    PARTIAL = "partial"
    """A pull was interrupted; the next goes on."""
    UNVERIFIED = "unverified"
    """All is there, but nobody has looked at the bytes since they changed."""
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of `phone-agent models list`."""

    model: Model
    state: State
    path: Path


def default_folder() -> Path:
    """Outside any checkout: the user's cache directory."""
    return user_cache_path("phone-agent") / "models"


class ModelStore:
    """Models in `folder`, each in a folder of its own name, as `manifest` describes them.

    Everything here blocks; on an event loop only `path` of a verified model is quick enough.
    """

    def __init__(self, folder: Path, manifest: Manifest, local_folder: Path | None = None) -> None:
        """`local_folder`: where files may already be, as NAME/FILE or FILE; it is tried before every other source."""
        self.folder = folder
        self.manifest = manifest
        self._local_folder = local_folder

    @classmethod
    def of(cls, settings: ModelsSettings) -> ModelStore:
        """The store of the configuration, with the manifest that ships."""
        return cls(settings.folder or default_folder(), load_manifest(), settings.local_folder)

    def path(self, name: str) -> Path:
        """What a worker opens. Takes milliseconds, unless files changed since they were last read in full.

        Raises ModelError (`model_unknown`, `model_missing`, `model_corrupt`) that says what to run.
        """
        model = self.manifest.get(name)
        folder = self.folder / name
        if not any(is_stamped(folder, files) for files in model.variants):
            self.verify(name)
        return folder / model.serve

    def list(self) -> tuple[Listed, ...]:
        """Every model of the manifest, at a glance."""
        return tuple(Listed(model, self._state(model), self.folder / model.name) for model in self.manifest.model)

    def verify(self, name: str) -> None:
        """Read every byte. Raises ModelError (`model_missing`, `model_corrupt`) that says what to run."""
        model = self.manifest.get(name)
        folder = self.folder / name
        if not folder.is_dir():
            raise ModelError(
                f"The model {name} is missing; run `phone-agent models pull {name}`.", code="model_missing"
            )
        problems = []
        for files in model.variants:
            if not (problem := wrong_file(folder, files)):
                write_stamp(folder, files)
                return
            problems.append(problem)
        raise ModelError(
            f"The model {name} is damaged ({problems[0]}); run `phone-agent models pull {name}`.", code="model_corrupt"
        )

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch what is missing or damaged, checked against the manifest; goes on where an interrupted pull ended.

        Two pulls of one model at once wait for each other. Gives what `path` gives.
        Raises ModelError (`model_unavailable`: no source could give it; `disk_full`).
        """
        model = self.manifest.get(name)
        report = progress or (lambda _done, _total, _what: None)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(name, lambda: report(0, model.size, "waiting for another pull")):
            try:
                return self.path(name)
            except ModelError:
                pass  # missing or damaged: that is why we are here
            self._check_space(model)
            reasons = []
            for label, fetch in attempts(model, self._local_folder):
                partial = self.folder / f"{name}.partial"
                try:
                    files = fetch(partial, report)
                    if problem := wrong_file(partial, files):
                        shutil.rmtree(partial)
                        raise ModelError(f"{problem} after the download")  # noqa: TRY301 - one reason among several
                    self._put_in_place(partial, self.folder / name)
                    write_stamp(self.folder / name, files)
                except (ModelError, OSError) as error:
                    reasons.append(f"{label}: {error}")
                    continue
                return self.path(name)
        raise ModelError(
            f"The model {name} could not be fetched from any source ({'; '.join(reasons)}); run "
            f"`phone-agent models pull {name}` again, or put its files into models.local_folder.",
            code="model_unavailable",
        )

    def _state(self, model: Model) -> State:
        folder = self.folder / model.name
        if any(is_stamped(folder, files) for files in model.variants):
            return State.READY
        if folder.is_dir():
            return State.UNVERIFIED
        return State.PARTIAL if (self.folder / f"{model.name}.partial").is_dir() else State.MISSING

    def _check_space(self, model: Model) -> None:
        partial = self.folder / f"{model.name}.partial"
        have = sum(file.stat().st_size for file in partial.rglob("*") if file.is_file()) if partial.is_dir() else 0
        need, free = model.size - have + SPARE_BYTES, shutil.disk_usage(self.folder).free
        if free < need:
            raise ModelError(
                f"The model {model.name} needs {need / 1e9:.1f} GB in {self.folder} and {free / 1e9:.1f} GB are free; "
                "make room or set models.folder.",
                code="disk_full",
            )

    def _put_in_place(self, partial: Path, final: Path) -> None:
        old = final.with_name(f"{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def _locked(self, name: str, waiting: Callable[[], None]) -> Iterator[None]:
        with (self.folder / f".{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
