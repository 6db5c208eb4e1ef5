"""Recordings over HTTP, whole and in parts, and erasing calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDictProxy

from agent.domain.events import RecordingChanged
from agent.domain.recording import Consent, Recording, RecordingFormat, RecordingStatus
from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office
from tests.integration.recordings.archives import NOW, NUMBER, Shelf

SOUND = b"RIFF" + bytes(range(256)) * 1200
CALL = "/v1/calls/call_1"
PATH = f"{CALL}/recording"
READY = Recording(RecordingStatus.READY, Consent.GRANTED, None, NOW, RecordingFormat.WAV, seconds=9.6, size=len(SOUND))


@pytest.fixture
async def shelf(office: Office, tmp_path: Path) -> Shelf:
    shelf = Shelf(office.house.store, tmp_path / "recordings")
    await shelf.call("call_1")
    shelf.file("call_1").write_bytes(SOUND)
    await shelf.happened(RecordingChanged("call_1", NOW, recording=READY))
    return shelf


async def got(
    office: Office, path: str = PATH, method: str = "GET", **headers: str
) -> tuple[int, CIMultiDictProxy[str], bytes]:
    sent = {"Authorization": f"Bearer {office.secrets[Scope.READ]}", **headers}
    async with office.client.request(method, path, headers=sent) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_the_whole_file(office: Office, shelf: Shelf) -> None:
    status, headers, body = await got(office)
    assert (status, body) == (200, SOUND)
    assert headers["Content-Type"] == "audio/wav"
    assert headers["Content-Disposition"] == 'attachment; filename="call_1.wav"'
    assert (headers["Accept-Ranges"], headers["Content-Length"]) == ("bytes", str(len(SOUND)))
    assert headers["Cache-Control"] == "no-store"


async def test_head_gives_the_headers_alone(office: Office, shelf: Shelf) -> None:
    status, headers, body = await got(office, method="HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(SOUND)))
    status, headers, _ = await got(office, method="HEAD", Range="bytes=0-9")
    assert (status, headers["Content-Length"]) == (206, "10")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=300000-", 300_000, len(SOUND)),
        ("bytes=-44", len(SOUND) - 44, len(SOUND)),
        ("bytes=262000-270000", 262_000, 270_001),
    ],
)
async def test_a_part(office: Office, shelf: Shelf, asked: str, start: int, stop: int) -> None:
    status, headers, body = await got(office, Range=asked)
    assert (status, body) == (206, SOUND[start:stop])
    assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(SOUND)}"


async def test_a_part_behind_the_end(office: Office, shelf: Shelf) -> None:
    status, headers, body = await got(office, Range=f"bytes={len(SOUND)}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(SOUND)}")
    assert headers["Content-Type"].startswith("application/problem+json")
    assert b"range_not_satisfiable" in body


async def test_what_the_client_has_already(office: Office, shelf: Shelf) -> None:
    _, headers, _ = await got(office)
    etag = headers["ETag"]
    status, again, body = await got(office, **{"If-None-Match": etag})
    assert (status, again["ETag"], body) == (304, etag, b"")
    assert (await got(office, **{"If-None-Match": '"other"'}))[0] == 200
    assert (await got(office, Range="bytes=0-9", **{"If-Range": etag}))[0] == 206
    assert (await got(office, Range="bytes=0-9", **{"If-Range": '"other"'}))[0] == 200


@pytest.mark.parametrize(
    ("recording", "status", "code"),
    [
        (replace(READY, status=RecordingStatus.RECORDING), 409, "recording_not_ready"),
        (replace(READY, status=RecordingStatus.FAILED, size=None), 404, "recording_not_found"),
        (replace(READY, status=RecordingStatus.NOT_RECORDED, format=None), 404, "recording_not_found"),
    ],
)
async def test_where_there_is_nothing_to_get(
    office: Office, shelf: Shelf, recording: Recording, status: int, code: str
) -> None:
    await shelf.happened(RecordingChanged("call_1", NOW, recording=recording))
    answered, problem = await office.send("GET", PATH)
    assert (answered, problem["code"]) == (status, code)


async def test_what_failed_can_be_had_as_far_as_it_came(office: Office, shelf: Shelf) -> None:
    failed = replace(READY, status=RecordingStatus.FAILED, error="disk_full")
    await shelf.happened(RecordingChanged("call_1", NOW, recording=failed))
    assert (await got(office))[2] == SOUND
    _, call = await office.send("GET", CALL)
    assert (call["recording"]["status"], call["recording"]["error"]) == ("failed", "disk_full")


async def test_a_file_that_is_not_here(office: Office, shelf: Shelf) -> None:
    shelf.file("call_1").unlink()
    status, problem = await office.send("GET", PATH)
    assert (status, problem["code"]) == (404, "recording_not_found")
    status, problem = await office.send("GET", "/v1/calls/call_9/recording")
    assert (status, problem["code"]) == (404, "not_found")


async def test_opus_says_what_it_is(office: Office, shelf: Shelf) -> None:
    opus = shelf.file("call_1").with_suffix(".ogg")
    opus.write_bytes(b"OggS")
    await shelf.happened(RecordingChanged("call_1", NOW, recording=replace(READY, format=RecordingFormat.OPUS, size=4)))
    _, headers, body = await got(office)
    assert (headers["Content-Type"], body) == ("audio/ogg; codecs=opus", b"OggS")
    assert headers["Content-Disposition"] == 'attachment; filename="call_1.ogg"'


async def test_the_call_tells_of_its_recording_and_the_event_carries_it(office: Office, shelf: Shelf) -> None:
    _, call = await office.send("GET", CALL)
    assert call["recording"] == {
        "object": "recording",
        "status": "ready",
        "consent": "granted",
        "answered_by": None,
        "decided_at": "2026-11-27T12:00:00Z",
        "format": "wav",
        "seconds": 9.6,
        "size": len(SOUND),
        "error": None,
        "deleted_at": None,
    }
    _, listed = await office.send("GET", "/v1/calls")
    assert listed["data"][0] == call
    _, events = await office.send("GET", f"{CALL}/events")
    last = events["data"][-1]
    assert (last["type"], last["data"]["call"]) == ("call.recording.ready", call)


async def test_erasing_a_call(office: Office, shelf: Shelf) -> None:
    status, problem = await office.send("DELETE", CALL, scope=Scope.CALLS)
    assert (status, problem["code"]) == (403, "missing_scope")
    for _ in range(2):
        assert await office.send("DELETE", CALL) == (204, "")
    _, call = await office.send("GET", CALL)
    assert (call["from"], call["metadata"], call["recording"]["status"]) == (None, {}, "deleted")
    assert call["erased_at"] is not None
    _, transcript = await office.send("GET", f"{CALL}/transcript")
    assert (transcript["turns"], transcript["deleted_at"]) == ([], call["transcript_deleted_at"])
    status, problem = await office.send("GET", PATH)
    assert (status, problem["code"]) == (404, "recording_not_found")
    _, events = await office.send("GET", f"{CALL}/events")
    assert NUMBER not in str(events)
    assert not shelf.file("call_1").exists()


async def test_a_recording_is_deleted_alone(office: Office, shelf: Shelf) -> None:
    status, problem = await office.send("DELETE", PATH, scope=Scope.CALLS)
    assert (status, problem["code"]) == (403, "missing_scope")
    for _ in range(2):
        assert await office.send("DELETE", PATH) == (204, "")
    assert not shelf.file("call_1").exists()
    _, call = await office.send("GET", CALL)
    assert (call["from"], call["recording"]["status"], call["erased_at"]) == (NUMBER, "deleted", None)
    await shelf.call("call_2", recorded=False)
    status, problem = await office.send("DELETE", "/v1/calls/call_2/recording")
    assert (status, problem["code"]) == (404, "recording_not_found")
    under_way = replace(READY, status=RecordingStatus.RECORDING, size=None)
    await shelf.happened(RecordingChanged("call_2", NOW, recording=under_way))
    status, problem = await office.send("DELETE", "/v1/calls/call_2/recording")
    assert (status, problem["code"]) == (409, "recording_not_ready")


async def test_a_call_that_goes_on_cannot_be_erased(office: Office, shelf: Shelf) -> None:
    await shelf.call("call_2", over=False, recorded=False)
    status, problem = await office.send("DELETE", "/v1/calls/call_2")
    assert (status, problem["code"]) == (409, "wrong_state")
    status, problem = await office.send("DELETE", "/v1/calls/call_9")
    assert (status, problem["code"]) == (404, "not_found")


async def test_it_is_described(office: Office) -> None:
    async with office.client.get("/openapi.json") as answer:
        paths: dict[str, Any] = (await answer.json())["paths"]
    responses = paths["/v1/calls/{id}/recording"]["get"]["responses"]
    assert {"200", "206", "304", "404", "409", "416"} <= set(responses)
    assert set(responses["200"]["content"]) == {"audio/wav", "audio/ogg"}
    assert "content" not in responses["304"]
