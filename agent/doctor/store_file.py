"""The record in a file of SQLite: there, ours, writable, of this version, and with room to grow. Nothing is changed."""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from agent.doctor.check import Check, broken, good, warning
from agent.errors import StoreError
from agent.store.migrate import newest, revisions

NAME, SPACE = "store", "store_space"
BUSY_S = 2.0
FULL_MB, NEARLY_FULL_MB = 100, 1000
LARGE_WAL_MB = 256
"""SQLite empties its journal at 4 MB unless a reader holds it; one so large says that one does, for hours."""
_MB = 1_000_000
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def check_file(file: Path) -> list[Check]:
    """What is to be said of the file. Blocks for two seconds at most."""
    folder = next(path for path in (file.parent, *file.resolve().parents) if path.is_dir())
    checks = [_check_database(file, folder)]
    if checks[0].code != "store_unwritable":
        checks.append(_check_space(file, folder))
    return checks


def _check_database(file: Path, folder: Path) -> Check:
    me = _user(os.geteuid())
    if not os.access(folder, os.W_OK | os.X_OK):
        return broken(
            NAME, "store_unwritable", f"{me} may not write in {folder}, where the record is",
            f"give the folder to that user (`chown {me} {folder}`), or set store.file.",
        )  # fmt: skip
    if not file.exists():
        return good(NAME, f"{file} is not there yet; `serve` makes it")
    if not os.access(file, os.R_OK | os.W_OK):
        return broken(
            NAME, "store_unwritable", f"{me} may not read and write {file}",
            f"give it to that user (`chown {me} {file}*`), or run as {_user(file.stat().st_uid)}.",
        )  # fmt: skip
    try:
        revision = _revision(file)
    except sqlite3.DatabaseError as error:
        return _unreadable(file, error)
    return version_told(revision, str(file)) or _check_owner(file, me)


def version_told(revision: str | None, where: str) -> Check | None:
    """What is to be said of the version of the tables; None where it is this one. Raises StoreError."""
    if revision == newest():
        return None
    if revision is not None and revision not in revisions():
        return broken(
            NAME, "store_too_new", f"{where} was made by a later version of this software (revision {revision})",
            "install that version, or restore a backup.",
        )  # fmt: skip
    return warning(
        NAME, "store_behind", f"{where} is at revision {revision or 'none'}, this version needs {newest()}",
        "run `phone-agent migrate`; `serve` does it at its start, too.",
    )  # fmt: skip


def _check_owner(file: Path, me: str) -> Check:
    about = file.stat()
    if about.st_uid != os.geteuid():
        owner = _user(about.st_uid)
        return warning(
            NAME, "store_owner", f"{file} belongs to {owner}, and you are {me}",
            f"run the doctor, and all commands that write, as {owner}: files of others keep `serve` out.",
        )  # fmt: skip
    if about.st_mode & _OTHERS and file.parent.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
        return warning(
            NAME, "store_open_to_others", f"{file} holds what callers said, and others on this machine may read it",
            f"run `chmod 600 {file}*`.",
        )  # fmt: skip
    return good(NAME, f"{file} can be written, {about.st_size // _MB:,} MB")


def _revision(file: Path) -> str | None:
    """Of the tables. Takes the lock of a writer, and gives it back. Raises sqlite3.DatabaseError."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_S)) as connection:
        connection.isolation_level = None
        connection.execute("BEGIN IMMEDIATE")
        try:
            known = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
        finally:
            connection.execute("ROLLBACK")
    return row[0] if row else None


def _unreadable(file: Path, error: sqlite3.DatabaseError) -> Check:
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return broken(
            NAME, "store_locked", f"another program has kept {file} locked for {BUSY_S:g} s",
            "end the program that holds it (`fuser -v` names it).",
        )  # fmt: skip
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return broken(
            NAME, "store_corrupt", f"{file} is damaged, or no database ({error})",
            "restore a backup, or move it away: `serve` then begins a new one.",
        )  # fmt: skip
    return broken(NAME, StoreError.code, f"{file} cannot be written ({error})", "make room, and see its permissions.")


def _check_space(file: Path, folder: Path) -> Check:
    free_mb = shutil.disk_usage(folder).free // _MB
    message = f"{free_mb:,} MB of disk are free for the record ({folder})"
    if free_mb < FULL_MB:
        return broken(SPACE, "disk_full", message, "make room there: without it nothing is recorded.")
    if free_mb < NEARLY_FULL_MB:
        return warning(SPACE, "disk_nearly_full", message, "make room there.")
    wal = file.with_name(file.name + "-wal")
    wal_mb = wal.stat().st_size // _MB if wal.exists() else 0
    if wal_mb > LARGE_WAL_MB:
        return warning(
            SPACE, "wal_large", f"the journal {wal} has {wal_mb:,} MB: some program has been reading for long",
            "end what else has the database open, such as a backup that hangs; `serve` then empties it.",
        )  # fmt: skip
    return good(SPACE, message)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
