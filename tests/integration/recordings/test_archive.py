"""Erasing calls, in SQLite and PostgreSQL, and on disk."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from agent.domain.events import RecordingChanged
from agent.domain.recording import Consent, Recording, RecordingFormat, RecordingStatus
from agent.recordings.archive import NotOverError
from agent.store import erasure, webhook_endpoints, webhook_leases
from agent.store.idempotency_keys import Claim, IdempotencyKeys, KeptAnswer, Ours
from agent.store.schema import idempotency_keys
from tests.integration.recordings.archives import DIGITS, NOW, NUMBER, SECRET, Shelf

LATER = NOW + timedelta(hours=1)


async def test_nothing_of_a_person_is_left_and_the_figures_stay(shelf: Shelf) -> None:
    await shelf.call("call_1")
    before = await shelf.shown("call_1")
    erased = await shelf.archive.erase(["call_1"], now=LATER)
    assert [(one.call_id, one.turns, one.recording) for one in erased] == [("call_1", 1, True)]
    after = await shelf.shown("call_1")
    assert (after.from_, after.to, after.metadata, after.erased_at) == (None, "1000", {}, LATER)
    assert (after.status, after.duration_seconds, after.latency) == (
        before.status,
        before.duration_seconds,
        before.latency,
    )
    assert after.recording is not None
    assert (after.recording.status, after.recording.size) == (RecordingStatus.DELETED, None)
    assert await shelf.turns_of("call_1") == []
    assert not shelf.file("call_1").exists()
    told = await shelf.events_of("call_1")
    assert [event.sequence for event in told] == list(range(1, len(told) + 1))
    for secret in (NUMBER, SECRET, DIGITS):
        assert secret not in str([event.as_json() for event in told])
    assert [event.data["call"]["id"] for event in told if "call" in event.data] == ["call_1"] * 6


async def test_other_calls_are_left_alone(shelf: Shelf) -> None:
    for call_id in ("call_1", "call_2"):
        await shelf.call(call_id)
    other = await shelf.shown("call_2"), await shelf.events_of("call_2")
    await shelf.archive.erase(["call_1"])
    assert (await shelf.shown("call_2"), await shelf.events_of("call_2")) == other
    assert shelf.file("call_2").exists()


async def test_erasing_again_does_no_harm_and_takes_what_came_since(shelf: Shelf) -> None:
    await shelf.call("call_1")
    await shelf.archive.erase(["call_1"], now=LATER)
    told = await shelf.events_of("call_1")
    shown = await shelf.shown("call_1")
    await shelf.archive.erase(["call_1"], now=LATER + timedelta(days=1))
    assert (await shelf.events_of("call_1"), await shelf.shown("call_1")) == (told, shown)


async def test_a_call_that_goes_on_or_is_still_being_recorded_is_left_alone(shelf: Shelf) -> None:
    await shelf.call("call_1", over=False, recorded=False)
    with pytest.raises(NotOverError, match="in-progress"):
        await shelf.archive.erase(["call_1"])
    await shelf.call("call_2", recorded=False)
    writing = Recording(RecordingStatus.RECORDING, Consent.GRANTED, None, NOW, RecordingFormat.WAV)
    await shelf.happened(RecordingChanged("call_2", NOW, recording=writing))
    with pytest.raises(NotOverError, match="recording"):
        await shelf.archive.erase(["call_2"])
    with pytest.raises(LookupError):
        await shelf.archive.erase(["call_9"])
    assert (await shelf.shown("call_1")).from_ == NUMBER


async def test_all_or_none(shelf: Shelf) -> None:
    await shelf.call("call_1")
    await shelf.call("call_2", over=False, recorded=False)
    with pytest.raises(NotOverError):
        await shelf.archive.erase(["call_1", "call_2"])
    assert (await shelf.shown("call_1")).from_ == NUMBER
    assert shelf.file("call_1").exists()


async def test_what_waits_to_be_delivered_is_delivered_without_what_was_erased(shelf: Shelf) -> None:
    async with shelf.store.write() as connection:
        endpoint = await webhook_endpoints.create(connection, url="https://rails.test/", now=NOW)
    await shelf.call("call_1")
    await shelf.archive.erase(["call_1"])
    async with shelf.store.write() as connection:
        await webhook_endpoints.locked(connection, endpoint.id)
        leases = await webhook_leases.claim(
            connection, endpoint.id, sender="me", now=LATER, until=LATER + timedelta(minutes=1), limit=10
        )
    assert [lease.event.type for lease in leases] == ["call.created"]
    assert leases[0].event.data["call"]["from"] is None
    assert leases[0].event.data["erased"] is True


async def test_kept_answers_about_the_call_go_with_it(shelf: Shelf) -> None:
    keys = IdempotencyKeys(shelf.store)
    await shelf.call("call_1")
    for call_id in ("call_1", "call_2"):
        claim = Claim("key_1", f"for {call_id}", "0" * 64, NOW)
        assert await keys.claim(claim) == Ours()
        await keys.finish(claim, KeptAnswer(202, {}, f'{{"call_id":"{call_id}","to":"{NUMBER}"}}'))
    await shelf.archive.erase(["call_1"], now=LATER)
    async with shelf.store.read() as connection:
        left = list((await connection.execute(select(idempotency_keys.c.idempotency_key))).scalars())
    assert left == ["for call_2"]


async def test_a_file_that_cannot_be_removed_is_tried_again(shelf: Shelf) -> None:
    await shelf.call("call_1")
    shelf.file("call_1").unlink()
    shelf.file("call_1").mkdir()
    await shelf.archive.erase(["call_1"])
    assert await shelf.waiting_files() == ["call_1"]
    shelf.file("call_1").rmdir()
    shelf.file("call_1").write_bytes(b"back")
    assert await shelf.archive.clear() == 1
    assert await shelf.waiting_files() == []
    assert not shelf.file("call_1").exists()


async def test_files_of_another_server_are_left_to_it(shelf: Shelf) -> None:
    await shelf.call("call_1")
    there = Shelf(shelf.store, shelf.folder.parent / "elsewhere", server="two")
    await there.archive.erase(["call_1"])
    assert shelf.file("call_1").exists()
    assert await shelf.archive.clear() == 1
    assert not shelf.file("call_1").exists()


async def test_strays_are_removed_by_age_and_foreign_files_never(shelf: Shelf) -> None:
    await shelf.call("call_1")
    names = ("call_stray.wav", "call_stray.ogg.part", "call_young.wav", "notes.txt", "call_.wav")
    for name in names:
        (shelf.folder / name).write_bytes(b"x")
    for name in names:
        if "young" not in name:
            os.utime(shelf.folder / name, (0, 0))
    assert await shelf.archive.remove_strays(NOW - timedelta(days=30)) == 1
    assert sorted(path.name for path in shelf.folder.iterdir()) == [
        "call_.wav",
        "call_1.wav",
        "call_young.wav",
        "notes.txt",
    ]


async def test_nothing_of_it_is_in_the_files_of_sqlite(shelf: Shelf, tmp_path: Path) -> None:
    if not shelf.store.is_sqlite:
        pytest.skip("PostgreSQL overwrites it when it vacuums")
    for number in range(30):
        await shelf.call(f"call_{number}", recorded=False)
    await shelf.store.forget()
    assert found_in(tmp_path) == {NUMBER, SECRET, DIGITS}
    for number in range(30):
        await shelf.archive.erase([f"call_{number}"])
    await shelf.archive.forget()
    assert found_in(tmp_path) == set()


def found_in(folder: Path) -> set[str]:
    content = b"".join(path.read_bytes() for path in folder.glob("store.db*"))
    return {secret for secret in (NUMBER, SECRET, DIGITS) if secret.encode() in content}


async def test_numbers_are_found_on_either_side(shelf: Shelf) -> None:
    await shelf.call("call_1")
    await shelf.call("call_2", caller="+4930999")
    async with shelf.store.read() as connection:
        assert await erasure.of_numbers(connection, [NUMBER], after="", limit=9) == ["call_1"]
        assert await erasure.of_numbers(connection, ["1000"], after="", limit=9) == ["call_1", "call_2"]
        assert await erasure.of_numbers(connection, ["1000"], after="call_1", limit=9) == ["call_2"]
        assert await erasure.of_numbers(connection, ["%", "_", ""], after="", limit=9) == []
