"""The folder of recordings: one file for each call, named by the call's id alone, readable by its owner only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from agent.domain.recording import RecordingFormat
from agent.errors import ConfigurationError
from agent.settings import RecordingsSettings

_CALL_ID: Final = re.compile(r"call_[0-9A-Za-z]{1,35}")
UNFINISHED: Final = ".part"
"""Ends the name of a file that is still being made from another one."""


class RecordingsFolder:
    """Paths by call id. All methods but `path` touch the disk: call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, settings: RecordingsSettings) -> RecordingsFolder:
        """That of the configuration. Raises ConfigurationError where it cannot be written."""
        folder = settings.folder or user_data_path("phone-agent") / "recordings"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"recordings.folder: {folder} cannot be made ({error.strerror}).") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigurationError(f"recordings.folder: {folder} is not writable; change its owner or name another.")
        return cls(folder)

    def path(self, call_id: str, file_format: RecordingFormat) -> Path:
        """Where the recording of a call is, or would be. Raises ValueError for what is no call's id."""
        if not _CALL_ID.fullmatch(call_id):
            raise ValueError("no id of a call")
        return self._folder / f"{call_id}{file_format.suffix}"

    @property
    def rehearsals(self) -> Path:
        """Where rehearsals of scripts are kept, which have no call of ours."""
        return self._folder / "rehearsals"

    def remove(self, call_id: str) -> bool:
        """Remove all files of a call; whether there were any. Raises OSError for one that cannot be removed."""
        paths = [self.path(call_id, one) for one in RecordingFormat]
        paths += [unfinished(path) for path in paths]
        found = False
        for path in paths:
            try:
                path.unlink()
                found = True
            except FileNotFoundError:
                continue
        return found

    def older_than(self, moment: float) -> Iterator[str]:
        """Ids of calls with a file that was written last before `moment`, in seconds since 1970."""
        seen = set()
        for entry in os.scandir(self._folder):
            call_id = entry.name.partition(".")[0]
            if _CALL_ID.fullmatch(call_id) and entry.is_file() and entry.stat().st_mtime < moment:
                seen.add(call_id)
        yield from sorted(seen)


def unfinished(path: Path) -> Path:
    """The file beside it that becomes `path` once it is complete."""
    return path.with_name(path.name + UNFINISHED)
