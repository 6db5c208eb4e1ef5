"""The record as the doctor sees it: good, and each way in which it can be bad."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from agent.doctor.check import Check, Status
from agent.doctor.store import check_store
from agent.doctor.store_file import SPACE
from agent.settings import StoreSettings
from agent.store.engine import Store
from agent.store.migrate import migrate
from tests.integration.doctor.conftest import Patient

Usage = namedtuple("Usage", "total used free")


async def found(settings: StoreSettings) -> dict[str, Check]:
    return {check.name: check for check in await check_store(settings)}


def open_to(path: Path, mode: int) -> None:
    path.chmod(mode)


async def made(file: Path) -> StoreSettings:
    store = Store.of(StoreSettings(file=file))
    await migrate(store)
    await store.close()
    open_to(file, 0o600)
    return StoreSettings(file=file)


async def code(settings: StoreSettings) -> tuple[str, Status]:
    check = (await found(settings))["store"]
    assert check.status is Status.GOOD or check.remedy
    return check.code, check.status


async def test_a_good_one_is_left_as_it_was(tmp_path: Path) -> None:
    settings = await made(tmp_path / "record.db")
    before = (tmp_path / "record.db").read_bytes()
    checks = await found(settings)
    assert [(check.name, check.code) for check in checks.values()] == [("store", "ok"), ("store_space", "ok")]
    assert (tmp_path / "record.db").read_bytes() == before


async def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert await code(StoreSettings(file=tmp_path / "new" / "record.db")) == ("ok", Status.GOOD)
    assert not (tmp_path / "new").exists()


async def test_the_doctor_looks_at_it(patient: Patient, tmp_path: Path) -> None:
    await made(tmp_path / "record.db")
    patient.set("store", file=tmp_path / "record.db")
    checks = await patient.examined()
    assert (checks["store"].code, checks["store_space"].code) == ("ok", "ok")


async def test_one_without_tables_or_of_an_earlier_version_is_told(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "empty.db").touch()
    assert await code(StoreSettings(file=tmp_path / "empty.db")) == ("store_behind", Status.WARNING)


async def test_one_of_a_later_version_is_told(tmp_path: Path) -> None:
    settings = await made(tmp_path / "record.db")
    with closing(sqlite3.connect(tmp_path / "record.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert await code(settings) == ("store_too_new", Status.BROKEN)


async def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "record.db").write_bytes(b"no database at all, and certainly long enough to look like a page" * 100)
    open_to(tmp_path / "record.db", 0o600)
    assert await code(StoreSettings(file=tmp_path / "record.db")) == ("store_corrupt", Status.BROKEN)


async def test_one_that_is_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.doctor.store_file.BUSY_S", 0.0)
    settings = await made(tmp_path / "record.db")
    with closing(sqlite3.connect(tmp_path / "record.db")) as holder:
        holder.isolation_level = None
        holder.execute("BEGIN IMMEDIATE")
        assert await code(settings) == ("store_locked", Status.BROKEN)


async def test_one_that_others_may_read_is_told(tmp_path: Path) -> None:
    settings = await made(tmp_path / "record.db")
    open_to(tmp_path / "record.db", 0o644)
    open_to(tmp_path, 0o755)
    assert await code(settings) == ("store_open_to_others", Status.WARNING)
    open_to(tmp_path, 0o700)
    assert await code(settings) == ("ok", Status.GOOD), "nobody gets into the folder"


async def test_one_of_another_user_is_told(tmp_path: Path) -> None:
    settings = await made(tmp_path / "record.db")
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(tmp_path / "record.db", 65534, 65534)
    assert await code(settings) == ("store_owner", Status.WARNING)


async def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and allowed(path, mode))
    checks = await found(StoreSettings(file=tmp_path / "record.db"))
    assert (checks["store"].code, SPACE in checks) == ("store_unwritable", False)


@pytest.mark.parametrize(
    ("free_mb", "expected"),
    [(50, ("disk_full", Status.BROKEN)), (500, ("disk_nearly_full", Status.WARNING)), (5000, ("ok", Status.GOOD))],
)
async def test_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, expected: tuple[str, Status]
) -> None:
    settings = await made(tmp_path / "record.db")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(0, 0, free_mb * 1_000_000))
    check = (await found(settings))[SPACE]
    assert (check.code, check.status) == expected


async def test_a_journal_that_nobody_empties_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.doctor.store_file.LARGE_WAL_MB", -1)
    check = (await found(await made(tmp_path / "record.db")))[SPACE]
    assert (check.code, check.status) == ("wal_large", Status.WARNING)


async def test_postgresql(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("looked at above")
    settings = StoreSettings(url=SecretStr(database_url))
    assert await code(settings) == ("store_behind", Status.WARNING)
    store = Store(database_url)
    await migrate(store)
    assert await code(settings) == ("ok", Status.GOOD)
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await code(settings) == ("store_too_new", Status.BROKEN)
    async with store.write() as connection:
        name = await connection.scalar(text("SELECT current_database()"))
        await connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    assert await code(settings) == ("store_read_only", Status.BROKEN)
    await store.close()


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    settings = StoreSettings(url=SecretStr("postgresql://me:hidden@127.0.0.1:1/calls"))
    check = (await found(settings))["store"]
    assert (check.code, check.status) == ("store_unreachable", Status.BROKEN)
    assert "hidden" not in repr(check)
